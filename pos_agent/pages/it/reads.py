"""One read of a scanner, or one pasted code, as a technician wants to see it. Pure, but for the look into the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from marking import reasons
from marking.code import IdentificationCode, Source
from marking.elements import DICTIONARY
from marking.errors import CodeError
from marking.verdict import Purpose
from pos_agent.agent import Agent
from pos_agent.cache.store import CacheError
from pos_agent.cli.devices_lines import GS, visible
from pos_agent.judging import Judged
from pos_agent.scan_test import TestRead
from scanners import aim
from scanners.duplicates import EVIDENCE
from scanners.scan import DroppedRead, Scan

BYTES_SHOWN_MAX: Final = 512
CHECK_PARTS: Final = frozenset({"91", "92", "93"})
KNOWN_ELEMENTS: Final = frozenset({"00", "01", "10", "11", "17", "21", "91", "92", "93", "240", "8005"})  # Have words.
PACK: Final = "PACK29"
GS_PICTURE: Final = "␝"


@dataclass(frozen=True, slots=True)
class Part:
    """One element of a code."""

    ai: str  # Application identifier; "" in codes without any.
    name: str  # Key of a word, or the English name of the dictionary.
    value: str
    hidden: bool = False  # A check part, outside of a test.


@dataclass(frozen=True, slots=True)
class SeenRead:
    """Everything a page shows of one read."""

    number: int
    device: str
    at_ns: int
    length: int  # Bytes.
    gs_count: int
    hex: tuple[str, ...]  # Bytes in hexadecimal, GS as its picture.
    text: str
    aim: str | None
    symbol: str | None
    ending: str  # What ended the read: a word of scanners.scan.Terminator.
    dropped: str  # Why it is no scan; "" when it is one.
    dropped_text: str
    repairs: tuple[str, ...]
    template: str | None
    kind: str | None
    group: str | None
    product: str | None
    gtin: str | None
    issuer: str | None
    confirm: bool
    flags: tuple[str, ...]
    parts: tuple[Part, ...]
    error: CodeError | None
    judged: Judged | None
    action: str
    reason: str
    cache_text: str  # Why there is no verdict.

    @property
    def around(self) -> tuple[str, str]:
        """What stands before and after the place of an error."""
        place = 0 if self.error is None else self.error.position
        return self.text[max(0, place - 12) : place], self.text[place : place + 12]


def seen_read(agent: Agent, read: TestRead, lang: str, *, whole: bool) -> SeenRead:
    """`whole`: with the check part. Asks the registry where the policy does, as the sale would; changes nothing."""
    dropped = read.event if isinstance(read.event, DroppedRead) else None
    scan = read.event.scan if isinstance(read.event, DroppedRead) else read.event
    judged, cache_text = (None, "")
    if dropped is None and scan.terminator not in EVIDENCE:
        judged, cache_text = _judged(agent, scan.identified, Source.SCANNER)
    return _shown(read.number, scan, judged, cache_text, lang, whole=whole, dropped=dropped)


def pasted(agent: Agent, text: str, source: Source, lang: str, *, whole: bool) -> SeenRead:
    """A code that a person gave, GS written as ␝ or as any of the forms `marking.parse` reads."""
    data = text.replace(GS_PICTURE, "\x1d").encode("utf-8", "replace")
    judged, cache_text = _judged(agent, data, source)
    return _shown(0, Scan(data, None, "", agent.clock.now_ns()), judged, cache_text, lang, whole=whole, dropped=None)


def _judged(agent: Agent, data: bytes, source: Source) -> tuple[Judged | None, str]:
    try:
        return agent.judge.judge(data, source, Purpose.SALE, None), ""
    except CacheError as error:
        return None, str(error)


def _shown(
    number: int,
    scan: Scan,
    judged: Judged | None,
    cache_text: str,
    lang: str,
    *,
    whole: bool,
    dropped: DroppedRead | None,
) -> SeenRead:
    code = None if judged is None or isinstance(judged.code, CodeError) else judged.code
    error = judged.code if judged is not None and isinstance(judged.code, CodeError) else None
    found = aim.recognise((scan.symbology or (code.symbology if code else None) or "").encode("ascii"))
    product = None if judged is None else judged.product
    shown = scan.data if whole or code is None else _without_check_part(scan.data, code)
    return SeenRead(
        number=number,
        device=scan.source,
        at_ns=scan.at_ns,
        length=len(scan.data),
        gs_count=scan.data.count(GS),
        hex=tuple(GS_PICTURE if byte == GS else f"{byte:02X}" for byte in shown[:BYTES_SHOWN_MAX]),
        text=visible(shown[:BYTES_SHOWN_MAX]),
        aim=scan.symbology or (code.symbology if code else None),
        symbol=None if found is None else found.symbol,
        ending=str(scan.terminator),
        dropped="" if dropped is None else str(dropped.reason),
        dropped_text="" if dropped is None else dropped.text,
        repairs=tuple(dict.fromkeys((*scan.repairs, *(code.repairs if code else ())))),
        template=code.template if code else None,
        kind=str(code.kind) if code else None,
        group=None if product is None else product.group,
        product=None if product is None else product.name_kk if lang == "kk" else product.name_ru,
        gtin=code.gtin if code else None,
        issuer=code.issuer if code else None,
        confirm=code is not None and code.confirm,
        flags=code.flags if code else (),
        parts=tuple(_parts(code, whole=whole)) if code else (),
        error=error,
        judged=judged,
        action="" if judged is None else reasons.action(judged.verdict.reason, lang),
        reason="" if judged is None else reasons.text(judged.verdict.reason, lang),
        cache_text=cache_text,
    )


def _parts(code: IdentificationCode, *, whole: bool) -> Iterator[Part]:
    for ai, value in code.elements:
        row = DICTIONARY.get(ai)
        name = f"ai.{ai}" if ai in KNOWN_ELEMENTS else row.name if row is not None else ai
        hidden = ai in CHECK_PARTS and not whole
        yield Part(ai, name, str(len(value)) if hidden else value, hidden)
    if code.elements:
        return
    for name, found in (("ai.01", code.gtin), ("ai.21", code.serial)):
        if found:
            yield Part("", name, found)
    if code.template == PACK and code.ki is not None:
        tail = code.text[len(code.ki) :]
        yield Part("", "ai.93", tail if whole else str(len(tail)), not whole)


def _without_check_part(data: bytes, code: IdentificationCode) -> bytes:
    """The bytes up to where the identification code ends; a code that was repaired may stand elsewhere, so all go."""
    if code.ki is None:
        return data
    place = data.find(code.ki.encode())
    return b"" if place < 0 else data[: place + len(code.ki)]
