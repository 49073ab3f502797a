"""Camera frames made from a seed, with the truth about every code in them.

for frame in frames(seed=7, per_kind=20): ...
one(7, "glare", 3)  # the same frame again, alone
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from hw_sim.optics.empty import EMPTY_KINDS, noise_frame
from hw_sim.optics.kinds import CODE_KINDS
from hw_sim.optics.shot import Code, plain_shot, taken

__all__ = ["CODE_KINDS", "EMPTY_KINDS", "KINDS", "Code", "Frame", "frame", "frames", "noise_frame", "one"]

# Every kind by name, and whether its frames hold codes.
KINDS: Mapping[str, bool] = MappingProxyType({**dict.fromkeys(CODE_KINDS, True), **dict.fromkeys(EMPTY_KINDS, False)})


@dataclass(frozen=True, slots=True)
class Frame:
    """One gray frame, height x width, and the codes in it: none for the kinds of EMPTY_KINDS."""

    image: NDArray[np.uint8]
    codes: tuple[Code, ...]
    kind: str


def frame(kind: str, rng: np.random.Generator) -> Frame:
    """A frame of this kind from whatever `rng` holds next. Raises KeyError for a kind that is not in KINDS."""
    if kind in EMPTY_KINDS:
        return Frame(EMPTY_KINDS[kind](rng), (), kind)
    recipe = CODE_KINDS[kind]
    shot = plain_shot(rng)
    recipe.fault(shot, rng, float(rng.uniform(recipe.low, recipe.high)))
    image, codes = taken(shot, rng)
    return Frame(image, codes, kind)


def one(seed: int, kind: str, index: int) -> Frame:
    """Frame number `index` of this kind under this seed, whatever else is or is not made."""
    return frame(kind, np.random.default_rng((seed, zlib.crc32(kind.encode("ascii")), index)))


def frames(seed: int, per_kind: int, kinds: Iterable[str] | None = None) -> Iterator[Frame]:
    """`per_kind` frames of each kind, or of all kinds, kind by kind."""
    for kind in KINDS if kinds is None else kinds:
        for index in range(per_kind):
            yield one(seed, kind, index)
