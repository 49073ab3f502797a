"""A page that shows whether a printer prints, and prints Kazakh: no receipt, and it says so. Pure."""

from __future__ import annotations

import textwrap

from .lines import Align, Cut, Font, Paper, PrintLine, Rule, Text
from .text import clean

NO_RECEIPT = ("ЧЕК ЕМЕС", "НЕ ЧЕК")
LETTERS = ("Ә Ғ Қ Ң Ө Ұ Ү Һ І", "ә ғ қ ң ө ұ ү һ і", "Ё Й Щ Ъ Э Ю Я № « »", "0123456789 ABC xyz")


def layout_letters(title: str, paper: Paper) -> tuple[PrintLine, ...]:
    """`title` is folded to the paper."""
    return (
        *(Text(line, Align.CENTER, bold=True) for line in NO_RECEIPT),
        Rule(),
        *(Text(line, Align.CENTER) for line in textwrap.wrap(clean(title), paper.columns(Font.A))),
        Rule(),
        *(Text(line) for line in LETTERS),
        *(Text(line, bold=True) for line in LETTERS[:2]),
        Rule(),
        *(Text(line, Align.CENTER, bold=True) for line in NO_RECEIPT),
        Cut(),
    )
