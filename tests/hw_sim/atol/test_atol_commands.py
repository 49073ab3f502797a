"""The command layer of the simulated ATOL register: what each command does, shows and refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from atol_host import OK, Clock, Host, bcd, item, old_item

from hw_sim.atol.receipt import tax_inside
from hw_sim.device.simulated import Simulated
from hw_sim.ledger import Operation


def refused(code: int) -> bytes:
    return bytes((0x55, code, 0))


@pytest.mark.parametrize("command", [0x9A, 0x92, 0xEA, 0xEB, 0x4A, 0x59, 0x49, 0x4F, 0x67, 0x5A])
def test_a_command_of_another_mode_is_refused(sim: Simulated, connect: Callable[..., Host], command: int) -> None:
    assert connect(sim).do(command, b"\0") == refused(0x66)


def test_one_mode_is_left_before_another_is_entered(host: Host) -> None:
    assert host.do(0x56, b"\x03" + bcd(30, 4)) == refused(0x66)
    assert host.do(0x48) == OK
    assert host.do(0x56, b"\x03" + bcd(30, 4)) == OK
    assert host.do(0x45) == b"\x55\x03\0"


@pytest.mark.parametrize(("mode", "password", "answer"), [(1, 31, 0x8C), (3, 1, 0x8C), (9, 30, 0x66), (0, 0, 0x66)])
def test_a_mode_wants_its_password(
    sim: Simulated, connect: Callable[..., Host], mode: int, password: int, answer: int
) -> None:
    assert connect(sim).do(0x56, bytes((mode,)) + bcd(password, 4)) == refused(answer)


def test_the_access_password_stands_before_every_command(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(access_password=1234))
    assert host.do(0x3F) == refused(0x8C)
    answer = host.say(b"\xc1\x01\x02\x12\x34\x3f")
    assert answer is not None
    assert answer[:2] == b"\xa3\x44"


def test_a_mode_is_not_left_with_an_open_receipt(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    assert host.do(0x48) == refused(0x9B)


def test_a_shift_is_opened_once_and_its_opening_is_a_document(host: Host) -> None:
    assert host.do(0x9A, b"\0") == OK
    assert host.last_number() == 1
    assert host.do(0x9A, b"\0") == refused(0x9C)
    assert host.last_number() == 1
    assert host.memory.papers == ["shift 1"]


def test_a_test_flag_changes_nothing(host: Host) -> None:
    assert host.do(0x9A, b"\x01") == OK
    assert host.do(0x92, b"\x01\x01") == OK
    assert host.do(0x49, b"\x01" + bcd(5000, 5)) == OK
    assert host.do(0x4A, b"\x01\x01" + bcd(5000, 5)) == OK
    assert (host.memory.shift, host.memory.documents, host.register.kkm.receipt) == (None, [], None)


def test_a_receipt_opens_a_closed_shift_by_itself_and_the_number_rises_by_two(host: Host) -> None:
    before = host.last_number()
    assert host.sell(30_000) == OK
    assert host.last_number() == before + 2


def test_a_register_may_want_the_shift_opened_before(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(auto_open_shift=False))
    host.enter(1)
    assert host.do(0x92, b"\0\x01") == refused(0x8F)
    assert host.do(0x49, b"\0" + bcd(5000, 5)) == refused(0x8F)
    assert host.do(0x9A, b"\0") == OK
    assert host.sell(30_000) == OK


def test_a_sale_is_kept_with_its_lines_sums_and_change(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    for params in (item(90_000, name="Сигареты"), item(12_550, 2_000, name="Сок")):
        assert host.do(0xEA, b"\0\x01\0") == OK
        assert host.do(0xEB, params) == OK
    assert host.do(0x4A, b"\0\x01" + bcd(120_000, 5)) == OK
    (sale,) = host.memory.documents
    assert (sale.operation, sale.total, sale.change) == (Operation.SALE, Decimal("1151"), Decimal("49"))
    assert (sale.shift, sale.order_number, sale.document_number) == (1, 1, 2)
    assert [(row["name"], row["price_tiyn"], row["quantity_milli"], row["sum_tiyn"]) for row in sale.positions] == [
        ("Сигареты", 90_000, 1_000, 90_000),
        ("Сок", 12_550, 2_000, 25_100),
    ]
    assert sale.marks == ()  # No public source knows a command for them.
    assert host.memory.cash_tiyn == 115_100


@pytest.mark.parametrize(
    ("kind", "operation", "cash"),
    [
        (1, Operation.SALE, 130_000),
        (2, Operation.SALE_RETURN, 70_000),
        (4, Operation.PURCHASE, 70_000),
        (5, Operation.PURCHASE_RETURN, 130_000),
    ],
)
def test_every_receipt_type_moves_the_drawer_its_own_way(
    host: Host, kind: int, operation: Operation, cash: int
) -> None:
    assert host.do(0x49, b"\0" + bcd(100_000, 5)) == OK
    assert host.do(0x92, bytes((0, kind))) == OK
    assert host.do(0x3F)[22] == kind
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(30_000))
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == OK
    assert host.memory.documents[-1].operation is operation
    assert host.memory.cash_tiyn == cash
    assert host.do(0x4D) == b"\x4d" + bcd(cash, 7)
    assert host.do(0x91, b"\x33\0\0")[7] == kind


def test_a_card_leaves_the_drawer_alone(host: Host) -> None:
    assert host.sell(30_000, payment=2) == OK
    assert host.memory.cash_tiyn == 0
    assert host.memory.documents[0].payments == ((2, Decimal(300)),)


@pytest.mark.parametrize(
    ("payment", "given", "code"),
    [(1, 29_999, 0x86), (2, 30_001, 0x71), (0x11, 30_000, 0x7E), (0, 30_000, 0x7E)],
)
def test_a_wrong_payment_closes_nothing(host: Host, payment: int, given: int, code: int) -> None:
    assert host.sell(30_000, given=given, payment=payment) == refused(code)
    assert host.register.kkm.receipt is not None
    assert host.memory.documents == []
    assert host.do(0x4A, b"\0\x01" + bcd(30_000, 5)) == OK


def test_more_than_the_drawer_holds_is_not_given_back(host: Host) -> None:
    host.do(0x92, b"\0\x02")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(30_000))
    assert host.do(0x4A, b"\0\x01" + bcd(30_000, 5)) == refused(0x73)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (item(30_000, amount=30_002), 0x08),
        (item(0), 0x08),
        (item(30_000, 0, amount=0), 0x0A),
        (item(30_000)[:40], 0x14),
        (b"\0" + b"\xaa" + item(30_000)[2:], 0x13),
    ],
)
def test_a_wrong_item_is_refused_and_the_receipt_stays(host: Host, params: bytes, code: int) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    assert host.do(0xEB, params) == refused(code)
    assert host.do(0xEB, item(30_000)) == OK


def test_a_discount_lowers_the_line_and_its_tax(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    params = bytearray(item(30_000, amount=25_000))
    params[20], params[31:39] = 1, b"\0" + bcd(5_000, 7)  # 20 % inside; the discount's sign and size.
    assert host.do(0xEB, bytes(params)) == OK
    assert host.do(0x4A, b"\0\x01" + bcd(25_000, 5)) == OK
    (sale,) = host.memory.documents
    assert (sale.total, sale.tax) == (Decimal(250), Decimal("41.67"))


@pytest.mark.parametrize(
    ("amount", "rate", "tax"),
    [(14, 1200, 2), (13, 1200, 1), (3, 2000, 1), (2, 2000, 0), (25_100, 1200, 2_689), (30_000, 0, 0)],
)
def test_the_tax_inside_a_sum_is_rounded_half_up(amount: int, rate: int, tax: int) -> None:
    assert tax_inside(amount, rate) == tax


def test_an_item_is_begun_before_it_is_finished(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    assert host.do(0xEB, item(30_000)) == refused(0x66)
    assert host.do(0xEA, b"\0\x01\0") == OK
    assert host.do(0xEA, b"\0\x01\0") == refused(0x66)
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == refused(0x66)  # Nothing is closed between the two.


def test_an_old_model_takes_items_in_one_command_and_only_so(
    build: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(build(model="ffd10"))
    host.enter(1)
    host.do(0x92, b"\0\x01")
    assert host.do(0xE6, old_item(12_550, 2_000, "Сок")) == OK
    assert host.do(0xEA, b"\0\x01\0") == refused(0x7A)
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == OK
    (sale,) = host.memory.documents
    assert (sale.total, sale.positions[0]["name"]) == (Decimal(251), "Сок")


def test_a_new_model_does_not_know_the_old_item(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    assert host.do(0xE6, old_item(30_000)) == refused(0x7A)


def test_a_receipt_without_items_is_not_closed(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == refused(0x86)


@pytest.mark.parametrize("command", [(0x59, b""), (0x4A, b"\0\x01" + bcd(0, 5)), (0xEA, b"\0\x01\0")])
def test_without_a_receipt_there_is_nothing_to_go_on_with(host: Host, command: tuple[int, bytes]) -> None:
    assert host.do(*command) == refused(0x9A)


def test_a_cancelled_receipt_is_no_document(host: Host) -> None:
    host.do(0x9A, b"\0")
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(30_000))
    assert host.do(0x59) == OK
    assert host.last_number() == 1
    assert (host.memory.documents, host.memory.cancelled) == ([], 1)
    assert host.do(0x3F)[22] == 0


def test_an_open_receipt_keeps_other_work_out(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    for command, params in ((0x92, b"\0\x01"), (0x49, b"\0" + bcd(1, 5)), (0x95, b"")):
        assert host.do(command, params) == refused(0x9B)


def test_an_unknown_receipt_type_is_refused(host: Host) -> None:
    assert host.do(0x92, b"\0\x03") == refused(0x6A)


def test_cash_goes_in_and_out_and_is_no_fiscal_document(host: Host) -> None:
    host.do(0x9A, b"\0")
    assert host.do(0x49, b"\0" + bcd(1_000_000, 5)) == OK
    assert host.do(0x4F, b"\0" + bcd(400_000, 5)) == OK
    assert host.do(0x4D) == b"\x4d" + bcd(600_000, 7)
    assert host.do(0x4F, b"\0" + bcd(600_001, 5)) == refused(0x98)
    assert host.last_number() == 1
    assert [document.operation for document in host.memory.documents] == [Operation.CASH_IN, Operation.CASH_OUT]


def test_the_x_report_changes_nothing(host: Host) -> None:
    host.sell(30_000)
    before = host.memory.totals()
    host.enter(2)
    assert host.do(0x67, b"\x02") == refused(0xA3)
    assert host.do(0x67, b"\x01") == OK
    assert host.memory.totals() == before
    assert host.memory.papers[-1] == "X"


def test_the_z_report_closes_the_shift_and_is_polled_until_it_is_on_paper(host: Host, clock: Clock) -> None:
    host.sell(30_000)
    host.enter(3)
    assert host.do(0x5A) == OK
    modes = []
    for _ in range(5):
        modes.append(host.do(0x3F)[17])
        clock.sleep(1.0)
    assert modes == [0x23, 0x23, 0x17, 0x03, 0x03]
    status = host.do(0x3F)
    assert (status[9] & 2, status[20:22]) == (0, b"\0\x02")
    assert host.last_number() == 3
    (closed,) = host.memory.closed
    assert (closed.number, closed.sums_tiyn[Operation.SALE], closed.cash_tiyn) == (1, 30_000, 30_000)
    assert host.do(0x5A) == refused(0x8F)


def test_nothing_but_questions_is_taken_while_the_z_report_is_printed(host: Host) -> None:
    host.sell(30_000)
    host.enter(3)
    host.do(0x5A)
    assert host.do(0x48) == refused(0x66)
    assert host.do(0x45)[1] == 0x23


def test_receipts_are_numbered_anew_in_every_shift(host: Host, clock: Clock) -> None:
    host.sell(30_000)
    host.sell(30_000)
    assert host.do(0x3F)[18:22] == b"\0\x02\0\x01"
    host.enter(3)
    host.do(0x5A)
    clock.sleep(5.0)
    host.enter(1)
    host.sell(30_000)
    assert host.do(0x3F)[18:22] == b"\0\x01\0\x02"
    assert host.memory.documents[-1].document_number == 6  # Opening, two sales, closing, opening, sale.


def test_the_status_shows_an_open_receipt_and_its_sum(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(12_550, 2_000))
    status = host.do(0x3F)
    assert (status[22], status[23:28]) == (1, bcd(25_100, 5))
    assert len(status) == 30


def test_the_status_shows_paper_cover_and_drawer(host: Host) -> None:
    mechanics = host.register.mechanics
    assert host.do(0x3F)[9] & 0x2C == 0x08
    mechanics.paper, mechanics.cover_open, mechanics.drawer_open = False, True, True
    assert host.do(0x3F)[9] & 0x2C == 0x24


def test_the_last_sale_and_the_last_document_are_two_questions(host: Host, clock: Clock) -> None:
    host.sell(30_000)
    sale = host.do(0x91, b"\x34\0\0")
    assert sale == host.do(0x91, b"\x33\0\0")
    assert sale[:15] == b"\x55\0" + bcd(2, 5) + b"\x01" + bcd(30_000, 7)
    assert sale[15:20].hex() == "1507261030"
    assert sale[20:25].hex() == host.memory.documents[0].sign
    host.enter(3)
    host.do(0x5A)
    clock.sleep(5.0)
    assert host.last_number() == 3
    assert host.do(0x91, b"\x33\0\0") == sale
    assert host.do(0x91, b"\x35\0\0") == refused(0x6C)


def test_a_new_register_has_no_last_document(host: Host) -> None:
    assert host.do(0x91, b"\x34\0\0") == b"\x55\0" + bytes(26)


def test_a_document_can_be_read_from_the_storage_by_its_number(host: Host) -> None:
    host.sell(30_000, 12_550)
    assert host.do(0xA4, b"\x31") == b"\x55\09999078900012345"
    head = host.do(0xA4, b"\x45\0\0\0\x02")
    assert head[:4] == b"\x55\0\0\x03"
    blocks = b""
    while len(blocks) < int.from_bytes(head[4:6], "big"):
        blocks += host.do(0xA4, b"\x46")[2:]
    tags = dict(tags_of(blocks))
    assert int.from_bytes(tags[1040], "little") == 2
    assert int.from_bytes(tags[1020], "little") == 42_550
    assert (tags[1054], int.from_bytes(tags[1031], "little")) == (b"\x01", 42_550)
    assert tags[1037] == b"0000000001002292    "
    assert host.do(0xA4, b"\x46") == refused(0x18)
    assert host.do(0xA4, b"\x45\0\0\0\x01")[2:4] == b"\0\x02"  # The opening of the shift.
    assert host.do(0xA4, b"\x45\0\0\0\x09") == refused(0xDA)


def tags_of(data: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(data):
        number, size = (int.from_bytes(data[at + part : at + part + 2], "little") for part in (0, 2))
        found.append((number, data[at + 4 : at + 4 + size]))
        at += 4 + size
    assert at == len(data)
    return found


def test_the_end_of_a_shift_can_be_read_from_the_storage_too(host: Host, clock: Clock) -> None:
    host.sell(30_000)
    host.enter(3)
    host.do(0x5A)
    clock.sleep(5.0)
    head = host.do(0xA4, b"\x45\0\0\0\x03")
    assert head[2:4] == b"\0\x05"
    blocks = b""
    while len(blocks) < int.from_bytes(head[4:6], "big"):
        blocks += host.do(0xA4, b"\x46")[2:]
    assert int.from_bytes(dict(tags_of(blocks))[1118], "little") == 1


def test_a_copy_is_printed_when_there_is_a_document(host: Host) -> None:
    assert host.do(0x95) == refused(0xAA)
    host.sell(30_000)
    assert host.do(0x95) == OK
    assert host.memory.papers == ["shift 1", "sale 2", "copy 2"]


def test_the_knife_and_the_drawer_are_moved(host: Host) -> None:
    assert host.do(0x75, b"\0") == OK
    assert host.do(0x80) == OK
    assert host.memory.papers == ["cut"]
    assert host.register.mechanics.drawer_kicks == 1


@pytest.mark.parametrize(
    ("command", "params", "code"),
    [
        (0x3F, b"\0", 0x14),
        (0x92, b"\0", 0x14),
        (0x9A, b"", 0x14),
        (0xA4, b"", 0x14),
        (0xA4, b"\x99", 0xF2),
        (0x33, b"", 0xF2),
    ],
)
def test_an_unknown_or_misshapen_command_is_refused(host: Host, command: int, params: bytes, code: int) -> None:
    assert host.do(command, params) == refused(code)


def test_a_model_may_lack_a_command(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    assert connect(build(lacks=frozenset({0x80}))).do(0x80) == refused(0x7A)


@pytest.mark.parametrize("flag", [0x04, 0x02])
def test_a_receipt_can_go_without_paper(
    build: Callable[..., Simulated], connect: Callable[..., Host], flag: int
) -> None:
    host = connect(build(do_not_print_flag=flag))
    host.enter(1)
    host.do(0x9A, b"\0")
    host.register.end_paper()
    assert host.do(0x92, bytes((flag, 1))) == OK
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(30_000))
    assert host.do(0x4A, b"\0\x01" + bcd(0, 5)) == OK
    assert host.memory.papers == ["shift 1"]
    assert len(host.memory.documents) == 1
