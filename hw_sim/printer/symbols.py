"""QR symbols and linear barcodes as dots, one dot a module, without quiet zone: the paper around them is white anyway.

Sources: ISO/IEC 18004 through the qrcode package; GS1 General Specifications 5.2 (EAN/UPC); ISO/IEC 15417 (Code 128),
its patterns from the python-barcode package; Epson ESC/POS command reference, GS k, for the code set escapes.
"""

from __future__ import annotations

from collections.abc import Iterator

import qrcode  # type: ignore[import-untyped]
from barcode import ITF, Code39  # type: ignore[import-untyped]
from barcode.charsets import code128  # type: ignore[import-untyped]
from barcode.errors import BarcodeError  # type: ignore[import-untyped]
from qrcode.exceptions import DataOverflowError  # type: ignore[import-untyped]
from qrcode.util import MODE_8BIT_BYTE, QRData  # type: ignore[import-untyped]

from hw_sim.printer.bitmap import from_modules
from hw_sim.printer.paper import Bitmap

QR_DATA_BYTES_MAX = 2953  # Version 40, level L.
QR_VERSION_MAX = 40
_MASK = 2

BARCODES = {
    0: "UPC-A", 65: "UPC-A", 2: "EAN-13", 67: "EAN-13", 3: "EAN-8", 68: "EAN-8", 4: "CODE39", 69: "CODE39", 5: "ITF",
    70: "ITF", 73: "CODE128",
}  # fmt: skip
_LEVELS = {
    "L": qrcode.constants.ERROR_CORRECT_L, "M": qrcode.constants.ERROR_CORRECT_M,
    "Q": qrcode.constants.ERROR_CORRECT_Q, "H": qrcode.constants.ERROR_CORRECT_H,
}  # fmt: skip

_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITY = ("OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE", "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO")
_EAN_SIZES = {"UPC-A": 12, "EAN-13": 13, "EAN-8": 8}

_START = {"A": 103, "B": 104, "C": 105}
_SWITCH = {"A": 101, "B": 100, "C": 99}
_FNC = {"1": 102, "2": 97, "3": 96}


def qr_modules(data: bytes, level: str, version: int = 0) -> Bitmap | None:
    """A QR symbol in byte mode; version 0 takes the smallest that fits. None: the data do not fit."""
    if not data or len(data) > QR_DATA_BYTES_MAX or not 0 <= version <= QR_VERSION_MAX:
        return None
    # Weighing all eight masks takes longer than the rest of a receipt, and every mask can be read.
    code = qrcode.QRCode(version or None, _LEVELS[level], box_size=1, border=0, mask_pattern=_MASK)
    code.add_data(QRData(data, MODE_8BIT_BYTE), optimize=0)
    try:
        code.make(fit=not version)
    except (DataOverflowError, ValueError):  # The package says ValueError for "version 41".
        return None
    return from_modules([[bool(module) for module in row] for row in code.get_matrix()])


def bars(name: str, data: bytes) -> Bitmap | None:
    """One row of bars, or None: this printer draws no such barcode, or the data are impossible for it."""
    if name in _EAN_SIZES:
        pattern = _ean(name, data)
    elif name == "CODE128":
        pattern = _code128(data)
    elif name in ("CODE39", "ITF"):
        pattern = _by_package(name, data)
    else:
        pattern = ""
    return from_modules([[char == "1" for char in pattern]]) if pattern else None


def caption(name: str, data: bytes) -> str:
    """The human-readable line under the bars."""
    text = data.decode("latin-1")
    if name in _EAN_SIZES:
        return _with_check(name, text)
    if name == "CODE128":
        return "".join(char for char, escaped in _escapes(text) if not escaped)
    return text


def check_digit(digits: str) -> str:
    """GS1 check digit of the digits before it."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _with_check(name: str, digits: str) -> str:
    size = _EAN_SIZES[name]
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (size - 1, size):
        return ""
    whole = digits[: size - 1] + check_digit(digits[: size - 1])
    return whole if whole.startswith(digits) else ""


def _ean(name: str, data: bytes) -> str:
    digits = _with_check(name, data.decode("latin-1"))
    if not digits:
        return ""
    if name == "EAN-8":
        left, right = "".join(_ODD[int(digit)] for digit in digits[:4]), digits[4:]
    else:
        digits = digits.rjust(13, "0")
        parity = _PARITY[int(digits[0])]
        left = "".join(_left(int(digit), side) for digit, side in zip(digits[1:7], parity, strict=True))
        right = digits[7:]
    return "101" + left + "01010" + "".join(_mirrored(int(digit)) for digit in right) + "101"


def _mirrored(digit: int) -> str:
    """The right-hand pattern: the left-hand one with black and white exchanged."""
    return _ODD[digit].translate(str.maketrans("01", "10"))


def _left(digit: int, side: str) -> str:
    return _ODD[digit] if side == "O" else _mirrored(digit)[::-1]


def _by_package(name: str, data: bytes) -> str:
    text = data.decode("latin-1")
    if not text or (name == "ITF" and (len(text) % 2 or not (text.isascii() and text.isdigit()))):
        return ""
    try:
        code = ITF(text, narrow=1, wide=3) if name == "ITF" else Code39(text.strip("*"), add_checksum=False)
        return str(code.build()[0])
    except BarcodeError:
        return ""


def _escapes(text: str) -> Iterator[tuple[str, bool]]:
    """The characters of GS k 73 data; `{x` pairs come as one escaped character, `{{` as a brace."""
    chars = iter(text)
    for char in chars:
        if char != "{":
            yield char, False
            continue
        second = next(chars, "")
        yield second, second != "{"


def _code128(data: bytes) -> str:
    values = _code128_values(data.decode("latin-1"))
    if not values:
        return ""
    total = values[0] + sum(place * value for place, value in enumerate(values))
    patterns = [str(code128.CODES[value]) for value in (*values, total % 103)]
    return "".join([*patterns, str(code128.STOP), "11"])


def _code128_values(text: str) -> list[int]:
    """Symbol values, start character first; empty when the data do not begin with a code set or do not fit it."""
    values: list[int] = []
    code_set = ""
    for char, escaped in _escapes(text):
        if escaped and char in _START:
            values.append(_SWITCH[char] if values else _START[char])
            code_set = char
        elif escaped:
            if not values or char not in _FNC:
                return []
            values.append(_FNC[char])
        else:
            value = _code128_value(char, code_set)
            if value is None:
                return []
            values.append(value)
    return values if len(values) > 1 else []


def _code128_value(char: str, code_set: str) -> int | None:
    code = ord(char)
    if code_set == "C":  # Epson sends each pair as one byte 0 to 99.
        return code if code < 100 else None
    if code_set == "A" and code < 0x60:
        return code - 32 if code >= 32 else code + 64
    if code_set == "B" and 0x20 <= code < 0x80:
        return code - 32
    return None
