"""A camera as a scanner: the newest frame, cut to the region of interest, read, judged, each symbol an event.

    frame -> region -> changed, or time to look again? -> sharp enough? -> Reader -> acceptance -> duplicates -> Scan

A code that stays in view is one scan: frames that show it again are counted, and only one that comes back within the
window is told as a dropped read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
from numpy.typing import NDArray

from scanners.camera.acceptance import Acceptance, Judged, Judgement
from scanners.camera.annotate import Mark, Shape, annotated, jpeg, printable
from scanners.camera.capture import Capture, Frame
from scanners.camera.change import blocks
from scanners.camera.keep import KeptFrames
from scanners.camera.pace import Pace, Sight
from scanners.camera.picture import Gray, PictureFault, PictureInvalid, gray_of
from scanners.camera.reading import Corners, Found, Reader, Symbol
from scanners.camera.sharpness import SHARP_MIN, sharpness
from scanners.duplicates import WINDOW_MS_MAX, DuplicateFilter
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Signal, Terminator

DUPLICATE_MS: Final = WINDOW_MS_MAX  # A hand that holds a pack wavers: some frames in between are not read.
_IDLE_S: Final = 0.02  # A source without frames is asked again after so long.

Region = tuple[int, int, int, int]  # x, y, width, height in pixels of the whole frame.


@dataclass(slots=True)
class Counts:
    read: int = 0  # Frames given to the reader.
    unchanged: int = 0  # Frames that showed what had just been read, so not read.
    blurred: int = 0  # Frames refused as not sharp.
    empty: int = 0  # Frames read without a symbol.
    repeated: int = 0  # Symbols that were still in view.
    refused: int = 0  # Symbols with a wrong check digit, or seen once only so far.


@dataclass(frozen=True, slots=True)
class _Look:
    """What the last picture is made of, when somebody asks."""

    image: NDArray[Any]
    region: Region | None
    judged: tuple[Judged, ...]
    found: Found
    sharp: float
    is_blurred: bool


class CameraScanner:
    """One camera. `poll`, `run` and `close` belong to one thread; `last_picture` may come from any."""

    def __init__(
        self,
        name: str,
        capture: Capture,
        reader: Reader,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        region: Region | None = None,
        sharp_min: float = SHARP_MIN,
        pace: Pace | None = None,
        acceptance: Acceptance | None = None,
        duplicates: DuplicateFilter | None = None,
        kept: KeptFrames | None = None,
        read_timeout_s: float = 0.05,
        resources: Sequence[Callable[[], None]] = (),
    ) -> None:
        """`sharp_min` 0 reads every frame. `resources` are closed with the scanner."""
        self._name = name
        self._capture = capture
        self._reader = reader
        self._now = now
        self._monotonic = monotonic
        self._region = region
        self._sharp_min = sharp_min
        self._pace = pace or Pace()
        self._acceptance = acceptance or Acceptance()
        self._duplicates = duplicates or DuplicateFilter(DUPLICATE_MS)
        self._kept = kept
        self._read_timeout_s = read_timeout_s
        self._resources = tuple(resources)
        self._visible: frozenset[bytes] = frozenset()  # With their AIM identifiers.
        self._is_gap = False  # A frame came since that could not be read: what was visible may have gone.
        self._last: _Look | None = None
        self._told: str | None = None  # A fault of the region, of a frame or of the folder; each told once.
        self.counts = Counts()

    @property
    def name(self) -> str:
        return self._name

    @property
    def health(self) -> Health | None:
        return self._capture.health

    @property
    def dropped_frames(self) -> int:
        """Frames the camera gave and nobody read, since the start."""
        return self._capture.dropped

    def signal(self, signal: Signal) -> None:
        """A camera has nothing to beep with."""

    def poll(self) -> list[ScannerEvent]:
        """Read the newest frame, if one comes within the read timeout and is worth it. Never raises for the camera."""
        rest_s = self._pace.rest_s(self._monotonic())
        frame = None
        if rest_s > 0:
            self._capture.skip(min(rest_s, self._read_timeout_s))
        else:
            frame = self._capture.take(self._read_timeout_s)
        events: list[ScannerEvent] = [*self._capture.events()]
        if frame is None:
            if self._capture.health is not Health.ONLINE:
                self._visible = frozenset()
                self._last = None  # What it saw last is not what it sees.
            return events
        try:
            events += self._looked_at(frame)
        except PictureInvalid as invalid:
            self._is_gap = True
            events += self._notice(invalid.text)
        except cv2.error as error:  # A frame the reader's filters cannot take must not end the scanner.
            self._is_gap = True
            events += self._notice(f"a frame could not be read: {error.err or error}")
        return events

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        """Take frames in a thread of their own and read them in this one until `stop` is set; then close."""
        self._capture.start()
        try:
            while not stop.is_set():
                number = self._capture.grabbed
                for event in self.poll():
                    sink(event)
                if self._capture.grabbed == number:
                    stop.wait(_IDLE_S)
        finally:
            rest = self.close()
        for event in rest:
            sink(event)

    def close(self) -> list[ScannerEvent]:
        self._capture.close()
        for close in self._resources:
            close()
        return [*self._capture.events()]

    def last_picture(self) -> bytes | None:
        """JPEG of the last frame with what was seen drawn in, or None before the first."""
        last = self._last
        return None if last is None else jpeg(_drawn(last))

    def _looked_at(self, frame: Frame) -> list[ScannerEvent]:
        image, region = self._cut(frame.image)
        gray = gray_of(image, f"frame {frame.number} of {self._name}")
        picture, started_s = blocks(gray), self._monotonic()
        if not self._pace.is_due(picture, started_s):
            self.counts.unchanged += 1
            return []
        sight = Sight.NOTHING
        try:
            sight, events = self._read(frame, gray, region)
        finally:  # A frame that was not survived took its time, too.
            self._pace.has_read(picture, sight, started_s, self._monotonic())
        return events

    def _read(self, frame: Frame, gray: Gray, region: Region | None) -> tuple[Sight, list[ScannerEvent]]:
        sharp = sharpness(gray) if self._sharp_min else 0.0
        if sharp < self._sharp_min:
            self.counts.blurred += 1
            self._is_gap = True
            self._last = _Look(frame.image, region, (), Found(()), sharp, True)
            return Sight.BLURRED, []
        found = self._reader.read(gray)
        self.counts.read += 1
        judged = tuple(self._acceptance.judge(found.symbols))
        self._last = _Look(frame.image, region, judged, found, sharp, False)
        events = self._events(judged, frame)
        if not found.symbols:
            self.counts.empty += 1
            # A frame without a place that looked like a symbol is an empty counter, not a failure.
            if self._kept is not None and found.seen and (fault := self._kept.keep(gray, frame.at_ns)):
                events += self._notice(fault)
        return _sight_of(judged), events

    def _cut(self, image: NDArray[Any]) -> tuple[NDArray[Any], Region | None]:
        if self._region is None:
            return image, None
        left, top, width, height = self._region
        cut = image[top : top + height, left : left + width]
        if not cut.size:
            size = f"{image.shape[1]}x{image.shape[0]}"
            text = f"roi={left},{top},{width},{height} lies outside the frame of {size} pixels"
            raise PictureInvalid(PictureFault.KIND, text)
        return cut, (left, top, cut.shape[1], cut.shape[0])

    def _events(self, judged: Sequence[Judged], frame: Frame) -> list[ScannerEvent]:
        events: list[ScannerEvent] = []
        visible: set[bytes] = set()
        for one in judged:
            if one.judgement is not Judgement.ACCEPTED:
                self.counts.refused += 1
                continue
            scan = self._scan(one.symbol, frame)
            if scan.identified in visible:
                continue  # The same code twice in one picture: printed on two sides of a sheet, or read twice.
            visible.add(scan.identified)
            event = self._duplicates.judge(scan)
            # It has not gone since the frame that was read before: no double, and after a long rest no new scan either.
            if scan.identified in self._visible and (isinstance(event, DroppedRead) or not self._is_gap):
                self.counts.repeated += 1
            else:
                events.append(event)
        self._visible, self._is_gap = frozenset(visible), False
        return events

    def _scan(self, symbol: Symbol, frame: Frame) -> Scan:
        return Scan(
            data=symbol.data,
            symbology=symbol.symbology,
            source=self._name,
            at_ns=self._now(),
            terminator=Terminator.LENGTH,
            first_at_ns=frame.at_ns,
            step=symbol.step,
        )

    def _notice(self, text: str) -> list[ScannerEvent]:
        if text == self._told:
            return []
        self._told = text
        return [HealthChange(self._name, self.health or Health.ONLINE, self._now(), text)]


def _sight_of(judged: Sequence[Judged]) -> Sight:
    judgements = {one.judgement for one in judged}
    if Judgement.UNCONFIRMED in judgements:
        return Sight.CANDIDATE
    return Sight.IN_VIEW if Judgement.ACCEPTED in judgements else Sight.NOTHING


def _without_check_part(data: bytes) -> bytes:
    """As far as the first GS: who holds a key and a signature beside the code can make a copy of the mark."""
    head, gs, _ = data.partition(b"\x1d")
    return head + gs


def _drawn(last: _Look) -> NDArray[Any]:
    left, top = last.region[:2] if last.region else (0, 0)

    def moved(corners: Corners) -> Corners:
        return tuple((x + left, y + top) for x, y in corners)

    marks = [Mark(moved(corners), Shape.SEEN) for corners in last.found.seen]
    for one in last.judged:
        symbol = one.symbol
        shape = Shape.READ if one.judgement is Judgement.ACCEPTED else Shape.REFUSED
        why = {Judgement.CHECK_DIGIT: "wrong check digit: ", Judgement.UNCONFIRMED: "seen once: "}
        text = why.get(one.judgement, "") + printable(_without_check_part(symbol.data), symbol.symbology)
        marks.append(Mark(moved(symbol.corners), shape, f"{text}  {symbol.step} {symbol.ms:.0f} ms"))
    state = "not sharp, not looked at" if last.is_blurred else f"{last.found.ms:.0f} ms: {', '.join(last.found.steps)}"
    picture = last.image if last.image.dtype == "uint8" and last.image.ndim == 3 else gray_of(last.image)
    return annotated(picture, marks, region=last.region, footer=f"sharpness {last.sharp:.0f}  {state}")
