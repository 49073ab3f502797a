"""Family by step by fault: whatever breaks at whatever command of a receipt, one document, and the till knows which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from recovery_families import RIGS
from recovery_faults import FAULTS
from recovery_shop import Ending
from recovery_walk import walked


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("family", RIGS)
def test_recovery_of_a_sale(folder: Path, ended: Callable[[Ending], None], family: str, fault: str) -> None:
    ending = walked(folder, family, RIGS[family], fault)
    ended(ending)
    assert ending.note or ending.steps > 0
