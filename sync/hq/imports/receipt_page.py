"""check_receipt: one receipt looked up by the address in its QR, where the configuration allows it. Off by default.

The address is `http://HOST?i=SIGN&f=RNM&s=SUM&t=YYYYMMDDThhmmss`. That much is public; what a page then says, no
operator has published: the words are configuration, and a page they do not explain is kept for a person.
Source of the address: OFD data protocol 2.0.3, qr_code (github texport/ofd-kt-proto); Webkassa API v4, TicketUrl.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
from sqlalchemy import Engine

from sync.hq.imports.ledger import Counts, Imported, Kind, Ledger, State, digest_of, source_of
from sync.hq.imports.remarks import Remark
from sync.hq.imports.values import Trouble, moment, money
from sync.link import Broken, Limits, exchange, open_client

PAGE_BYTES_MAX = 2 * 1024 * 1024
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_GROUPED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")  # The blank of "1 800,00".
_SIGN = re.compile(r"[0-9A-Za-z-]{1,64}")


class Found(StrEnum):
    OK = "ok"  # The page shows this receipt: its sign and its sum.
    ABSENT = "absent"  # The operator says that it has no such receipt.
    UNREADABLE = "unreadable"  # Neither: somebody must look at the page that was kept.


@dataclass(frozen=True, slots=True)
class PageRules:
    """What is allowed and how a page is understood; unverified words are given here, never taken as known."""

    hosts: frozenset[str] = frozenset()  # Empty: nothing is asked of anybody.
    pause_s: float = 5.0  # After each page.
    deadline_s: float = 20.0
    absent_words: tuple[str, ...] = ("не найден", "табылмады", "not found")


@dataclass(frozen=True, slots=True)
class ReceiptAddress:
    url: str
    host: str
    sign: str
    rnm: str
    total_tiyn: int
    at: int  # UTC microseconds.


@dataclass(frozen=True, slots=True)
class PageCheck:
    found: Found
    text: str
    imported: Imported
    page: Path | None  # Where the page lies, when it needs a person.


class NotAllowed(ValueError):
    """The address is none of a receipt, or its host is not in the list."""


def receipt_address(url: str) -> ReceiptAddress:
    """Raises NotAllowed for what is no address of a receipt."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, max_num_fields=20)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise NotAllowed(f"no address: {url[:200]!r}") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise NotAllowed(f"no web address: {url[:200]!r}")
    sign, rnm = (query.get(name, [""])[0] for name in ("i", "f"))
    if not _SIGN.fullmatch(sign) or not _SIGN.fullmatch(rnm):
        raise NotAllowed(f"no sign and registration number in {url[:200]!r}")
    try:
        total, at = money(query.get("s", [""])[0], "s"), moment(query.get("t", [""])[0], None, "t")
    except Trouble as error:
        raise NotAllowed(f"{error} in {url[:200]!r}") from error
    return ReceiptAddress(url, host, sign, rnm, total, at)


def understood(page: str, address: ReceiptAddress, rules: PageRules) -> Found:
    """What a page says. Pure. OK only where both the sign and the sum stand in it."""
    text = _TAGS.sub("\n", page)
    flat = _GROUPED.sub("", text).replace(",", ".")
    tenge, tiyn = divmod(address.total_tiyn, 100)
    sums = [rf"{tenge}\.{tiyn:02}"] + ([rf"{tenge}(?:\.00)?"] if tiyn == 0 else [])
    has_sum = any(re.search(rf"(?<![\d.]){form}(?!\d)", flat) for form in sums)
    if re.search(rf"(?<!\w){re.escape(address.sign)}(?!\w)", text) and has_sum:
        return Found.OK
    lowered = text.casefold()
    return Found.ABSENT if any(word.casefold() in lowered for word in rules.absent_words) else Found.UNREADABLE


class ReceiptPages:
    """Asks operators' pages, one at a time and kindly."""

    def __init__(
        self,
        rules: PageRules,
        *,
        engine: Engine,
        folder: Path,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._rules = rules
        self._ledger = Ledger(engine, now)
        self._folder = folder
        self._monotonic = monotonic
        self._sleep = sleep
        self._client = open_client("", transport=transport)

    def close(self) -> None:
        self._client.close()

    def check(self, url: str) -> PageCheck:
        """Look one receipt up. The same again asks again. Raises NotAllowed, ImportBusy, OSError."""
        address = receipt_address(url)
        if address.host not in self._rules.hosts:
            raise NotAllowed(f"{address.host} is not among the hosts that may be asked")
        at = self._ledger.begin(Kind.RECEIPT_PAGE, f"receipt {address.sign}", digest_of(url), anew=True)
        limits = Limits(self._rules.deadline_s, min(5.0, self._rules.deadline_s), PAGE_BYTES_MAX, PAGE_BYTES_MAX)
        reply = exchange(self._client, "GET", url, limits=limits, monotonic=self._monotonic, headers=_HEADERS)
        self._sleep(self._rules.pause_s)
        if isinstance(reply, Broken):
            return self._told(at, Found.UNREADABLE, reply.text, b"", broken=True)
        if reply.status not in (200, 404):
            return self._told(at, Found.UNREADABLE, f"HTTP {reply.status}", reply.body, broken=reply.status >= 500)
        found = understood(reply.body.decode("utf-8", "replace"), address, self._rules)
        if found is Found.OK and reply.status == 404:
            found = Found.UNREADABLE
        return self._told(at, found, f"HTTP {reply.status}", reply.body)

    def _told(self, at: Imported, found: Found, text: str, body: bytes, *, broken: bool = False) -> PageCheck:
        page = None
        if body and found is not Found.OK:
            self._folder.mkdir(parents=True, exist_ok=True)
            page = self._folder / f"{source_of(at.id)}.html"
            page.write_bytes(body)
        remark = Remark(1, f"page-{found}", text, text="" if page is None else page.name)
        taken = found is Found.OK
        at = self._ledger.advance(
            at,
            {"tries": int(at.position.get("tries", 0)) + 1},
            Counts(rows_read=1, taken=int(taken), refused=int(not taken)),
            [] if taken else [remark],
            state=State.STOPPED if broken else State.DONE,
            share=1.0,
            trouble=text if broken else "",
            afresh=True,
        )
        return PageCheck(found, text, at, page)


_HEADERS: Mapping[str, str] = {"Accept": "text/html,*/*"}
