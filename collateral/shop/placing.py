"""Pages of finished files put onto other pages, as they are: cut to their trim and a bit more, moved, turned, made smaller."""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Array, Name

Matrix = tuple[float, float, float, float, float, float]
Beyond = tuple[float, float, float, float]


def form_of(document: pikepdf.Pdf, page: pikepdf.Page, beyond_pt: Beyond = (0.0, 0.0, 0.0, 0.0)) -> Any:
    """`page` of another file as an object of `document`; nothing shows that lies more than `beyond_pt` outside its trim: at the left, the
    bottom, the right and the top, less than nothing where the trim itself is cut into."""
    form = document.copy_foreign(page.as_form_xobject())
    left, bottom, right, top = trim_of(page)
    box = left - beyond_pt[0], bottom - beyond_pt[1], right + beyond_pt[2], top + beyond_pt[3]
    form.BBox = Array([round(side, 3) for side in box])
    if "/Matrix" in form:
        del form.Matrix
    return form


def trim_of(page: pikepdf.Page) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in pt."""
    left, bottom, right, top = (float(value) for value in page.trimbox)
    return left, bottom, right, top


def place(document: pikepdf.Pdf, page: pikepdf.Page, form: Any, name: str, matrix: Matrix) -> None:
    """Show `form` on `page` through `matrix`, over what stands there. `name`: pikepdf's own would be random, and so would the bytes."""
    page.add_resource(form, Name.XObject, Name(f"/{name}"))
    numbers = " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in matrix)
    page.contents_add(document.make_stream(f"q {numbers} cm /{name} Do Q\n".encode()))
