"""What a simulated register holds, for eyes on 80 columns and for a spreadsheet.

Documents come as rows of `FiscalDocument.row()`: money in tiyn, marks exactly as they were sent.
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hw_sim.exchange import NS

WIDTH = 80
LEFT_MAX = 24  # Of the left column of two; what is longer gets a line of its own.
GS, GS_SHOWN = "\x1d", "<GS>"
PER_KIND = ("counts", "sums")
BOM = b"\xef\xbb\xbf"
_FORMULA = ("=", "+", "-", "@")

Row = Mapping[str, Any]


def printable(text: str) -> str:
    """Text of other programs: nothing in it may steer the terminal. Line breaks stay, GS is shown as <GS>."""
    shown = text.replace(GS, GS_SHOWN)
    return "".join(one if one.isprintable() or one == "\n" else f"\\x{ord(one):02x}" for one in shown)


def money(tiyn: int) -> str:
    """`1 875.75`."""
    return f"{tiyn / 100:,.2f}".replace(",", " ")


def columns(pairs: Iterable[tuple[str, str]], width: int = WIDTH) -> str:
    """Words and their meaning side by side; a meaning that is too long goes on below."""
    pairs = list(pairs)
    left = min(max((len(word) for word, _ in pairs), default=0), LEFT_MAX) + 2
    lines: list[str] = []
    for word, meaning in pairs:
        below = textwrap.wrap(meaning, width - left) or [""]
        if len(word) > left - 2:
            lines.append(word)
            word = ""
        lines += [f"{word:<{left}}{below[0]}".rstrip(), *(" " * left + line for line in below[1:])]
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Cells under each other, two blanks apart; `right`: columns of numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number in right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def table(rows: Iterable[Row]) -> str:
    """One line for each document: number, kind, total, sign, how many marks, shift."""
    cells = [
        (
            str(row["document_number"]),
            str(row["operation"]),
            money(row["total_tiyn"]),
            printable(str(row["sign"])) or "-",
            str(len(row["marks"])),
            str(row["shift"]),
        )
        for row in rows
    ]
    if not cells:
        return "none"
    return aligned([("number", "kind", "total", "sign", "marks", "shift"), *cells], frozenset((0, 2, 4, 5)))


def whole(row: Row) -> str:
    """Everything of one document, its marks one a line."""
    facts = {
        "number": row["document_number"],
        "kind": row["operation"],
        "total": money(row["total_tiyn"]),
        "tax": money(row["tax_tiyn"]),
        "payments": _payments(row, money),
        "change": money(row["change_tiyn"]),
        "sign": row["sign"] or "-",
        "autonomous": "yes" if row["offline"] else "no",
        "at": moment(row["at_ns"]),
        "shift": row["shift"],
        "in the shift": row["order_number"],
        "key": row["external_number"] or "-",
        "basis": row["basis_sign"] or "-",
    }
    lines = [f"{name:<14}{value}".rstrip() for name, value in facts.items()]
    marks = row["marks"] or ["none"]
    lines += [f"{'marks' if number == 0 else '':<14}{mark}" for number, mark in enumerate(marks)]
    return printable("\n".join(lines))


_CELLS: Mapping[str, Callable[[Row], object]] = {
    "number": lambda row: row["document_number"],
    "kind": lambda row: row["operation"],
    "at": lambda row: moment(row["at_ns"]),
    "shift": lambda row: row["shift"],
    "in_shift": lambda row: row["order_number"],
    "total": lambda row: _number(row["total_tiyn"]),
    "tax": lambda row: _number(row["tax_tiyn"]),
    "payments": lambda row: _payments(row, _number),
    "change": lambda row: _number(row["change_tiyn"]),
    "sign": lambda row: row["sign"],
    "autonomous": lambda row: "yes" if row["offline"] else "",
    "key": lambda row: row["external_number"],
    "basis": lambda row: row["basis_sign"] or "",
    "marks_count": lambda row: len(row["marks"]),
    "marks": lambda row: " ".join(row["marks"]),
}


def spreadsheet(rows: Iterable[Row]) -> bytes:
    """CSV as spreadsheets of Kazakhstan read it: UTF-8 with its mark, semicolons, a comma in numbers, CRLF."""
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=";", lineterminator="\r\n")
    write.writerow(_CELLS)
    write.writerows([_harmless(printable(str(cell(row)))) for cell in _CELLS.values()] for row in rows)
    return BOM + out.getvalue().encode("utf-8", "replace")


def totals_text(totals: Mapping[str, Any], indent: str = "") -> str:
    """Counters by name, sums in tenge; kinds of documents there are none of are left out."""
    lines: list[str] = []
    for name, value in totals.items():
        shown = name.removesuffix("_tiyn")
        if isinstance(value, Mapping):
            inner = {
                key if shown == name else f"{key}_tiyn": part
                for key, part in value.items()
                if part or shown not in PER_KIND
            }
            lines.append(f"{indent}{shown}" if inner else f"{indent}{shown:<{20 - len(indent)}}none")
            lines += [totals_text(inner, indent + "  ")] if inner else []
        else:
            told = money(value) if shown != name else "none" if value is None else value
            lines.append(f"{indent}{shown:<{20 - len(indent)}}{told}")
    return "\n".join(lines)


def moment(at_ns: int) -> str:
    """UTC to the second: 2026-07-15T04:00:00Z."""
    return f"{datetime.fromtimestamp(at_ns // NS, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _payments(row: Row, shown: Callable[[int], str]) -> str:
    """By the family's own numbers of payment kinds."""
    return ", ".join(f"{kind}: {shown(amount)}" for kind, amount in row["payments_tiyn"])


def _number(tiyn: int) -> str:
    return f"{tiyn / 100:.2f}".replace(".", ",")


def _harmless(text: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe: keys come from other programs."""
    return f"'{text}" if text.startswith(_FORMULA) else text
