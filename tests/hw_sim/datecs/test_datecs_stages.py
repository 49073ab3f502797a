"""What each stage of a receipt admits on a simulated Datecs printer; numbers, passwords, invoices, the drawer."""

from __future__ import annotations

import pytest
from datecs_talk import Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
OPEN = {"p": (0x30, "1,0000,1"), "x": (0x30, "1\t1\t1\t\t")}
SUBTOTAL = {"p": (0x33, "00"), "x": (0x33, "0\t0\t\t\t")}
TEXT = {"p": (0x36, "text"), "x": (0x36, "text\t\t\t\t\t\t")}
CANCEL, CLOSE = (0x3C, ""), (0x38, "")


def item(talk: Talk) -> tuple[int, str]:
    return 0x31, talk.item_data()


def pay(talk: Talk, amount: str = "500.00") -> tuple[int, str]:
    return 0x35, talk.pay_data(amount)


def at_stage(protocol: str, stage: str) -> Talk:
    talk = Talk(protocol)
    if stage == "service":
        talk.do(0x26)
    elif stage != "idle":
        talk.open()
        talk.item()
        if stage in ("paying", "paid", "closed"):
            talk.pay("500.00")
        if stage in ("paid", "closed"):
            talk.pay("400.00")
        if stage == "closed":
            talk.close()
    return talk


STEPS = (
    "open", "item", "subtotal", "text", "pay", "close", "cancel", "z", "cash", "service", "service text",
    "service close",
)  # fmt: skip
ALLOWED = {
    "idle": {"open", "z", "cash", "service"},
    "closed": {"open", "z", "cash", "service"},
    "selling": {"item", "subtotal", "text", "pay", "cancel"},
    "paying": {"pay", "text"},
    "paid": {"close", "text"},
    "service": {"service text", "service close"},
}


@PROTOCOLS
@pytest.mark.parametrize("stage", ALLOWED)
@pytest.mark.parametrize(
    "step",
    [
        "open",
        "item",
        "subtotal",
        "text",
        "pay",
        "close",
        "cancel",
        "z",
        "cash",
        "service",
        "service text",
        "service close",
    ],
)
def test_each_stage_admits_its_steps_and_no_other(protocol: str, stage: str, step: str) -> None:
    talk = at_stage(protocol, stage)
    command, data = {
        "open": OPEN[protocol],
        "item": item(talk),
        "subtotal": SUBTOTAL[protocol],
        "text": TEXT[protocol],
        "pay": pay(talk, "100.00"),
        "close": CLOSE,
        "cancel": CANCEL,
        "z": (0x45, "0" if protocol == "p" else "Z\t"),
        "cash": (0x46, "5.00" if protocol == "p" else "0\t5.00\t"),
        "service": (0x26, ""),
        "service text": (0x2A, "text" if protocol == "p" else "text\t"),
        "service close": (0x27, ""),
    }[step]
    before = (talk.document(), talk.state())
    got = talk.ask(command, data)
    taken = not got.data.startswith("F") if (protocol, step) == ("p", "cash") else talk.taken(got)
    assert taken is (step in ALLOWED[stage])
    if not taken:
        assert (talk.document(), talk.state()) == before


@PROTOCOLS
def test_p_and_x_number_receipts_of_the_shift_and_fiscal_ones_apart(protocol: str) -> None:
    talk = Talk(protocol)
    first = talk.sale()
    talk.open()
    talk.do(*CANCEL)
    talk.do(0x26)
    talk.do(0x27)
    last = talk.sale()
    if protocol == "p":
        assert (first.data, last.data) == ("0001,0001", "0004,0002")
        assert talk.do(0x30).data == "0000000"
    else:
        assert (first.data, last.data) == ("0\t1\t", "0\t4\t")
        names = ("nBon", "nFBon", "nLastFiscalDoc", "nFBonDailyCount")
        assert [talk.do(0xFF, f"{name}\t\t\t").fields[0] for name in names] == ["4", "2", "4", "2"]
    assert talk.document() == 4
    assert [row["sign"] for row in talk.memory.rows()] == ["0000001", "0000004"]


