"""The bodies of a code look-up, pure: the question as bytes, the answer as statuses.

The description shows a bare object, the Uzbek twin answers a bare array, the full look-up `{"results": [...]}`: all are
read, and `{"codes": [...]}` too. A code the registry does not have is simply missing, and order means nothing, so
records are matched by КИ. Source: description of the IS MPT API, xTrace 1.0 (MarkSolutions); aslbelgisi.uz scripts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from marking.statuses import CodeStatus, Status

GS = "\x1d"
PACK_LENGTH = 21  # GTIN-14 and seven characters: the rest of a pack's code is its tail, without any separator.
TAILS = ("91", "92", "93", "8005")
WRAPPERS = ("results", "codes")
PRIVATE_BLOCKS = ("codedata", "productdata", "packagedata", "turnoverdata")
WORD_LENGTH_MAX = 64
QUANTITY_MAX = 2**53


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """What the registry said of the asked codes.

    When it answered, every asked КИ is in `statuses`, NOT_FOUND included; when it did not, `unavailable` says why and
    `statuses` holds what was learnt before that.
    """

    statuses: Mapping[str, CodeStatus]
    unavailable: str | None = None


class AnswerMalformed(ValueError):
    """The body is not an answer to a look-up: never to be taken for "not found"."""


def question(kis: Sequence[str]) -> bytes:
    return json.dumps({"codes": list(kis)}, separators=(",", ":")).encode()


def read_answer(
    body: bytes, asked: Sequence[str], at_ns: int, neutral: Callable[[str], Status]
) -> dict[str, CodeStatus]:
    """Statuses of every asked КИ.

    Raises:
        AnswerMalformed: the body has none of the known shapes, or speaks only of codes nobody asked about.
    """
    records = [_flat(record) for record in _records(_json(body))]
    by_code: dict[str, Mapping[str, Any]] = {}
    for record in records:
        for name in ("code", "basecode"):
            if text := _word(record, name, length_max=None):
                by_code.setdefault(text, record)
    found: dict[str, CodeStatus] = {}
    taken: set[int] = set()
    for ki in asked:
        match = by_code.get(ki) or _with_tail(ki, by_code, frozenset(asked))
        if match is None:
            found[ki] = CodeStatus(ki, Status.NOT_FOUND, at_ns)
        else:
            taken.add(id(match))
            found[ki] = _status(ki, match, at_ns, neutral)
    if records and not taken:
        raise AnswerMalformed("the answer speaks only of codes that were not asked")
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerMalformed("the answer is not JSON") from error


def _records(content: Any) -> list[Mapping[str, Any]]:
    if isinstance(content, dict):
        folded = _folded(content)
        wrapped = next((folded[name] for name in WRAPPERS if isinstance(folded.get(name), list)), None)
        content = [content] if wrapped is None else wrapped
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        raise AnswerMalformed("the answer is neither a list of codes nor one code")
    return content


def _flat(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The short and the full record in one form, names in lower case."""
    flat = _folded(record)
    blocks = [_folded(flat[name]) for name in PRIVATE_BLOCKS if isinstance(flat.get(name), dict)]
    for block in blocks:
        flat = {**block, **flat}
    owner = flat.get("ownerinfo")
    if isinstance(owner, dict):
        flat["ownertin"] = _folded(owner).get("ownertin")
    if not _word(flat, "code") or not _word(flat, "status"):
        # An error object carries `code` too: without a status nothing was said about a code.
        raise AnswerMalformed("a record has no code or no status")
    return flat


def _folded(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in record.items()}


def _with_tail(ki: str, by_code: Mapping[str, Mapping[str, Any]], asked: frozenset[str]) -> Mapping[str, Any] | None:
    """The record whose `code` is the full code of this КИ."""
    if not ki:
        return None
    for code, record in by_code.items():
        rest = code.removeprefix(ki)
        if code in asked or rest == code:
            continue
        if rest.startswith((GS, *TAILS)) or (len(ki) == PACK_LENGTH and GS not in ki):
            return record
    return None


def _status(ki: str, record: Mapping[str, Any], at_ns: int, neutral: Callable[[str], Status]) -> CodeStatus:
    raw = _word(record, "status") or ""
    return CodeStatus(
        ki=ki,
        status=neutral(raw),
        at_ns=at_ns,
        raw_status=raw,
        extended=_word(record, "extendedstatus"),
        package_type=_word(record, "packagetype"),
        gtin=_gtin(record.get("gtin")),
        expires_on=_day(record.get("expirationdate")),
        owner_tin=_word(record, "ownertin"),
        template=_word(record, "template"),
        partial_left=_quantity(record.get("partialquantity")),
    )


def _word(record: Mapping[str, Any], name: str, length_max: int | None = WORD_LENGTH_MAX) -> str | None:
    value = record.get(name)
    if not isinstance(value, str):
        return None
    # Not strip(): it would eat a separator character of a code.
    return value[:length_max].strip(" ") or None


def _gtin(value: Any) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()) or len(text) > 14:
        return None
    return text.zfill(14)


def _day(value: Any) -> str | None:
    """The date of a moment, in UTC as the registry writes it."""
    if not isinstance(value, str):
        return None
    try:
        if len(value) == 10:
            return date.fromisoformat(value).isoformat()
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
    except (ValueError, OverflowError):
        return None


def _quantity(value: Any) -> int | None:
    """Whole units left; a started one counts, so that only a real nothing is nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return math.ceil(number) if 0 <= number < QUANTITY_MAX else None
