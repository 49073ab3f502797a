"""The picture for the IT page: what was read, refused and looked at, drawn where it was seen.

Told by shape as well as colour: a thick closed line and a number is a scan, a dashed line a refused or unconfirmed
symbol, thin corners a place looked at in vain. Colours: M. Okabe and K. Ito, "Color Universal Design", 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanners.camera.reading import Corners

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]  # BGR.


class Shape(StrEnum):
    READ = "read"
    REFUSED = "refused"
    SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Mark:
    corners: Corners
    shape: Shape
    text: str = ""  # Under the symbol; ASCII is drawn as it is.


_COLOURS: Final[dict[Shape, Colour]] = {
    Shape.READ: (178, 114, 0),  # Blue.
    Shape.REFUSED: (0, 94, 213),  # Vermilion.
    Shape.SEEN: (66, 228, 240),  # Yellow.
}
_DARK: Final[Colour] = (20, 20, 20)
_LIGHT: Final[Colour] = (255, 255, 255)
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_TEXT_CHARS_MAX: Final = 200
_LINES_MAX: Final = 6
_SAME_PLACE: Final = 0.2  # Centres closer than this part of the side.
_ROOM_PX_MIN: Final = 60  # A picture too narrow for text gets none.
JPEG_QUALITY: Final = 85


def annotated(
    image: NDArray[np.uint8],
    marks: Sequence[Mark],
    *,
    region: tuple[int, int, int, int] | None = None,
    footer: str = "",
) -> Canvas:
    """A copy of a grey or BGR picture with the marks drawn; `region` is x, y, width, height of what was read.

    `footer` is written at the bottom, after what the marks come to.
    """
    canvas = _Canvas(image)
    marks = _distinct(marks)
    if region is not None:
        canvas.outside(region)
    for mark in marks:
        canvas.outline(mark)
    if footer:
        canvas.footer(f"{_counted(marks)}  {footer}")
    numbered = list(enumerate((mark for mark in marks if mark.shape is not Shape.SEEN), 1))
    for number, mark in numbered:
        canvas.badge(mark, number)
    for number, mark in numbered:
        canvas.label(mark, number)
    return canvas.pixels


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def printable(data: bytes, symbology: str = "") -> str:
    """The data for a person: GS and other control characters named, long ones cut.

    >>> printable(bytes([48, 49, 29, 57]), "]d2")
    ']d2 01<GS>9'
    """
    text = "".join(
        "<GS>" if byte == 0x1D else chr(byte) if 0x20 <= byte < 0x7F else f"<{byte:02X}>"
        for byte in data[:_TEXT_CHARS_MAX]
    )
    return f"{symbology} {text}".strip() + ("..." if len(data) > _TEXT_CHARS_MAX else "")


class _Canvas:
    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.pixels: Canvas = (
            np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else np.array(image[..., :3], order="C")
        )
        self._height, self._width = self.pixels.shape[:2]
        # Lines and letters grow with the picture: it is shown at one size whatever the camera gives.
        self._unit = max(1.0, min(self._width / 640, self._height / 480))
        self._scale = 0.45 * self._unit
        self._thick = max(1, round(self._unit))
        (_, self._letter_px), self._below_px = cv2.getTextSize("Ag", _FONT, self._scale, self._thick)
        self._pad = round(5 * self._unit)
        self._taken: list[tuple[int, int, int, int]] = []  # Boxes no label may cover: left, top, right, bottom.

    def outside(self, region: tuple[int, int, int, int]) -> None:
        """Darken what is not looked at."""
        left, top, width, height = region
        inside = self.pixels[top : top + height, left : left + width].copy()
        self.pixels = np.asarray(self.pixels // 2, np.uint8)
        self.pixels[top : top + height, left : left + width] = inside
        cv2.rectangle(self.pixels, (left, top), (left + width - 1, top + height - 1), _LIGHT, self._thick)

    def outline(self, mark: Mark) -> None:
        thick = self._thick * (3 if mark.shape is Shape.READ else 2)
        # Around the symbol, not over its edge, which may be just what is damaged.
        points = np.rint(_grown(mark.corners, thick + 2 * self._thick)).astype(np.int32)
        pieces = _pieces(points, mark.shape)
        self._taken.append((*points.min(axis=0).tolist(), *points.max(axis=0).tolist()))
        # A dark line under the colour: legible on any ground.
        for colour, extra in ((_DARK, 2 * self._thick), (_COLOURS[mark.shape], 0)):
            for piece in pieces:
                cv2.polylines(self.pixels, [piece], len(piece) == len(points), colour, thick + extra, cv2.LINE_AA)

    def badge(self, mark: Mark, number: int) -> None:
        """A number outside the first corner."""
        radius = round(11 * self._unit)
        first = np.rint(_grown(mark.corners, radius)[0]).astype(int)
        x = int(np.clip(first[0], radius + 1, max(self._width - radius - 2, radius + 1)))
        y = int(np.clip(first[1], radius + 1, max(self._height - radius - 2, radius + 1)))
        cv2.circle(self.pixels, (x, y), radius, _COLOURS[mark.shape], -1, cv2.LINE_AA)
        cv2.circle(self.pixels, (x, y), radius, _LIGHT, self._thick, cv2.LINE_AA)
        width = self._wide(str(number))
        at = (x - width // 2, y + self._letter_px // 2)
        cv2.putText(self.pixels, str(number), at, _FONT, self._scale, _LIGHT, self._thick, cv2.LINE_AA)
        self._taken.append((x - radius, y - radius, x + radius, y + radius))

    def label(self, mark: Mark, number: int) -> None:
        """The text under the symbol, or where it fits."""
        if mark.text and (lines := self._lines(f"{number} {mark.text}")):
            self._box(*self._place(mark, self._box_size(lines)), lines, _COLOURS[mark.shape])

    def footer(self, text: str) -> None:
        if lines := self._lines(text):
            self._box(0, self._height - self._box_size(lines)[1], lines, _DARK)

    @property
    def _line_px(self) -> int:
        return round((self._letter_px + self._below_px) * 1.35)

    def _wide(self, text: str) -> int:
        return int(cv2.getTextSize(text, _FONT, self._scale, self._thick)[0][0])

    def _box_size(self, lines: list[str]) -> tuple[int, int]:
        """Width and height in pixels: a bar of colour, the letters, and air."""
        return max(map(self._wide, lines)) + 3 * self._thick + 2 * self._pad, len(lines) * self._line_px

    def _lines(self, text: str) -> list[str]:
        """Break where the picture ends: at a blank near there, else in the middle of a code, which has none."""
        room = self._width - 3 * self._thick - 2 * self._pad
        lines: list[str] = []
        while text and len(lines) < _LINES_MAX and room > _ROOM_PX_MIN:
            count = min(len(text), room // self._wide("i"))
            while count > 1 and self._wide(text[:count]) > room:
                count -= 1
            blank = text.rfind(" ", count * 3 // 4, count) if count < len(text) else -1
            count = blank + 1 if blank > 0 else count
            lines.append(text[:count].rstrip())
            text = text[count:]
        return lines

    def _place(self, mark: Mark, size: tuple[int, int]) -> tuple[int, int]:
        """Below the symbol, else above it, else the nearest free place."""
        width, height = size
        xs, ys = zip(*mark.corners, strict=True)
        left = int(np.clip(min(xs), 0, max(self._width - width, 0)))
        gap = round(14 * self._unit)
        floor = max(self._height - height, 0)
        below = int(max(ys)) + gap
        others = sorted(range(0, floor + 1, max(height // 2, 1)), key=lambda top: abs(top - below))
        wishes = [below, int(min(ys)) - gap - height, *others]
        for top in wishes:
            box = (left, top, left + width, top + height)
            if 0 <= top <= floor and not any(_overlap(box, other) for other in self._taken):
                return left, top
        return left, min(max(wishes[0], 0), floor)

    def _box(self, left: int, top: int, lines: list[str], colour: Colour) -> None:
        width, height = self._box_size(lines)
        right, bottom = left + width, top + height
        self._taken.append((left, top, right, bottom))
        cv2.rectangle(self.pixels, (left, top), (right, bottom), _DARK, -1)
        cv2.rectangle(self.pixels, (left, top), (left + 3 * self._thick, bottom), colour, -1)
        for number, line in enumerate(lines, 1):
            at = (left + 3 * self._thick + self._pad, top + number * self._line_px - self._below_px)
            cv2.putText(self.pixels, line, at, _FONT, self._scale, _LIGHT, self._thick, cv2.LINE_AA)


def _distinct(marks: Sequence[Mark]) -> list[Mark]:
    """Without places looked at in vain where another mark stands: several steps look at one place."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: mark.shape is Shape.SEEN):
        if mark.shape is not Shape.SEEN or not any(_same_place(mark, other) for other in kept):
            kept.append(mark)
    return kept


