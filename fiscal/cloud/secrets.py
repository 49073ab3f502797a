"""Secrets of a cloud register, checked before the first sale. Pure."""

from __future__ import annotations

from collections.abc import Callable

from fiscal.options import RegisterUrlError


def checked(secret: Callable[[str], str], name: str, *, in_header: bool = False) -> str:
    """The secret of this name. RegisterUrlError for one that is empty or cannot travel where it has to."""
    value = secret(name)
    # A stray line end would be refused only at the first sale.
    if not value or not value.isprintable():
        raise RegisterUrlError(f"secret {name}", "is empty or holds a line break")
    if in_header and not value.isascii():
        raise RegisterUrlError(f"secret {name}", "must be ASCII: it travels in a header")
    return value
