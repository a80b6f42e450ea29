"""A file that one receiver alone can open, and that tells when a byte of it was changed. Pure but for the chance it is given.

    "TINBAO-HANDOVER" 0x01 | ephemeral X25519 public key (32) | first 8 bytes of SHA-256 of the receiver's public key | AES-256-GCM

The key is HKDF-SHA-256 of the X25519 secret of the ephemeral and the receiver's key (RFC 7748, RFC 5869), salted with both public keys; the
header is the associated data, so that nothing in it can be exchanged; the nonce is zero, for each key seals once. What is inside is a ZIP.
A receiver's private key is 32 bytes; its file holds "TINBAO-RECEIVER-KEY-1 " and their base64.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.services.refusal import Refusal

MAGIC: Final = b"TINBAO-HANDOVER\x01"
KEY_FILE: Final = "TINBAO-RECEIVER-KEY-1 "
_KEY: Final = 32
_ID: Final = 8
_HEAD: Final = len(MAGIC) + _KEY + _ID
_NONCE: Final = bytes(12)


def new_key(chance: Callable[[int], bytes]) -> tuple[str, str]:
    """(what the receiver's file holds, the public key in base64). `chance`: random bytes."""
    private = X25519PrivateKey.from_private_bytes(chance(_KEY))
    return f"{KEY_FILE}{_text(private.private_bytes_raw())}\n", _text(private.public_key().public_bytes_raw())


def seal(content: bytes, public_key: str, chance: Callable[[int], bytes]) -> bytes:
    """`content` for the holder of `public_key` (base64) alone."""
    receiver = base64.b64decode(public_key)
    ephemeral = X25519PrivateKey.from_private_bytes(chance(_KEY))
    ours = ephemeral.public_key().public_bytes_raw()
    head = MAGIC + ours + key_id(receiver)
    secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(receiver))
    return head + AESGCM(_derived(secret, ours, receiver)).encrypt(_NONCE, content, head)


def open_package(package: bytes, key_file: str) -> bytes:
    """What is inside. Raises Refusal where it is no package of ours, not for this key, or not as it was sealed."""
    if not package.startswith(MAGIC) or len(package) < _HEAD:
        raise Refusal("This is no hand-over package of a version known here: ask for the file again, as it was sent")
    private = _private(key_file)
    public = private.public_key().public_bytes_raw()
    head, ours = package[:_HEAD], package[len(MAGIC) : len(MAGIC) + _KEY]
    if head[-_ID:] != key_id(public):
        raise Refusal("The package is sealed to another key: use the file whose public key the sender has, or send them yours")
    try:
        secret = private.exchange(X25519PublicKey.from_public_bytes(ours))
        return AESGCM(_derived(secret, ours, public)).decrypt(_NONCE, package[_HEAD:], head)
    except (InvalidTag, ValueError):
        raise Refusal("The package was changed or cut off on its way: ask for it again; it is the same bytes each time") from None


def key_id(public: bytes) -> bytes:
    """Which key a package is sealed to."""
    return hashlib.sha256(public).digest()[:_ID]


def _private(key_file: str) -> X25519PrivateKey:
    text = key_file.strip()
    try:
        if not text.startswith(KEY_FILE.strip()):
            raise ValueError
        return X25519PrivateKey.from_private_bytes(base64.b64decode(text.removeprefix(KEY_FILE.strip()).strip(), validate=True))
    except (ValueError, binascii.Error):
        raise Refusal("This is no receiver's key file: take the one that tinbao keys receiver new wrote") from None


def _derived(secret: bytes, ours: bytes, receiver: bytes) -> bytes:
    return HKDF(SHA256(), _KEY, salt=ours + receiver, info=MAGIC).derive(secret)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