def test_the_slip_number_of_x_may_be_the_document_number() -> None:
    talk = Talk("x", slip_is_document=True)
    talk.do(0x45, "X\t")
    assert talk.open().data == "0\t2\t"
    talk.item()
    talk.pay()
    assert talk.do(0x4C).fields[1] == "2"
    assert talk.close().data == "0\t2\t"
    assert talk.do(0x4C).fields[1] == "2"


@PROTOCOLS
def test_a_cancelled_receipt_takes_a_document_number_and_no_fiscal_one(protocol: str) -> None:
    talk = Talk(protocol)
    talk.sale()
    talk.open()
    talk.item()
    got = talk.do(*CANCEL)
    assert "2.3" not in got.bits and talk.document() == 2
    assert talk.memory.cancelled == 1 and len(talk.memory.documents) == 1
    if protocol == "x":
        assert talk.do(0xFF, "nLastFiscalDoc\t\t\t").fields == ["1"]
        assert talk.do(0x6E, "4\t").fields == ["0", "0.00", "1", "900.00"]


@PROTOCOLS
def test_an_empty_receipt_cannot_be_paid(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.refused(*pay(talk))
    talk.do(*CANCEL)


@PROTOCOLS
def test_the_number_of_lines_has_a_limit(protocol: str) -> None:
    talk = Talk(protocol, items_max=3)
    talk.open()
    for _ in range(3):
        talk.item()
    talk.refused(*item(talk))


@PROTOCOLS
def test_an_invoice_takes_its_customer_when_it_is_paid(protocol: str) -> None:
    talk = Talk(protocol)
    talk.do(0x30, "1,0000,1,I" if protocol == "p" else "1\t1\t1\tI\t")
    customer = "123456789" if protocol == "p" else "seller\treceiver\tbuyer\t"
    talk.item()
    talk.refused(0x39, customer)
    talk.pay()
    talk.do(0x39, customer)
    talk.close()
    assert talk.machine.state.journal.records[-1].type_x == 3
    assert talk.machine.state.journal.records[-1].type_p == 1


@PROTOCOLS
def test_three_wrong_passwords_lock_a_p_printer_until_its_power_goes(protocol: str) -> None:
    talk = Talk(protocol)
    wrong = "1,9999,1" if protocol == "p" else "1\t9\t1\t\t"
    for _ in range(2):
        for _ in range(2):
            talk.refused(0x30, wrong)
        talk.sale()  # A right one begins the count anew.
    for _ in range(3):
        talk.refused(0x30, wrong)
    if protocol == "x":
        talk.open()
        return
    assert "1.1" in talk.refused(*OPEN["p"]).bits
    assert "1.1" in talk.refused(0x45, "0").bits
    assert talk.state()[0] == "0"  # It still tells.
    assert talk.do(0x20).data.split(",")[1] == "10"
    talk.machine.power_off()
    talk.machine.power_on()
    talk.clock.sleep(3)
    talk.open()


def test_unique_sale_numbers_are_counted_on_by_the_device() -> None:
    p, x = Talk("p"), Talk("x")
    p.do(0x30, "1,0000,1,DT000600-OP01-0001000")
    p.item()
    p.pay()
    p.close()
    assert p.do(0x30).data == "0001000"
    p.sale()
    assert p.do(0x30).data == "0001001"
    x.do(0x30, "1\t1\tDT700001-OP01-0000007\t1\t\t")
    x.item()
    x.pay()
    x.close()
    assert x.do(0xFF, "UNP\t\t\t").fields == ["DT700001-OP01-0000007"]


@PROTOCOLS
def test_cash_opens_the_drawer(protocol: str) -> None:
    talk = Talk(protocol)
    talk.sale()
    assert talk.machine.mechanics.drawer_kicks == 1
    talk.do(0x6A, "" if protocol == "p" else "\t")
    talk.do(0x6A, "50" if protocol == "p" else "200\t")
    assert talk.machine.mechanics.drawer_open and talk.machine.mechanics.drawer_kicks == 3
