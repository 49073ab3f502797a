"""SIGKILL at every durable write of a doubt: handed over, decided, paid again. One receipt, and the word kept once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from crash_doubts_child import decide_in_doubt
from crash_shop import NEVER, Shop, processes


@pytest.mark.parametrize(
    ("fault", "truthful", "decided"),
    [
        ("answer_lost_after", True, True),  # It is on the paper: the senior's word makes it the sale's document.
        ("answer_lost_before", True, False),  # It is not: the same receipt goes out again under the same key.
        ("answer_lost_after", False, False),  # The senior was wrong: the key keeps it from being made twice.
    ],
)
def test_killed_at_every_write_of_a_doubt_and_its_decision_there_is_one_receipt(
    tmp_path: Path, fault: str, truthful: bool, decided: bool
) -> None:
    context = processes()
    point, code = 0, -signal.SIGKILL
    while code != 0:
        point += 1
        shop = Shop(tmp_path / str(point), context, decide_in_doubt, 1)
        shop.register.silent = True
        shop.world.webkassa.faults.add(fault)
        code = shop.child(point, truthful)
        assert code in (0, -signal.SIGKILL)
        if code != 0:
            assert shop.child(NEVER, truthful) == 0
        shop.check_one_of_each()
        shop.serving.close()
    (made,) = shop.made()  # Of the run that nobody killed; a killed one may have had a second doubt.
    assert ("decided" in made) is decided
    # Intent, doubt, hand-over, decision; and the second payment where there is one: a BEGIN and a COMMIT each.
    assert point - 1 >= 2 * (4 if decided else 6)
