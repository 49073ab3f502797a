"""When a frame is worth reading. A camera looks at an empty counter most of the day, and the till has other work. Pure.

    changed since the last look     read, while there is credit
    unchanged                       read again after AGAIN_S: noise, focus and luck differ from frame to frame
    no credit                       rest until there is

Credit is reading time. It grows with the clock at the share that is allowed, up to BURST_S, and reading uses it up. So
the first sight of a pack on a quiet counter is read frame after frame, and a crowd before the lens is not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from scanners.camera.change import differ
from scanners.camera.picture import Gray

DUTY: Final = 0.5  # Part of one core.
BURST_S: Final = 0.5  # At half a core this pays for a second of reading without rest: as long as a pack is shown.
REST_S_MAX: Final = 1.0  # A debt beyond that is forgiven: no pack waits longer for the camera.
LOOK_S: Final = 0.05  # Before a still picture; each frame more costs its unpacking, 8 ms for JPEG of 1280x720.


class Sight(StrEnum):
    """What the last frame that was read had."""

    BLURRED = "blurred"  # Nothing sharp, so the reader was not asked.
    NOTHING = "nothing"
    CANDIDATE = "candidate"  # A symbol that must be seen once more.
    IN_VIEW = "in_view"  # Scans only.


# The n-th time in a row; then as the last. What was not read six times is not read the seventh: wait for a change.
AGAIN_S: Final[dict[Sight, tuple[float, ...]]] = {
    Sight.BLURRED: (0.1,),  # Focusing changes no block, and telling that costs a millisecond.
    Sight.NOTHING: (0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.6, 1.0),
    Sight.CANDIDATE: (0.0,),
    Sight.IN_VIEW: (0.2,),
}


class Pace:
    """All times are seconds of one monotonic clock."""

    def __init__(self, duty: float = DUTY) -> None:
        """`duty`: the part of one core that reading may take; 1 reads every frame, changed or not."""
        self._duty = duty
        self._credit_s = BURST_S
        self._counted_s: float | None = None  # Until when credit is counted.
        self._due_s = float("-inf")
        self._picture: Gray | None = None
        self._sight = Sight.NOTHING
        self._times = 0  # In a row, of this sight of this picture.
        self._again_s = float("-inf")

    def rest_s(self, now_s: float) -> float:
        """How long no frame is of interest."""
        return max(self._due_s - now_s, 0.0)

    def is_due(self, picture: Gray, now_s: float) -> bool:
        """Whether to read the frame whose blocks are `picture`."""
        if self._duty >= 1 or self._picture is None or now_s >= self._again_s or differ(picture, self._picture):
            return True
        self._due_s = min(now_s + LOOK_S, self._again_s)
        return False

    def has_read(self, picture: Gray, sight: Sight, started_s: float, ended_s: float) -> None:
        """Tell what reading a frame gave, and how long it took."""
        if self._duty >= 1:
            return
        before, self._sight = self._sight, sight
        is_new = sight is not before or self._picture is None or differ(picture, self._picture)
        self._picture = picture
        self._times = 0 if is_new else self._times + 1
        waits_s = AGAIN_S[sight]
        self._again_s = ended_s + waits_s[min(self._times, len(waits_s) - 1)]
        self._count(started_s, ended_s)
        self._due_s = ended_s
        # What was seen once is confirmed now or never: a hand does not wait for our credit. The next frame must.
        if sight is not Sight.CANDIDATE or before is Sight.CANDIDATE:
            self._due_s += max(-self._credit_s, 0.0) / self._duty

    def _count(self, started_s: float, ended_s: float) -> None:
        since_s = started_s if self._counted_s is None else self._counted_s
        self._counted_s = ended_s
        credit_s = min(self._credit_s + self._duty * (started_s - since_s), BURST_S)
        credit_s += (self._duty - 1) * (ended_s - started_s)
        self._credit_s = max(credit_s, -self._duty * REST_S_MAX)
