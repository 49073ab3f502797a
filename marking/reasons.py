"""Words for a verdict: every reason code with a short text and one next action, in Kazakh, Russian and English.

Numbers are stable, since cashiers read them out on the telephone: M-0xx in order, M-1xx the code itself, M-2xx this
till, M-3xx the registry, M-4xx nobody could say. The table is data/reasons.toml; its words are the
catalogue `reasons`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from marking import data
from marking.words import LANGUAGES, MissingWords, catalogue

__all__ = [
    "LANGUAGES", "UnknownReason", "action", "action_key", "action_keys", "action_text", "known", "text",
]  # fmt: skip


class UnknownReason(LookupError):
    """A reason code, action key or language that the table does not have."""


def text(code: str, lang: str) -> str:
    """What happened, in one short line. Raises UnknownReason."""
    return _word("reason", code, code, lang)


def action(code: str, lang: str) -> str:
    """The one next action of a reason, in words. Raises UnknownReason."""
    return action_text(action_key(code), lang)


def action_key(code: str) -> str:
    """The next action of a reason as a key ("rescan"), for icons and sounds. Raises UnknownReason."""
    try:
        return _actions()[code]
    except KeyError:
        raise UnknownReason(f"no reason {code!r}") from None


def action_text(key: str, lang: str) -> str:
    """Words for an action key as Verdict.action holds it. Raises UnknownReason."""
    return _word("action", key, f"action.{key}", lang)


def known() -> frozenset[str]:
    """Every reason code of the table."""
    return frozenset(_actions())


def action_keys() -> frozenset[str]:
    """Every next action that some reason names."""
    return frozenset(_actions().values())


@cache
def _word(kind: str, key: str, entry: str, lang: str) -> str:
    try:
        return catalogue("marking", "reasons").text(entry, lang)
    except MissingWords:
        raise UnknownReason(f"no {kind} {key!r} in language {lang!r}") from None


@cache
def _actions() -> Mapping[str, str]:
    """Reason code -> its next action."""
    table: Mapping[str, str] = tomllib.loads(data.read("reasons.toml"))["action"]
    return table
