"""Who speaks to headquarters: a till by its token or its key, a reader by a token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync.signing import claimed, is_signed, key_id, read_public


@dataclass(frozen=True, slots=True)
class Caller:
    till: str | None  # None: a reader.
    may_read: bool = True  # Rows of a till. Not under a key: a signed request can be repeated by whoever saw it.


@dataclass(frozen=True, slots=True)
class Credentials:
    """What headquarters holds of those it knows: digests and public keys, never a secret."""

    tills: Mapping[str, str] = field(default_factory=dict)  # Name -> SHA-256 of its bearer token, in hexadecimal.
    readers: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Iterable[str]] = field(default_factory=dict)  # Till -> public keys, as sync.signing writes them.


class Callers:
    """Raises KeyInvalid for a public key that is none."""

    def __init__(self, credentials: Credentials) -> None:
        # Found by the digest of what was presented: the time of a look-up tells nothing about a token.
        self._tokens = {digest.lower(): Caller(till) for till, digest in credentials.tills.items()}
        self._tokens |= {digest.lower(): Caller(None) for digest in credentials.readers.values()}
        self._keys: dict[str, list[tuple[bytes, Caller]]] = {}
        for till, texts in credentials.keys.items():
            for public in map(read_public, texts):
                self._keys.setdefault(key_id(public), []).append((public, Caller(till, may_read=False)))

    def may_be_known(self, headers: Mapping[str, str]) -> bool:
        """Before the body is read: a token that is known, or the name of a key that is."""
        authorization = headers.get("authorization", "")
        claim = claimed(authorization)
        return self._by_token(authorization) is not None if claim is None else claim[0] in self._keys

    def caller(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Caller | None:
        authorization = headers.get("authorization", "")
        claim = claimed(authorization)
        if claim is None:
            return self._by_token(authorization)
        named, signature = claim
        known = self._keys.get(named, ())
        return next((caller for key, caller in known if is_signed(key, signature, method, path, body)), None)

    def _by_token(self, authorization: str) -> Caller | None:
        scheme, _, token = authorization.partition(" ")
        digest = hashlib.sha256(token.strip().encode(errors="replace")).hexdigest()
        return self._tokens.get(digest) if scheme.lower() == "bearer" else None
