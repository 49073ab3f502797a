"""Random days at every family: whatever mishaps come together, one document per sale, and the till knows which.

One day again, or a night of other days:

    RECOVERY_SEEDS=157 pytest tests/recovery/test_recovery_random.py -k datecs
    RECOVERY_SEEDS=1000:4000 pytest tests/recovery/test_recovery_random.py
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from recovery_families import RIGS
from recovery_random import RandomDay

FIRST, _, END = os.environ.get("RECOVERY_SEEDS", "0:16").partition(":")
SEEDS = range(int(FIRST), int(END or int(FIRST) + 1))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", RIGS)
def test_recovery_of_a_random_day(folder: Path, family: str, seed: int) -> None:
    day = RandomDay(folder, RIGS[family], seed).run()
    assert day.made > 0, day.told()
