"""Words for a verdict: every reason code with a short text and one next action, in Kazakh, Russian and English.

Numbers are stable, since cashiers read them out on the telephone: M-0xx in order, M-1xx the code itself, M-2xx this
till, M-3xx the registry, M-4xx nobody could say. Words live in data/reasons.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from marking import data

LANGUAGES = ("kk", "ru", "en")


class UnknownReason(LookupError):
    """A reason code, action key or language that the table does not have."""


def text(code: str, lang: str) -> str:
    """What happened, in one short line. Raises UnknownReason."""
    return _word("reason", code, lang)


def action(code: str, lang: str) -> str:
    """The one next action of a reason, in words. Raises UnknownReason."""
    return _word("action", action_key(code), lang)


def action_key(code: str) -> str:
    """The next action of a reason as a key ("rescan"), for icons and sounds. Raises UnknownReason."""
    try:
        return str(_table()["reason"][code]["action"])
    except KeyError:
        raise UnknownReason(f"no reason {code!r}") from None


def action_text(key: str, lang: str) -> str:
    """Words for an action key as Verdict.action holds it. Raises UnknownReason."""
    return _word("action", key, lang)


def known() -> frozenset[str]:
    """Every reason code of the table."""
    return frozenset(_table()["reason"])


def action_keys() -> frozenset[str]:
    return frozenset(_table()["action"])


def _word(kind: str, key: str, lang: str) -> str:
    try:
        return str(_table()[kind][key][lang])
    except KeyError:
        raise UnknownReason(f"no {kind} {key!r} in language {lang!r}") from None


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    return tomllib.loads(data.read("reasons.toml"))
