"""The vendor's own form of a receipt -> lines of paper. Pure.

Ticket/PrintFormat gives lines that are already set in columns: for 58 mm the sample has 36 of them, more than the large
font of a 58 mm roll holds. So the longest line chooses the font, and narrower forms stand in the middle of the paper.
X- and Z-reports have no form: they are laid out from their data (fiscal/escpos/layout_reports.py).
Source: Webkassa API v4 (public collection, protocol 2.0.3): Ticket/PrintFormat; captured answers of github
VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from fiscal.escpos.compose import chunks
from fiscal.escpos.labels import Language
from fiscal.escpos.lines import Cut, Feed, Font, Paper, Picture, PrintLine, Qr, Text
from fiscal.escpos.pictures import BYTES_MAX, PictureUnusable, picture
from fiscal.escpos.text import clean
from fiscal.https.fields import AnswerMalformed, Fields, Json
from fiscal.webkassa.wire import Envelope

PRINT_FORMAT = "/api/v4/Ticket/PrintFormat"
LINES_MAX = 5000
TEXT, IMAGE, QR = 0, 1, 2
LENGTHS_MAX = {TEXT: 1000, IMAGE: BYTES_MAX * 4 // 3 + 1024, QR: 2000}  # Of a value, in characters.
BOLD = 1
NARROW_DOTS_MAX = 432  # Widest head of a 57/58 mm roll.
PAPER_KIND_80, PAPER_KIND_58 = 0, 3
QR_MARGIN = Feed()

# Without headers the service writes Kazakh and Russian; a receipt of one language names that one alone.
LANGUAGE_HEADERS: dict[Language, dict[str, str]] = {
    Language.KK_RU: {"Accept-Language": "kk-KZ", "Secondary-Language": "ru-RU"},
    Language.KK: {"Accept-Language": "kk-KZ"},
    Language.RU: {"Accept-Language": "ru-RU"},
}


@dataclass(frozen=True, slots=True)
class PrintForm:
    lines: tuple[PrintLine, ...]
    notes: tuple[str, ...] = ()  # What is not on paper as it was sent: a logo that is no picture.


@dataclass(frozen=True, slots=True)
class _Row:
    kind: int
    value: str
    bold: bool
    place: str


def asked(key: str, paper: Paper, *, copy: bool) -> Json:
    """Fields of the request, without cashbox and token."""
    kind = PAPER_KIND_58 if paper.dots <= NARROW_DOTS_MAX else PAPER_KIND_80
    return {"ExternalCheckNumber": key, "PaperKind": kind, "IsDuplicate": copy}


def print_form(envelope: Envelope, paper: Paper) -> PrintForm:
    """Lay out the answer. AnswerMalformed for lines that are none: half a fiscal receipt must not be printed."""
    rows = _rows(envelope)
    notes: list[str] = []
    texts = [clean(row.value).rstrip() for row in rows if row.kind == TEXT]
    frame = max(map(len, texts), default=0)
    font = Font.A if frame <= paper.columns(Font.A) else Font.B
    margin = " " * max(0, (paper.columns(font) - frame) // 2)
    lines: list[PrintLine] = []
    for row in rows:
        if row.kind == TEXT:
            lines += _text(row, margin, font, paper)
        elif row.kind == QR:
            # Its quiet zone: a cut right at the symbol keeps scanners from reading it.
            lines += [QR_MARGIN, Qr(row.value), QR_MARGIN]
        else:
            try:
                lines.append(_picture(row, paper))
            except PictureUnusable as why:
                notes.append(f"{row.place}: the picture {why} and was left out")
    return PrintForm((*lines, Cut()), tuple(notes))


def _rows(envelope: Envelope) -> list[_Row]:
    rows = [(row.integer("Order") or 0, _row(row)) for row in envelope.fields().objects("Lines")]
    if not rows:
        raise AnswerMalformed("Data.Lines", "is empty")
    if len(rows) > LINES_MAX:
        raise AnswerMalformed("Data.Lines", f"has more than {LINES_MAX} lines")
    # Stable: one published answer numbers two lines alike.
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _row(row: Fields) -> _Row:
    kind = row.integer("Type") or TEXT
    if kind not in LENGTHS_MAX:
        raise AnswerMalformed(row.at("Type"), f"{kind} is not known")
    value = row.text("Value")
    if len(value) > LENGTHS_MAX[kind]:
        raise AnswerMalformed(row.at("Value"), f"is longer than {LENGTHS_MAX[kind]} characters")
    if kind == QR and not value:
        raise AnswerMalformed(row.at("Value"), "is an empty QR")
    return _Row(kind, value, row.integer("Style") == BOLD, row.place)


def _text(row: _Row, margin: str, font: Font, paper: Paper) -> list[PrintLine]:
    text = (margin + clean(row.value)).rstrip()
    return [Text(piece, bold=row.bold, font=font) for piece in chunks(text, paper.columns(font))]


def _picture(row: _Row, paper: Paper) -> Picture:
    text = row.value.rpartition("base64,")[2] if row.value.startswith("data:") else row.value
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise PictureUnusable("is not base64") from None
    return picture(data, paper)
