"""Reads symbols from one picture: zxing-cpp first, then ever more work, within a time budget.

    zxing        the whole picture; most pictures end here
    regions      where a symbol may be; none: there is no code here, stop
    lattice      the symbol's own modules in a region, and its border on them; three ways of looking
    grid         where zxing saw a symbol and could not read it: a grid fitted to its corners
    TREATMENTS   a treated crop of a region, zxing on it, the grid on what it could not read
    libdmtx      on the likeliest crop, in its own process

Whatever finds the grid, `modules` reads it. A picture without a symbol would burn the whole budget, so patience is a
multiple of a fixed piece of work on this very machine, and longer where the fixed patterns of a symbol were found.
A picture that somebody sent for reading (`thorough`) gets the whole budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import cv2
import numpy as np

from scanners.camera.acceptance import number_holds
from scanners.camera.grid.fit import Fit, fit, locate, printed
from scanners.camera.grid.geometry import Floats, Image, is_sound
from scanners.camera.grid.lattice import GLASSES, SCORE_SURE, Glasses, Placed, placed
from scanners.camera.grid.modules import read_grid
from scanners.camera.grid.regions import Region, regions
from scanners.camera.grid.treatments import TREATMENTS, Crop, crop_of
from scanners.camera.reading import Found, Sorts, Symbol
from scanners.camera.zxing import as_corners, corners_of, formats_of, look

BUDGET_MS: Final = 400.0
PATIENCE: Final = 10.0  # Times the search for regions, where nothing resembles a symbol.
PATIENCE_SEEN: Final = 14.0  # Where the fixed patterns of one were found.
LIKENESS_SEEN: Final = 0.62
_CHANCES: Final = (1.0, 0.4, 0.3)  # Of the GLASSES to find what is there, as measured.
_DOUBTFUL_MAX: Final = 3
_SURE_MAX: Final = 2  # Found twice and not readable: more work on it would change nothing.
_ERRORED_MAX: Final = 2  # In noise zxing-cpp sees a symbol everywhere.
_REGIONS_MAX: Final = 3
_REGIONS_MAX_THOROUGH: Final = 8
_ALIKE: Final = 0.6  # Strength of a region, against the strongest, from which it may be another symbol.
_DMTX_MS_MIN: Final = 20
_DMTX_MS_MAX: Final = 300
SCORE_MAYBE: Final = 8.2  # Below, one in seventy can be read.
_SAME: Final = 0.05  # Corners closer than this part of the side are one place.


class Second(Protocol):
    """A second reader with a time limit: data without leading FNC1, symbology, corners."""

    def read(self, gray: Image, timeout_ms: int) -> Sequence[tuple[bytes, str, Floats]]: ...


@dataclass(slots=True)
class _Work:
    """One picture being read."""

    gray: Image
    started_s: float
    clock: Callable[[], float]
    limit_s: float
    thorough: bool
    search_s: float = 0.0  # When the first look was over.
    unit_s: float = 0.0  # What a fixed piece of work takes on this machine.
    seen: bool = False
    sure: int = 0  # Symbols that were found beyond doubt and could not be read.
    symbols: list[Symbol] = field(default_factory=list)
    failed: list[Floats] = field(default_factory=list)
    doubtful: list[tuple[Crop, Placed]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def elapsed_s(self) -> float:
        return self.clock() - self.started_s

    def is_over(self) -> bool:
        """No time is left, or nothing is left that more work would change."""
        return self.left_s() <= 0 or (self.sure >= _SURE_MAX and not self.thorough)

    def left_s(self) -> float:
        of_budget_s = self.limit_s - self.elapsed_s()
        units = PATIENCE_SEEN if self.seen else PATIENCE
        return (
            of_budget_s if self.thorough else min(of_budget_s, self.search_s + units * self.unit_s - self.elapsed_s())
        )

    def take(self, data: bytes, symbology: str, quad: Floats, step: str) -> None:
        corners = as_corners(quad)
        if all(data != one.data or _apart(quad, np.array(one.corners)) for one in self.symbols):
            self.symbols.append(Symbol(data, symbology, corners, step, self.elapsed_s() * 1000))

    def is_new(self, quad: Floats) -> bool:
        return is_sound(quad) and all(_apart(quad, other) for other in self.failed)


_Step = Callable[[_Work], bool]


class Cascade:
    """Implements `Reader`. One picture at a time; not thread-safe."""

    def __init__(
        self,
        sorts: Collection[Sorts] = (Sorts.DATA_MATRIX,),
        budget_ms: float = BUDGET_MS,
        dmtx: Second | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        thorough: bool = False,
    ) -> None:
        """`clock` counts seconds. `thorough`: try everything within the budget, also after a symbol was read."""
        self._formats = formats_of(sorts)
        self._matrix = formats_of((Sorts.DATA_MATRIX,))
        self._searches = Sorts.DATA_MATRIX in sorts  # Only a matrix has a grid to fit.
        self._budget_s = budget_ms / 1000
        self._dmtx = dmtx
        self._clock = clock
        self._thorough = thorough

    def read(self, gray: Image) -> Found:
        work = _Work(gray, self._clock(), self._clock, self._budget_s, self._thorough)
        failed = self._first_look(work)
        # Two symbols are a tray or a crate: there may be more. One is what a till sees.
        if self._searches and (len(work.symbols) != 1 or self._thorough):
            self._search(work, failed)
        return Found(
            tuple(work.symbols), tuple(as_corners(quad) for quad in work.failed), work.elapsed_s() * 1000,
            tuple(dict.fromkeys(work.steps)),
        )  # fmt: skip

    def _first_look(self, work: _Work) -> list[Floats]:
        """Read with zxing-cpp; return where it saw a symbol and could not read it."""
        work.steps.append("zxing")
        valid, failed = look(work.gray, self._formats)
        for one in valid:
            work.take(bytes(one.bytes), one.symbology_identifier, corners_of(one), "zxing")
        return failed

    def _search(self, work: _Work, failed: list[Floats]) -> None:
        work.steps.append("regions")
        work.search_s = work.elapsed_s()
        places = regions(work.gray, _REGIONS_MAX_THOROUGH if self._thorough else _REGIONS_MAX)
        work.unit_s = work.elapsed_s() - work.search_s
        crops = [crop_of(work.gray, place.quad) for place in places]
        if not work.symbols:
            self._until_read(work, places, crops, failed)
        if work.symbols and places:
            self._others(work, places, crops)

    def _until_read(self, work: _Work, places: list[Region], crops: list[Crop], failed: list[Floats]) -> None:
        looks = [partial(self._lattice, crop=crops[at], glasses=each) for at, each in _promising(places)]
        errored = [partial(self._errored, quad=quad) for quad in failed[:_ERRORED_MAX]]
        treated = [partial(self._treated, crop=crop, name=name) for name in TREATMENTS for crop in crops]
        second = [partial(self._second, crop=crop) for crop in crops[:1]]
        plan: tuple[_Step, ...] = (*looks[:1], *errored, *looks[1:], self._doubtful, *treated, *second)
        for step in plan:
            if work.is_over() or step(work):
                return

    def _others(self, work: _Work, places: list[Region], crops: list[Crop]) -> None:
        """Look for more symbols where it is as likely as where one was."""
        for place, crop in zip(places, crops, strict=True):
            likely = self._thorough or place.strength >= _ALIKE * places[0].strength
            for glasses in GLASSES if self._thorough else GLASSES[:1]:
                if likely and not work.is_over() and not _covered(place.quad, work.symbols):
                    self._lattice(work, crop, glasses)

    def _errored(self, work: _Work, quad: Floats) -> bool:
        crop = crop_of(work.gray, quad)
        return work.is_new(quad) and self._grid(work, crop, crop.inward(quad), "grid")

    def _lattice(self, work: _Work, crop: Crop, glasses: Glasses) -> bool:
        """Find symbols by their modules; read at once what is there beyond doubt."""
        work.steps.append("lattice")
        for one in placed(crop.even, glasses):
            if SCORE_MAYBE <= one.score < SCORE_SURE:
                work.doubtful.append((crop, one))
            elif one.score >= SCORE_SURE and work.is_new(crop.outward(one.quad)):
                work.seen = True
                if self._fitted(work, crop, fit_placed(crop.even, one), "lattice"):
                    return True
                work.failed.append(crop.outward(one.quad))
                work.sure += 1
                return False  # What else lies on the same lattice is a part of it.
        return False

    def _doubtful(self, work: _Work) -> bool:
        for crop, one in sorted(work.doubtful, key=lambda each: -each[1].score)[:_DOUBTFUL_MAX]:
            if work.is_over() or self._fitted(work, crop, fit_placed(crop.even, one), "lattice"):
                return True
            work.failed.append(crop.outward(one.quad))
        return False

    def _treated(self, work: _Work, crop: Crop, name: str) -> bool:
        work.steps.append(name)
        picture = TREATMENTS[name](crop.picture)
        valid, failed = look(picture, self._matrix)
        for one in valid:
            work.take(bytes(one.bytes), one.symbology_identifier, crop.outward(corners_of(one)), name)
        for quad in failed:
            if work.is_over() or work.symbols:
                break
            if work.is_new(crop.outward(quad)):
                self._grid(work, crop, quad, f"{name}+grid")
        return bool(work.symbols)

    def _second(self, work: _Work, crop: Crop) -> bool:
        left_ms = int(work.left_s() * 1000)
        if self._dmtx is None or left_ms < _DMTX_MS_MIN or not (work.seen or self._thorough):
            return False
        work.steps.append("libdmtx")
        for data, symbology, quad in self._dmtx.read(crop.picture, min(left_ms, _DMTX_MS_MAX)):
            if number_holds(data, symbology):  # This reader alone was seen to invent codes.
                work.take(data, symbology, crop.outward(quad), "libdmtx")
        return bool(work.symbols)

    def _grid(self, work: _Work, crop: Crop, quad: Floats, step: str) -> bool:
        """Fit a grid to a quadrilateral of the crop and read it."""
        work.steps.append(step)
        if not is_sound(quad):
            return False
        work.failed.append(crop.outward(quad))
        for found in locate(crop.even, quad):
            work.seen = work.seen or found.likeness >= LIKENESS_SEEN
            if self._fitted(work, crop, found, step):
                work.failed.pop()
                return True
            if work.is_over():
                break
        return False

    def _fitted(self, work: _Work, crop: Crop, found: Fit, step: str) -> bool:
        read = read_grid(crop.picture, crop.even, found)
        if read is None:
            return False
        work.take(read.data, read.symbology, crop.outward(found.quad), step)
        return True


def _promising(places: list[Region]) -> list[tuple[int, Glasses]]:
    """Which region to look at through which glasses, the best chance first."""
    if not places:
        return []
    chances = [
        (one.strength / places[0].strength * _CHANCES[rank], at, each)
        for at, one in enumerate(places)
        for rank, each in enumerate(GLASSES)
    ]
    return [(at, each) for _, at, each in sorted(chances, key=lambda chance: -chance[0])]


def _covered(quad: Floats, symbols: Sequence[Symbol]) -> bool:
    """Does a symbol that was read lie there?"""
    centre = quad.mean(axis=0)
    for symbol in symbols:
        corners = np.array(symbol.corners, np.float32)
        if _inside(centre, corners) or _inside(corners.mean(axis=0), quad):
            return True
    return False


def _inside(point: Floats, quad: Floats) -> bool:
    return cv2.pointPolygonTest(quad.reshape(-1, 1, 2), (float(point[0]), float(point[1])), False) >= 0


def fit_placed(even: Image, one: Placed) -> Fit:
    """A lattice is straight: let the corners follow the tilt of the label."""
    return fit(printed(even, one.inverted), one.quad, one.size, first=0.3, last=0.1, inverted=one.inverted)


def _apart(a: Floats, b: Floats) -> bool:
    side = float(np.abs(a - np.roll(a, 1, axis=0)).max())
    return min(float(np.abs(np.roll(a, turn, axis=0) - b).max()) for turn in range(4)) > _SAME * side
