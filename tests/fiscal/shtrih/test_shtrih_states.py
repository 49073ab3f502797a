"""What a register shows of itself, and what is told where it shows nothing or somebody else."""

from __future__ import annotations

from collections import deque

import pytest
from shtrih_shop import (
    RETURN,
    document_of,
    failure_of,
    plain,
    run,
    sale,
    till,
)

from fiscal.register import (
    FailureKind,
    Paper,
    RegisterUnavailable,
    ShiftClose,
    Waiting,
)


def test_status_tells_what_the_register_shows() -> None:
    one = till()
    one.machine.queue = 3
    status = one.driver.status()
    assert (status.reachable, status.shift, status.shift_open, status.unsent) == (True, 7, True, 3)
    assert (status.paper, status.cover_open) == (Paper.OK, False)
    assert status.clock_at == "2026-07-15T10:30:05+05:00"
    assert status.shift_opened_at == "2026-07-15T10:30:00+05:00"
    assert status.offline_since == "2026-07-15T10:30:00+05:00"
    one.machine.flags |= 1 << 10
    assert one.driver.status().cover_open is True
    one.machine.flags &= ~(1 << 7)
    assert one.driver.status().paper is Paper.OUT
    one.machine.mode = 5
    status = one.driver.status()
    assert status.waits_for is Waiting.PERSON
    failure = failure_of(run(one, sale(plain())))
    assert (failure.kind, failure.text) == (FailureKind.PAPER, "the cover is open")
    one.machine.flags = 0x0292
    failure = failure_of(run(one, sale(plain())))
    assert (failure.kind, failure.text) == (FailureKind.DEVICE, "it is locked by a wrong password of the inspector")
    one.peer.dead = True
    assert not one.driver.status().reachable


@pytest.mark.parametrize(
    ("parameters", "flags", "paper", "cover"),
    [
        (0x1A, 0x0290 | 2, Paper.OK, False),
        (0x1A, 0x0290 & ~2, Paper.LOW, False),
        (0x18, 0x0290 & ~2, Paper.OK, False),
        (0x00, 0x0010, Paper.UNKNOWN, None),
    ],
)
def test_sensors_the_model_lacks_tell_nothing(parameters: int, flags: int, paper: Paper, cover: bool | None) -> None:
    one = till()
    one.machine.parameters, one.machine.flags = parameters, flags
    status = one.driver.status()
    assert (status.paper, status.cover_open) == (paper, cover)


def test_the_last_document_is_told_as_far_as_the_register_knows_it() -> None:
    one = till()
    document_of(run(one, sale(plain())))
    last = one.driver.last_document()
    assert last is not None
    assert (last.number, last.kind, last.total_tiyn) == ("1235", "sale", 25_050)
    document_of(run(one, ShiftClose("z", 7)))
    last = one.driver.last_document()
    assert last is not None and last.kind == "shift_close" and last.total_tiyn is None
    old = till("kz-fr")
    last = old.driver.last_document()
    assert last is not None and (last.number, last.kind, last.total_tiyn) == ("40", "", None)
    old.machine.document_no = 0
    assert old.driver.last_document() is None


@pytest.mark.parametrize(("mode", "submode"), [(None, 3), (0x05, 0), (0x06, 0)])
@pytest.mark.parametrize(("model", "number"), [("fn", "1234"), ("kz-fr", "40")])
def test_a_register_that_waits_for_a_person_tells_its_last_document(
    mode: int | None, submode: int, model: str, number: str
) -> None:
    one = till(model)
    one.machine.mode, one.machine.submode = mode, submode
    last = one.driver.last_document()
    assert last is not None and last.number == number


@pytest.mark.parametrize("model", ["kz-fr", "fn"])
def test_a_copy_is_printed_of_the_last_receipt_alone(model: str) -> None:
    one = till(model)
    first = document_of(run(one, sale(plain(), key="a")))
    assert one.driver.reprint(first) is Paper.OK
    document_of(run(one, sale(plain(), key="b", operation=RETURN)))
    with pytest.raises(RegisterUnavailable, match="this is not it"):
        one.driver.reprint(first)
    assert one.machine.seen.count("8C") == 1
    last = document_of(run(one, sale(plain(), key="c")))
    one.machine.errors["8C"] = deque([0x6B])
    assert one.driver.reprint(last) is Paper.OUT
    one.machine.errors["8C"] = deque([0x56])
    with pytest.raises(RegisterUnavailable, match="no document to print again"):
        one.driver.reprint(last)


def test_the_drawer_is_opened() -> None:
    one = till(options="drawer=1")
    one.driver.open_drawer()
    assert one.machine.drawer_opened == 1 and ("28", b"\x01") in one.machine.operands
    one.machine.errors["28"] = deque([0x37])
    with pytest.raises(RegisterUnavailable, match="does not have the command"):
        one.driver.open_drawer()


def test_a_password_that_was_changed_comes_from_a_secret() -> None:
    one = till(options="password_secret=shtrih_password&admin_secret=shtrih_password")
    one.machine.password = 1234
    document_of(run(one, sale(plain())))
    wrong = till()
    wrong.machine.password = 1234
    with pytest.raises(RegisterUnavailable) as caught:
        wrong.driver.baseline()
    assert caught.value.failure.kind is FailureKind.CONFIGURATION
    assert wrong.machine.seen == ["11"]  # No loop: a register may lock itself.


def test_a_register_that_is_not_the_one_named_is_told() -> None:
    assert till(options="identity=034423").driver.status().reachable
    status = till(options="identity=034424").driver.status()
    assert status.failure is not None and status.failure.kind is FailureKind.CONFIGURATION


@pytest.mark.parametrize("code", ["1F", "FF39", "FF3A", "F7"])
def test_what_is_only_good_to_know_does_not_hold_up_a_sale(code: str) -> None:
    one = till()
    one.machine.errors[code] = deque([0x39] * 50)
    if code == "FF39":
        one.machine.queue = 2
        assert one.driver.status().unsent == 2  # FF3F tells the number too.
        one.machine.errors["FF3F"] = deque([0x37])
        assert one.driver.status().unsent is None
    document = document_of(run(one, sale(plain())))
    assert document.total_tiyn == 25_050
    if code == "1F":
        assert (document.registration_number, document.taxpayer_name) == ("600301234567", "")


def test_a_register_that_is_too_busy_to_say_who_it_is_is_not_taken_for_another() -> None:
    one = till()
    one.machine.errors["0F"] = deque([0x50])
    status = one.driver.status()
    assert not status.reachable and status.failure is not None and status.failure.code == "shtrih:50"
    assert one.driver.status().reachable
    one.machine.has = lambda code: code != "0F"
    one.driver._connected = False
    assert one.driver.baseline().identity == "00034423/9999078900000001"


def test_a_register_that_prints_tells_its_state_and_no_counters() -> None:
    one = till()
    one.machine.printing = 1_000
    status = one.driver.status()
    assert (status.reachable, status.waits_for, status.shift_open) == (True, Waiting.PRINTING, True)
    assert "1B" not in one.machine.seen
    with pytest.raises(RegisterUnavailable, match="the register is printing"):
        one.driver.last_document()
