"""What a keyboard-wedge scanner's keys become when the host has another layout or Caps Lock on.

The scanner presses the keys of a US keyboard. Rows are in physical key order, from the key left of 1 to the key left
of the right Shift; source: xkeyboard-config, symbols/us basic, symbols/ru winkeys, symbols/kz basic.
"""

from __future__ import annotations

from enum import StrEnum


class Layout(StrEnum):
    """The layout the host is switched to while the scanner types."""

    US = "us"
    RU = "ru"
    KZ = "kz"


_PLAIN = {
    Layout.US: "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
    Layout.RU: "ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю.",
    Layout.KZ: '("әіңғ,.үұқөһйцукенгшщзхъ\\фывапролджэячсмитьбю№',
}
_SHIFTED = {
    Layout.US: '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
    Layout.RU: 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,',
    Layout.KZ: ")!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ?",
}


def typed(code: str, layout: Layout = Layout.US, *, caps: bool = False) -> str:
    """The text a host receives when a scanner types `code`. What is on no key (GS, for one) passes unchanged."""
    keys = _PLAIN[Layout.US] + _SHIFTED[Layout.US]
    shown = _PLAIN[layout] + _SHIFTED[layout]
    text = "".join(shown[keys.index(char)] if char in keys else char for char in code)
    # Caps Lock exchanges the two levels of the keys that carry letters in this layout, and of no other.
    return "".join(char.swapcase() if char.isalpha() else char for char in text) if caps else text
