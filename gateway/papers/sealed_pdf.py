"""A PDF that opens with a word only (AES-256, PDF 2.0 §7.6): for papers that hold a person's data."""

import io
import secrets

import pikepdf


def sealed_pdf(pdf: bytes, word: str) -> bytes:
    """`pdf`, opened by `word`."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as book:
        book.save(out, encryption=pikepdf.Encryption(owner=secrets.token_hex(16), user=word, R=6))
    return out.getvalue()
