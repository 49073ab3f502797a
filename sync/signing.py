"""Requests signed with a till's own key: headquarters then holds nothing that could speak for a till.

    Authorization: Ed25519 KEY:SIGNATURE

KEY is the first 16 hexadecimal digits of SHA-256 of the public key (32 raw bytes), SIGNATURE is Base64 of 64 bytes over

    "pos-agent/1" LF method LF path LF SHA-256 of the body in hexadecimal LF

with the path as headquarters names it, query included, and the body as it is sent, packed. A request that somebody
repeats says the same again, and nothing that headquarters takes under a key does harm when it is said twice: rows are
known by number and hash, a heartbeat by its count.

The key file is PEM (PKCS #8), the public key is written `ed25519:` and 64 hexadecimal digits. Source: RFC 8032, 8410.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

SCHEME = "Ed25519"
SEED_BYTES = 32
KEY_ID_DIGITS = 16
SIGNATURE_BYTES = 64

_PURPOSE = "pos-agent/1"
_PUBLIC = re.compile(r"ed25519:([0-9a-f]{64})")


class KeyInvalid(ValueError):
    """The text is no key of ours; it is not quoted, for it may be a secret."""


class Signer:
    """A till's private key at work."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    @classmethod
    def from_pem(cls, text: str) -> Signer:
        """Raises KeyInvalid."""
        try:
            key = load_pem_private_key(text.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: the key wants a password.
            raise KeyInvalid("no private key in PEM without a password") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyInvalid("a private key, but not an Ed25519 one")
        return cls(key)

    @classmethod
    def from_seed(cls, seed: bytes) -> Signer:
        """`seed`: 32 bytes of the system's randomness."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def pem(self) -> str:
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def public_text(self) -> str:
        """What headquarters is given."""
        return f"ed25519:{self.public.hex()}"

    def authorization(self, method: str, path: str, body: bytes) -> str:
        signature = self.sign(signed_text(method, path, body))
        return f"{SCHEME} {key_id(self.public)}:{base64.b64encode(signature).decode()}"

    def sign(self, data: bytes) -> bytes:
        """64 bytes over `data` as it stands: begin it with a purpose that no other signature of this key has."""
        return self._key.sign(data)

    def hide(self, text: str) -> str:
        return text  # A signature is no secret.


def signed_text(method: str, path: str, body: bytes) -> bytes:
    return f"{_PURPOSE}\n{method}\n{path}\n{hashlib.sha256(body).hexdigest()}\n".encode(errors="replace")


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:KEY_ID_DIGITS]


def read_public(text: str) -> bytes:
    """32 raw bytes. Raises KeyInvalid."""
    found = _PUBLIC.fullmatch(text)
    if found is None:
        raise KeyInvalid("a public key is ed25519: and 64 hexadecimal digits, as `pos-agent sync-key` shows it")
    return bytes.fromhex(found[1])


def claimed(authorization: str) -> tuple[str, bytes] | None:
    """(key id, signature) of a header of this scheme, not verified; None: it is of another, or damaged."""
    scheme, _, value = authorization.partition(" ")
    named, colon, encoded = value.strip().partition(":")
    if scheme.lower() != SCHEME.lower() or not colon:
        return None
    try:
        signature = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return (named, signature) if len(signature) == SIGNATURE_BYTES else None


def is_signed(public: bytes, signature: bytes, method: str, path: str, body: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_text(method, path, body))
    except (InvalidSignature, ValueError):  # ValueError: the bytes are no point of the curve.
        return False
    return True
