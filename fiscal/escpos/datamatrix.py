"""GS1 Data Matrix of a marking code: ECC 200, square, ASCII encodation. Pure.

Ours, because the field has no small library for it: python-escpos and qrcode draw none, and printers with a Data
Matrix command of their own are rare. Sizes stop at 48 x 48, the last with one block of error correction; it holds 173
characters, twice that in digits, and no marking code is longer.

Source: ISO/IEC 16022:2006: 5.2.3 ASCII encodation, 5.7 symbol attributes, Annex E Reed-Solomon, Annex F module
placement; GS1 General Specifications 5.6.3 (FNC1 first, and where an element of open length ends).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

GS = "\x1d"
_FNC1, _PAD, _PAIR = 232, 129, 130
_FIELD = 0x12D  # x8 + x5 + x3 + x2 + 1.

Modules = list[list[bool]]  # Rows from the top; True is dark.


@dataclass(frozen=True, slots=True)
class _Size:
    modules: int  # A side, finder included.
    data: int  # Codewords.
    check: int
    regions: int = 1  # Along a side.

    @property
    def mapping(self) -> int:
        """Modules a side that carry codewords: each region spends two on its finder."""
        return self.modules - 2 * self.regions


# fmt: off
_SIZES = (
    _Size(10, 3, 5), _Size(12, 5, 7), _Size(14, 8, 10), _Size(16, 12, 12), _Size(18, 18, 14), _Size(20, 22, 18),
    _Size(22, 30, 20), _Size(24, 36, 24), _Size(26, 44, 28), _Size(32, 62, 36, 2), _Size(36, 86, 42, 2),
    _Size(40, 114, 48, 2), _Size(44, 144, 56, 2), _Size(48, 174, 68, 2),
)  # fmt: skip
# fmt: on


def fits(code: str) -> bool:
    """Whether `matrix` has a symbol for this code: ASCII, not empty, at most 174 codewords."""
    return bool(code.strip(GS)) and code.isascii() and len(_codewords(code)) <= _SIZES[-1].data


def matrix(code: str) -> Modules:
    """The smallest symbol, without quiet zone. `code` has GS (U+001D) where an element ends. Raises ValueError."""
    if not fits(code):
        raise ValueError("no Data Matrix symbol for this code")
    words = _codewords(code)
    size = next(size for size in _SIZES if size.data >= len(words))
    words = _padded(words, size.data)
    words += _check_words(words, size.check)
    return _framed(_placed(words, size.mapping), size)


def _codewords(code: str) -> list[int]:
    """FNC1, then ASCII with digits in pairs; GS is FNC1 again, as GS1 has it."""
    words, place = [_FNC1], 0
    code = code.strip(GS)
    while place < len(code):
        pair = code[place : place + 2]
        if len(pair) == 2 and pair.isdigit():
            words.append(_PAIR + int(pair))
            place += 2
            continue
        words.append(_FNC1 if pair[0] == GS else ord(pair[0]) + 1)
        place += 1
    return words


def _padded(words: list[int], count: int) -> list[int]:
    """The first pad says that the message ends; the others are scattered by their position (5.2.3)."""
    full = [*words, _PAD] if len(words) < count else list(words)
    while len(full) < count:
        scattered = _PAD + (149 * (len(full) + 1)) % 253 + 1
        full.append(scattered if scattered <= 254 else scattered - 254)
    return full


@cache
def _powers() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(power of the root by exponent, exponent by value) of the field with 256 elements."""
    powers, logs, value = [0] * 255, [0] * 256, 1
    for exponent in range(255):
        powers[exponent], logs[value] = value, exponent
        value <<= 1
        if value > 0xFF:
            value ^= _FIELD
    return tuple(powers), tuple(logs)


def _times(a: int, b: int) -> int:
    powers, logs = _powers()
    return powers[(logs[a] + logs[b]) % 255] if a and b else 0


def _check_words(words: list[int], count: int) -> list[int]:
    """Remainder of the message by the product of (x - root**i), i from 1 to `count`."""
    generator = [1]
    for exponent in range(1, count + 1):
        root = _powers()[0][exponent]
        raised, scaled = [*generator, 0], [0, *(_times(factor, root) for factor in generator)]
        generator = [a ^ b for a, b in zip(raised, scaled, strict=True)]
    rest = [0] * count
    for word in words:
        lead = word ^ rest[0]
        rest = [old ^ _times(lead, factor) for old, factor in zip([*rest[1:], 0], generator[1:], strict=True)]
    return rest


