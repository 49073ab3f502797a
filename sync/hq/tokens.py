"""The file that names who may speak to headquarters: digests of tokens and public keys, never a secret.

[tills]
till-1 = "<64 hexadecimal digits>"              SHA-256 of its bearer token
[keys]
till-2 = "ed25519:<64 hexadecimal digits>"      as `pos-agent sync-key` shows it; a list while keys are changed
[readers]
office = "<64 hexadecimal digits>"
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from sync.hq.callers import Credentials
from sync.signing import KeyInvalid, read_public

SECTIONS = ("tills", "keys", "readers")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TokensInvalid(ValueError):
    """The file cannot be used; the text names the place."""


def read_tokens(text: str) -> Credentials:
    """Raises TokensInvalid."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TokensInvalid(str(error)) from error
    for name in content:
        if name not in SECTIONS:
            near = difflib.get_close_matches(name, SECTIONS, 1)
            raise TokensInvalid(f"[{name}]: no such section" + (f"; did you mean [{near[0]}]?" if near else ""))
    tills, readers = (_digests(content, name) for name in ("tills", "readers"))
    keys = {till: _keys(till, value) for till, value in _section(content, "keys").items()}
    if not tills and not keys:
        raise TokensInvalid("[tills] and [keys] name no till: nobody could deliver")
    return Credentials(tills, readers, keys)


def _section(content: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    rows = content.get(section, {})
    if not isinstance(rows, dict):
        raise TokensInvalid(f"[{section}] must be a table")
    return rows


def _digests(content: Mapping[str, Any], section: str) -> dict[str, str]:
    rows = _section(content, section)
    for name, digest in rows.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise TokensInvalid(f"{section}.{name}: 64 hexadecimal digits, the SHA-256 of the token (never the token)")
    return dict(rows)


def _keys(till: str, value: object) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    texts = [text for text in given if isinstance(text, str)]
    if not texts or len(texts) < len(given):
        raise TokensInvalid(f"keys.{till}: a public key, or a list of them")
    try:
        for text in texts:
            read_public(text)
    except KeyInvalid as error:
        raise TokensInvalid(f"keys.{till}: {error}") from error
    return tuple(texts)