def _counted(marks: Sequence[Mark]) -> str:
    read, refused, seen = (sum(mark.shape is shape for mark in marks) for shape in Shape)
    told = ["1 code read" if read == 1 else f"{read} codes read" if read else "nothing read"]
    if refused:
        told.append(f"{refused} not taken")
    if seen:
        told.append("1 place looks like a code" if seen == 1 else f"{seen} places look like codes")
    return ", ".join(told)


def _same_place(one: Mark, other: Mark) -> bool:
    quad, others = np.array(one.corners, np.float64), np.array(other.corners, np.float64)
    side = float(np.linalg.norm(quad[1] - quad[0]))
    return float(np.linalg.norm(quad.mean(axis=0) - others.mean(axis=0))) < _SAME_PLACE * side


def _grown(corners: Corners, px: float) -> NDArray[np.float64]:
    """The corners moved outwards, so that the sides of a square lie about so many pixels farther out."""
    quad = np.array(corners, np.float64)
    way = quad - quad.mean(axis=0)
    length = np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1.0)
    return np.asarray(quad + way / length * px * np.sqrt(2))


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _pieces(points: NDArray[np.int32], shape: Shape) -> list[NDArray[np.int32]]:
    """The lines of an outline: closed, dashed, or corners only."""
    if shape is Shape.READ:
        return [points]
    shares: list[tuple[float, float]] = (
        [(0.0, 0.2), (0.8, 1.0)] if shape is Shape.SEEN else [(at / 11, (at + 1) / 11) for at in range(0, 11, 2)]
    )
    pieces = []
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        way: NDArray[Any] = end - start
        pieces += [np.rint([start + way * a, start + way * b]).astype(np.int32) for a, b in shares]
    return pieces
