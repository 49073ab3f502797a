"""What an ATOL register shows after a mishap at every point of a receipt, and which mishaps it can be told to have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from atol_host import OK, Clock, Host, bcd, item, wrapped

from hw_sim.device.machine import POWER_PAUSE_S
from hw_sim.device.simulated import Simulated

CLOSE_300 = b"\0\x01" + bcd(30_000, 5)
NO_PAPER = b"\x55\x67\0"


@pytest.fixture
def open_shift(host: Host) -> Host:
    """In mode 1, the shift open: the last document is 1."""
    assert host.do(0x9A, b"\0") == OK
    return host


def begun(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(30_000))


def restarted(host: Host, clock: Clock) -> None:
    """The plug is in again, the host has connected."""
    host.register.power_on()
    clock.sleep(POWER_PAUSE_S)
    host.line.open()


def shown(host: Host) -> tuple[int, bytes, int, int]:
    """Receipt state, its sum, shift, last document: what recovery goes by."""
    status = host.do(0x3F)
    return status[22], status[23:28], int(status[20:22].hex()), host.last_number()


@pytest.mark.parametrize(
    ("command", "params", "fault", "state", "total", "number"),
    [
        (0x92, b"\0\x01", "power_off_before", 0, 0, 1),
        (0x92, b"\0\x01", "power_off_after", 1, 0, 1),
        (0x4A, CLOSE_300, "power_off_before", 1, 30_000, 1),
        (0x4A, CLOSE_300, "power_off_during", 0, 0, 2),
        (0x4A, CLOSE_300, "power_off_after", 0, 0, 2),
        (0x4A, CLOSE_300, "hang_up_before", 1, 30_000, 1),
        (0x4A, CLOSE_300, "hang_up_after", 0, 0, 2),
        (0x59, b"", "power_off_before", 1, 30_000, 1),
        (0x59, b"", "power_off_after", 0, 0, 1),
    ],
)
def test_what_stands_after_a_command_that_was_cut_short(
    open_shift: Host, clock: Clock, command: int, params: bytes, fault: str, state: int, total: int, number: int
) -> None:
    if command != 0x92:
        begun(open_shift)
    open_shift.register.faults.add(fault, f"{command:02X}")
    with pytest.raises(ConnectionResetError):
        open_shift.add(command, params)
        open_shift.heard(5.0)
    restarted(open_shift, clock)
    assert shown(open_shift) == (state, bcd(total, 5), 1, number)


@pytest.mark.parametrize(("fault", "total"), [("power_off_before", 0), ("power_off_after", 30_000)])
def test_an_item_is_registered_or_not_when_the_power_goes(
    open_shift: Host, clock: Clock, fault: str, total: int
) -> None:
    open_shift.do(0x92, b"\0\x01")
    open_shift.do(0xEA, b"\0\x01\0")
    open_shift.register.faults.add(fault, "EB")
    with pytest.raises(ConnectionResetError):
        open_shift.add(0xEB, item(30_000))
    restarted(open_shift, clock)
    assert shown(open_shift) == (1, bcd(total, 5), 1, 1)


def test_a_receipt_may_be_lost_with_the_power(
    build: Callable[..., Simulated], connect: Callable[..., Host], clock: Clock
) -> None:
    host = connect(build(receipt_survives_power=False))
    host.enter(1)
    host.do(0x9A, b"\0")
    begun(host)
    host.register.power_off()
    restarted(host, clock)
    assert shown(host) == (0, bcd(0, 5), 1, 1)


def test_power_that_goes_while_a_command_is_at_work_leaves_it_undone(open_shift: Host, clock: Clock) -> None:
    begun(open_shift)
    open_shift.add(0x4A, CLOSE_300)
    open_shift.register.power_off()
    restarted(open_shift, clock)
    assert open_shift.ask() == b"\xb3"
    assert shown(open_shift) == (1, bcd(30_000, 5), 1, 1)


def test_the_mode_is_lost_with_the_power(open_shift: Host, clock: Clock) -> None:
    open_shift.register.power_off()
    restarted(open_shift, clock)
    assert open_shift.do(0x45)[1] == 0
    assert open_shift.do(0x92, b"\0\x01") == b"\x55\x66\0"


@pytest.mark.parametrize(("fault", "shift", "number"), [("power_off_before", 1, 2), ("power_off_during", 2, 3)])
def test_a_z_report_is_done_or_not_when_the_power_goes(
    open_shift: Host, clock: Clock, fault: str, shift: int, number: int
) -> None:
    open_shift.sell(30_000)
    open_shift.enter(3)
    open_shift.register.faults.add(fault, "5A")
    with pytest.raises(ConnectionResetError):
        open_shift.add(0x5A)
    restarted(open_shift, clock)
    assert shown(open_shift) == (0, bcd(0, 5), shift, number)
    assert bool(open_shift.do(0x3F)[9] & 2) == (shift == 1)


def test_the_power_may_go_between_the_opening_of_the_shift_and_the_receipt(host: Host, clock: Clock) -> None:
    """The number has risen by one, and the receipt is not in the storage: only its kind tells."""
    host.register.faults.add("power_off_during", "92")
    with pytest.raises(ConnectionResetError):
        host.add(0x92, b"\0\x01")
    restarted(host, clock)
    assert shown(host) == (0, bcd(0, 5), 1, 1)
    assert host.do(0xA4, b"\x45\0\0\0\x01")[2:4] == b"\0\x02"


def test_no_paper_before_the_close_leaves_the_receipt_open(open_shift: Host) -> None:
    begun(open_shift)
    open_shift.register.faults.add("paper_out_before", "4A")
    assert open_shift.do(0x4A, CLOSE_300) == NO_PAPER
    assert shown(open_shift) == (1, bcd(30_000, 5), 1, 1)
    assert open_shift.do(0x45)[2] == 1
    open_shift.register.load_paper()
    assert open_shift.do(0x4A, CLOSE_300) == OK


def test_paper_that_ends_during_the_close_refuses_a_receipt_that_is_fiscal(open_shift: Host) -> None:
    begun(open_shift)
    open_shift.register.faults.add("paper_out_during", "4A")
    assert open_shift.do(0x4A, CLOSE_300) == NO_PAPER
    assert shown(open_shift) == (0, bcd(0, 5), 1, 2)
    assert open_shift.do(0x59) == b"\x55\x9a\0"  # Nothing to cancel.
    assert open_shift.memory.papers == ["shift 1"]
    open_shift.register.load_paper()
    assert open_shift.memory.papers == ["shift 1", "sale 2"]


def test_a_print_is_finished_on_command_where_the_register_does_not_do_so_itself(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(prints_on_its_own=False))
    host.enter(1)
    host.do(0x9A, b"\0")
    begun(host)
    host.register.faults.add("paper_out_during", "4A")
    assert host.do(0x4A, CLOSE_300) == NO_PAPER
    assert host.do(0x55) == NO_PAPER
    host.register.load_paper()
    assert host.do(0x92, b"\0\x01") == b"\x55\x76\0"  # First the old one.
    assert host.do(0x55) == OK
    assert host.memory.papers == ["shift 1", "sale 2"]
    assert host.do(0x55) == OK  # Nothing more to print is no error.
    assert host.sell(30_000) == OK


def test_paper_that_ends_after_the_close_is_met_by_the_next_command(open_shift: Host) -> None:
    begun(open_shift)
    open_shift.register.faults.add("paper_out_after", "4A")
    assert open_shift.do(0x4A, CLOSE_300) == OK
    assert open_shift.memory.papers[-1] == "sale 2"
    assert open_shift.do(0x92, b"\0\x01") == NO_PAPER


def test_paper_that_ends_in_the_middle_of_a_receipt_stops_its_items(open_shift: Host) -> None:
    open_shift.do(0x92, b"\0\x01")
    open_shift.do(0xEA, b"\0\x01\0")
    open_shift.register.end_paper()
    assert open_shift.do(0xEB, item(30_000)) == NO_PAPER


@pytest.mark.parametrize("how", ["cover", "link"])
def test_an_open_cover_and_a_lost_printer_are_the_same_error(open_shift: Host, how: str) -> None:
    if how == "cover":
        open_shift.register.mechanics.cover_open = True
    else:
        open_shift.register.kkm.printer_link = False
    assert open_shift.do(0x92, b"\0\x01") == b"\x55\x68\0"


def test_after_a_day_only_the_z_report_is_left(open_shift: Host, clock: Clock) -> None:
    open_shift.sell(30_000)
    begun(open_shift)
    clock.sleep(24 * 3600 + 60)
    assert open_shift.do(0x4A, CLOSE_300) == b"\x55\x88\0"
    assert open_shift.do(0x59) == OK
    assert open_shift.do(0x92, b"\0\x01") == b"\x55\x88\0"
    open_shift.enter(3)
    assert open_shift.do(0x5A) == OK
    clock.sleep(5.0)
    open_shift.enter(1)
    assert open_shift.sell(30_000) == OK


def test_a_shift_can_be_made_a_day_old(open_shift: Host) -> None:
    open_shift.register.faults.add("shift_over_24h", "92")
    assert open_shift.do(0x92, b"\0\x01") == b"\x55\x88\0"


def test_a_receipt_left_open_by_another_program_is_in_the_way(open_shift: Host) -> None:
    open_shift.register.faults.add("foreign_receipt", "92", total=7_700)
    assert open_shift.do(0x92, b"\0\x01") == b"\x55\x9b\0"
    assert shown(open_shift) == (1, bcd(7_700, 5), 1, 1)
    assert open_shift.do(0x59) == OK
    assert open_shift.sell(30_000) == OK


@pytest.mark.parametrize(("fault", "ours", "theirs"), [("foreign_sale", 3, 2), ("foreign_sale_after", 2, 3)])
def test_another_program_sells_before_or_after_ours(open_shift: Host, fault: str, ours: int, theirs: int) -> None:
    match = "92" if fault == "foreign_sale" else "4A"
    open_shift.register.faults.add(fault, match, total=7_700)
    assert open_shift.sell(30_000) == OK
    numbers = {document.total: document.document_number for document in open_shift.memory.documents}
    assert numbers == {300: ours, 77: theirs}
    assert open_shift.last_number() == 3


@pytest.mark.parametrize(("mode", "command", "params"), [(2, 0x67, b"\x01"), (3, 0x5A, b"")])
def test_a_foreign_receipt_keeps_reports_out(open_shift: Host, mode: int, command: int, params: bytes) -> None:
    open_shift.enter(mode)
    open_shift.register.faults.add("foreign_receipt", f"{command:02X}")
    assert open_shift.do(command, params) == b"\x55\x9b\0"


def test_another_program_cannot_sell_in_a_shift_that_is_too_old(open_shift: Host) -> None:
    open_shift.register.faults.add("shift_over_24h", "3F")
    open_shift.register.faults.add("foreign_sale", "3F")
    open_shift.do(0x3F)
    assert open_shift.memory.documents == []


def test_what_is_glued_behind_a_packet_that_cuts_the_line_is_not_done(open_shift: Host) -> None:
    open_shift.register.faults.add("hang_up_before", "92")
    first = wrapped(1, b"\xc1\x01\x80\0\0\x92\0\x01")
    open_shift.line.write(first + wrapped(2, b"\xc1\x01\x81\0\0\x92\0\x01"))
    open_shift.line.open()
    assert shown(open_shift)[0] == 0


def test_another_program_is_refused_too(open_shift: Host) -> None:
    begun(open_shift)
    open_shift.register.faults.add("foreign_sale", "4A")
    assert open_shift.do(0x4A, CLOSE_300) == OK
    assert len(open_shift.memory.documents) == 1
    (note,) = (note for note in open_shift.register.frames if note.name == "foreign_sale")
    assert note.about.startswith("refused")


@pytest.mark.parametrize(
    ("fault", "by", "shown_before", "sold_as"), [("counter_jump", 5, 6, 7), ("counter_back", 1, 0, 2)]
)
def test_the_counter_may_jump_or_show_too_little(
    open_shift: Host, fault: str, by: int, shown_before: int, sold_as: int
) -> None:
    open_shift.register.faults.add(fault, "3F", by=by)
    open_shift.do(0x3F)
    assert open_shift.last_number() == shown_before
    assert open_shift.sell(30_000) == OK
    assert open_shift.memory.documents[0].document_number == sold_as


def test_the_clock_may_be_wrong(open_shift: Host) -> None:
    open_shift.register.faults.add("clock_offset", "92", seconds=-3600)
    open_shift.sell(30_000)
    assert open_shift.do(0x91, b"\x33\0\0")[15:20].hex() == "1507260930"
    assert open_shift.do(0x3F)[3:7].hex() == "26071509"


@pytest.mark.parametrize("code", [0x01, 0x67, 0xFC])
def test_any_error_code_can_be_had(open_shift: Host, code: int) -> None:
    open_shift.register.faults.add("error", "4A", code=code)
    begun(open_shift)
    assert open_shift.do(0x4A, CLOSE_300) == bytes((0x55, code, 0))
    assert shown(open_shift) == (1, bcd(30_000, 5), 1, 1)


def test_the_number_of_the_storage_tells_a_changed_register(open_shift: Host) -> None:
    open_shift.register.kkm.fn.serial = "9999078900099999"
    assert open_shift.do(0xA4, b"\x31")[2:] == b"9999078900099999"
