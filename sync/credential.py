"""How a till proves to headquarters who it is: a bearer token, or a signature over each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

TOKEN_LENGTH_HIDDEN = 4  # A shorter one would blank out half of every sentence.


class Credential(Protocol):
    def authorization(self, method: str, path: str, body: bytes) -> str:
        """Value of the header `Authorization`; `path` as headquarters names it, with its query; body as it is sent."""
        ...

    def hide(self, text: str) -> str:
        """`text` without the secret: a server that quotes our request must not carry it into pages and logs."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Bearer:
    token: str

    def authorization(self, method: str, path: str, body: bytes) -> str:
        return f"Bearer {self.token}"

    def hide(self, text: str) -> str:
        return text.replace(self.token, "***") if len(self.token) >= TOKEN_LENGTH_HIDDEN else text
