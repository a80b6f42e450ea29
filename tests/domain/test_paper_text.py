"""Our small mark-up: what a template means, and that a value never means anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.paper_text import BadMarkup, Grid, Heading, Item, Text, blocks_of, guarded

GRID = Grid(("a",), (("1",),), (1,))


def test_every_mark() -> None:
    marked = "= Căn cứ A;\n\n# I. KẾT QUẢ\nmột dòng\nnối tiếp\n\n## 1. Số\n- ý\n@figures\n### a) nhỏ\nhết./."
    assert blocks_of(marked, {"figures": GRID}) == (
        Text("Căn cứ A;", is_ground=True), Heading(1, "I. KẾT QUẢ"), Text("một dòng nối tiếp"), Heading(2, "1. Số"), Item("ý"), GRID,
        Heading(3, "a) nhỏ"), Text("hết./."),
    )  # fmt: skip


@pytest.mark.parametrize("line", ["@nothing", "#không cách", "#### sâu quá"])
def test_a_mark_that_means_nothing_is_an_error(line: str) -> None:
    with pytest.raises(BadMarkup):
        blocks_of(line, {"figures": GRID})


@given(st.text(max_size=40), st.sampled_from(["{}", "- {}", "# {}", "= {}", "trước {} sau"]))
def test_a_value_is_one_block_whatever_it_says(value: str, frame: str) -> None:
    shown = guarded(value)
    if not shown:
        return
    (block,) = blocks_of(frame.format(shown), {"figures": GRID})
    assert not isinstance(block, Grid)
    assert "\ue000" not in block.text
    if frame == "{}":
        assert isinstance(block, Text)
        assert not block.is_ground
