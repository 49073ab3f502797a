"""A picture of every kind of damage, read by zxing-cpp alone and by the cascade, in one run.

The full table, with libdmtx and rows for each kind: `python -m benchmarks.camera_table`. Times are recorded, never
asserted; that nothing is read that is not there is.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.camera_table import Reader, our_reader, zxing_reader
from hw_sim.optics.frames import Frame, frames
from scanners.camera.cascade import Cascade

SEED = 31


@pytest.fixture(scope="module")
def shown() -> list[Frame]:
    return list(frames(SEED, 1))


READERS = {"zxing-cpp": zxing_reader, "cascade": lambda: our_reader(Cascade())}


@pytest.mark.parametrize("name", READERS)
def test_every_kind_of_picture_is_read_without_a_false_code(name: str, shown: list[Frame], benchmark: Any) -> None:
    read: Reader = READERS[name]()
    benchmark.group = "camera, one picture of each kind"
    found = benchmark.pedantic(lambda: [read(one.image) for one in shown], rounds=3, warmup_rounds=1)
    wanted = [{code.data for code in one.codes} for one in shown]
    benchmark.extra_info["codes_read"] = sum(len(got & want) for got, want in zip(found, wanted, strict=True))
    assert [got - want for got, want in zip(found, wanted, strict=True)] == [set()] * len(shown)
