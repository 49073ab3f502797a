"""Nothing is read where there is nothing. Ten thousand frames: `python -m benchmarks.noise_frames --seed N`."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hw_sim.optics.frames import EMPTY_KINDS, noise_frame, one
from scanners.camera.cascade import Cascade
from scanners.camera.dmtx.process import DmtxProcess
from scanners.camera.reading import Sorts, Symbol

SEED = 7
ROOT = Path(__file__).parents[3]


def patient() -> Callable[[], float]:
    """A clock by which the search for regions takes 10 ms and the rest next to nothing: every step gets its turn, on
    a busy machine too."""
    calls = itertools.count()
    return lambda: min(next(calls), 6) * 0.01


def read_falsely(cascades: Callable[[], Cascade], seed: int, frames: int) -> list[tuple[int, Symbol]]:
    made = ((index, noise_frame(np.random.default_rng((seed, index)))) for index in range(frames))
    return [(index, symbol) for index, picture in made for symbol in cascades().read(picture).symbols]


@pytest.mark.parametrize("part", range(4))
def test_no_matrix_is_read_in_frames_of_noise(part: int) -> None:
    assert read_falsely(lambda: Cascade(clock=patient()), SEED + part, 125) == []


def test_no_matrix_is_read_in_frames_of_noise_by_a_reader_that_tries_everything() -> None:
    cascade = Cascade(budget_ms=150, thorough=True)
    assert read_falsely(lambda: cascade, SEED + 10, 40) == []


def test_libdmtx_adds_no_false_read() -> None:
    with DmtxProcess() as process:
        assert process.start(wait_s=15), process.text
        cascade = Cascade(budget_ms=150, dmtx=process, thorough=True)
        assert read_falsely(lambda: cascade, SEED + 20, 25) == []


def test_no_matrix_is_read_where_every_sort_of_code_is_looked_for() -> None:
    found = read_falsely(lambda: Cascade(tuple(Sorts), clock=patient()), SEED + 30, 100)
    assert [symbol for _, symbol in found if symbol.symbology.startswith("]d")] == []


@pytest.mark.parametrize("kind", sorted(EMPTY_KINDS))
def test_no_matrix_is_read_on_a_counter_without_one(kind: str) -> None:
    for index in range(6):
        assert Cascade(clock=patient()).read(one(SEED, kind, index).image).symbols == ()


def test_the_long_run_tells_its_frames_and_what_was_read_in_one_line() -> None:
    command = [sys.executable, "-m", "benchmarks.noise_frames", "--frames", "5", "--seed", "3", "--without-libdmtx"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    told = json.loads(done.stdout)
    assert (told["frames"], told["seed"], told["false_reads"]) == (5, 3, [])
    assert 0 < told["ms_mean"] <= told["ms_max"]