class _Grid:
    """The mapping matrix while it is filled (Annex F): codewords run up and down in diagonals."""

    def __init__(self, side: int, words: list[int]) -> None:
        self.side = side
        self.words = iter(words)
        self.cells: list[list[bool | None]] = [[None] * side for _ in range(side)]

    def free(self, row: int, column: int) -> bool:
        return 0 <= row < self.side and 0 <= column < self.side and self.cells[row][column] is None

    def put(self, places: tuple[tuple[int, int], ...]) -> None:
        """One codeword, most significant bit first. A place over an edge comes in again at the other side, shifted."""
        word = next(self.words)
        for bit, (row, column) in enumerate(places):
            if row < 0:
                row, column = row + self.side, column + 4 - (self.side + 4) % 8
            if column < 0:
                row, column = row + 4 - (self.side + 4) % 8, column + self.side
            self.cells[row][column] = bool(word >> (7 - bit) & 1)

    def utah(self, row: int, column: int) -> None:
        """The usual shape of a codeword; its last bit lies at (row, column)."""
        shape = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
        self.put(tuple((row + down, column + right) for down, right in shape))

    def corners(self, row: int, column: int) -> None:
        """Shapes that only occur where the walk meets a corner of certain sizes."""
        end = self.side
        if (row, column) == (end, 0):
            self.put(((-1 + end, 0), (-1 + end, 1), (-1 + end, 2), (0, end - 2), (0, end - 1), (1, end - 1),
                      (2, end - 1), (3, end - 1)))  # fmt: skip
        if (row, column) == (end - 2, 0) and end % 4:
            self.put(((end - 3, 0), (end - 2, 0), (end - 1, 0), (0, end - 4), (0, end - 3), (0, end - 2), (0, end - 1),
                      (1, end - 1)))  # fmt: skip
        if (row, column) == (end - 2, 0) and end % 8 == 4:
            self.put(((end - 3, 0), (end - 2, 0), (end - 1, 0), (0, end - 2), (0, end - 1), (1, end - 1), (2, end - 1),
                      (3, end - 1)))  # fmt: skip
        if (row, column) == (end + 4, 2) and not end % 8:
            self.put(((end - 1, 0), (end - 1, end - 1), (0, end - 3), (0, end - 2), (0, end - 1), (1, end - 3),
                      (1, end - 2), (1, end - 1)))  # fmt: skip


def _placed(words: list[int], side: int) -> Modules:
    grid = _Grid(side, words)
    row, column = 4, 0
    while row < side or column < side:
        grid.corners(row, column)
        while True:  # Up and to the right.
            if row < side and column >= 0 and grid.free(row, column):
                grid.utah(row, column)
            row, column = row - 2, column + 2
            if row < 0 or column >= side:
                break
        row, column = row + 1, column + 3
        while True:  # Down and to the left.
            if row >= 0 and column < side and grid.free(row, column):
                grid.utah(row, column)
            row, column = row + 2, column - 2
            if row >= side or column < 0:
                break
        row, column = row + 3, column + 1
    # Where the last corner is left over it is a fixed chequer.
    last = side - 1
    if grid.cells[last][last] is None:
        grid.cells[last][last] = grid.cells[last - 1][last - 1] = True
    return [[bool(cell) for cell in line] for line in grid.cells]


def _framed(mapped: Modules, size: _Size) -> Modules:
    """Each region between its finder: solid left and below, alternating above and right."""
    inner = size.mapping // size.regions
    pitch = inner + 2

    def module(row: int, column: int) -> bool:
        down, right = row % pitch, column % pitch
        if right == 0 or down == pitch - 1:
            return True
        if down == 0:
            return right % 2 == 0
        if right == pitch - 1:
            return down % 2 == 1
        return mapped[row // pitch * inner + down - 1][column // pitch * inner + right - 1]

    return [[module(row, column) for column in range(size.modules)] for row in range(size.modules)]
