"""At which commands of a receipt a fault is worth planting.

Between two commands that change something the register stands still, and a family that reads a dozen counters one by
one is the same register at each of them. There the first and the last command of each name are walked, a neighbour on
either side with them; of all that changes something, every one. Families whose rig names no `reads` are walked whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BESIDE = 1
FAR = 1_000_000  # A step no receipt comes to.

Track = Sequence[tuple[int, str]]


def worth_walking(track: Track, reads: frozenset[str], steps_max: int) -> Iterable[int]:
    """Steps to plant a fault at, rising, the ones behind the receipt's end among them.

    `track`: of each command of an untouched receipt the step it begins at, and its name.
    """
    ends = [*(step for step, _ in track[1:]), track[-1][0] + 1]
    chosen: set[int] = set()
    phase: dict[str, list[int]] = {}
    for place, (_, name) in enumerate(track):
        if name not in reads:
            chosen |= _first_and_last(phase) | {place}
            phase = {}
        else:
            phase.setdefault(name, []).append(place)
    chosen |= _first_and_last(phase)
    near = {place + beside for place in chosen for beside in range(-BESIDE, BESIDE + 1)}
    steps = {step for place in near if 0 <= place < len(track) for step in range(track[place][0], ends[place])}
    return [*sorted(steps), *range(ends[-1], steps_max)]


def _first_and_last(phase: dict[str, list[int]]) -> set[int]:
    return {place for places in phase.values() for place in (places[0], places[-1])}
