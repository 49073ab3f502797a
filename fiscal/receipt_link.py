"""The address in the QR of a Kazakh receipt, read back: four of the five facts a return must carry. Pure.

    http://consumer.oofd.kz/?i=FISCAL SIGN&f=RNM&s=SUM&t=YYYYMMDDThhmmss

`t` is local time (vendor sample of a receipt of 14.09.2025 16:55:37). Whether the receipt was made autonomously is not
in it. Sources: OFD data protocol 2.0.3, qr_code (github texport/ofd-kt-proto); Webkassa API v4, TicketUrl.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

LENGTH_MAX = 1_000
_SIGN = re.compile(r"[0-9A-Za-z-]{1,50}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)
_SUM = re.compile(r"([0-9]{1,11})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReceiptLink:
    """What the address tells of its receipt. `at` is ISO 8601 with the till's offset, the sum in tiyn."""

    fiscal_sign: str
    registration_number: str
    total_tiyn: int
    at: str


def read_link(text: str, zone: dt.tzinfo) -> ReceiptLink | None:
    """The facts of a receipt's address; None for any other text.

    >>> link = read_link("http://consumer.oofd.kz/?i=42&f=0103&s=1800.00&t=20260715T103000", dt.timezone.utc)
    >>> link.total_tiyn, link.at
    (180000, '2026-07-15T10:30:00+00:00')
    """
    if len(text) > LENGTH_MAX or not text[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        given = parse_qs(urlsplit(text).query, max_num_fields=20)
    except ValueError:
        return None
    sign, rnm, total, at = (given.get(name, [""])[0] for name in "ifst")
    summed = _SUM.fullmatch(total)
    if not _SIGN.fullmatch(sign) or not _NUMBER.fullmatch(rnm) or summed is None or not _MOMENT.fullmatch(at):
        return None
    tiyn = int(summed[1]) * 100 + int((summed[2] or "0").ljust(2, "0"))
    try:
        moment = dt.datetime.strptime(at, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return ReceiptLink(sign, rnm, tiyn, moment.isoformat()) if tiyn > 0 else None
