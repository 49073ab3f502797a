"""JSON tasks of driver 10 on the simulated register: receipts, shifts, cash, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from atol_host import Clock
from atol_web import GOOD, Client, marked, sell

from hw_sim.ledger import Operation

CASHIER = {"name": "Асель", "vatin": "010100000001"}


def test_a_sale_opens_a_closed_shift_by_itself_and_the_number_rises_by_two(client: Client) -> None:
    before = client.last_number()
    params = client.result(sell(300.0, 125.5))["fiscalParams"]
    assert params == {
        "fiscalDocumentDateTime": "2026-07-15T10:30:00+05:00",
        "fiscalDocumentNumber": before + 2,
        "fiscalDocumentSign": client.sim.memory.documents[0].sign,
        "fiscalReceiptNumber": 1,
        "fnNumber": "9999078900012345",
        "fnsUrl": "kgd.gov.kz",
        "registrationNumber": "0000000001002292",
        "shiftNumber": 1,
        "total": 425.5,
    }
    assert client.sim.memory.papers == ["shift 1", "sale 2"]


def test_a_shift_is_opened_and_closed_once(client: Client) -> None:
    opened = client.result({"type": "openShift", "operator": CASHIER})["fiscalParams"]
    assert (opened["fiscalDocumentNumber"], opened["shiftNumber"]) == (1, 1)
    assert "total" not in opened and "fiscalReceiptNumber" not in opened
    assert client.code({"type": "openShift"}) == 83
    client.result(sell(300.0))
    client.result(sell(300.0))
    closed = client.result({"type": "closeShift"})["fiscalParams"]
    assert (closed["fiscalDocumentNumber"], closed["shiftNumber"], closed["receiptsCount"]) == (4, 1, 2)
    assert client.code({"type": "closeShift"}) == 73
    assert client.result({"type": "getShiftStatus"}) == {"shiftStatus": {"number": 1, "state": "closed"}}


def test_the_shift_status_tells_when_it_ends_and_that_it_has(client: Client, clock: Clock) -> None:
    client.result({"type": "openShift"})
    status = client.result({"type": "getShiftStatus"})["shiftStatus"]
    assert status == {"number": 1, "state": "opened", "expiredTime": "2026-07-16T10:30:00+05:00"}
    clock.sleep(24 * 3600 + 1)
    assert client.result({"type": "getShiftStatus"})["shiftStatus"]["state"] == "expired"
    assert client.result({"type": "getDeviceStatus"})["deviceStatus"]["shift"] == "expired"
    assert client.code(sell(300.0)) == 68
    client.result({"type": "closeShift"})
    client.result(sell(300.0))


@pytest.mark.parametrize(
    ("kind", "operation", "cash"),
    [
        ("sell", Operation.SALE, 130_000),
        ("sellReturn", Operation.SALE_RETURN, 70_000),
        ("buy", Operation.PURCHASE, 70_000),
        ("buyReturn", Operation.PURCHASE_RETURN, 130_000),
    ],
)
def test_every_receipt_moves_the_drawer_its_own_way(client: Client, kind: str, operation: Operation, cash: int) -> None:
    client.result({"type": "cashIn", "cashSum": 1000})
    client.result(sell(300.0, kind=kind))
    assert client.sim.memory.documents[-1].operation is operation
    assert client.sim.memory.cash_tiyn == cash


def test_a_receipt_keeps_its_lines_taxes_payments_and_change(client: Client) -> None:
    item = {"type": "position", "name": "Сок", "price": 125.5, "quantity": 2, "amount": 251, "department": 3}
    texts = [{"type": "text", "text": "спасибо"}, {**item, "tax": {"type": "vat12"}}]
    payments = [{"type": "cash", "sum": 200}, {"type": "electronically", "sum": 101.0}, {"type": "2", "sum": 0}]
    client.result({"type": "sell", "items": texts, "payments": payments, "operator": CASHIER, "taxationType": "osn"})
    (sale,) = client.sim.memory.documents
    assert (sale.total, sale.change, sale.tax) == (Decimal(251), Decimal(50), Decimal("26.89"))
    assert sale.payments == ((1, Decimal(200)), (2, Decimal(101)))
    (row,) = sale.positions
    assert (row["price_tiyn"], row["quantity_milli"], row["sum_tiyn"], row["section"]) == (12_550, 2_000, 25_100, 3)
    assert client.sim.memory.cash_tiyn == 15_000


def test_a_tax_may_be_given_as_a_sum(client: Client) -> None:
    task = sell(300.0)
    task["items"][0]["tax"] = {"type": "vat12", "sum": 30.01}
    client.result(task)
    assert client.sim.memory.documents[0].tax == Decimal("30.01")


def test_a_total_may_be_rounded_down_by_less_than_a_tenge(client: Client) -> None:
    assert client.result(sell(300.99, total=300))["fiscalParams"]["total"] == 300
    assert client.code(sell(300.99, total=299.99)) == 227
    assert client.code(sell(300.99, total=301)) == 227


@pytest.mark.parametrize(
    ("task", "code"),
    [
        (sell(300.0, paid=299.99), 66),
        ({**sell(300.0), "payments": [{"type": "electronically", "sum": 300.01}]}, 52),
        ({**sell(300.0), "payments": []}, 66),
        ({**sell(300.0), "items": []}, 227),
        (sell(300.0, kind="sellReturn"), 53),
        ({"type": "cashOut", "cashSum": 0.01}, 80),
        ({"type": "cashIn", "cashSum": 0}, 16),
        (sell(-300.0), 16),
        (sell(300.0, paid=-300.0), 16),
        ({**sell(300.0), "items": [{**sell(300.0)["items"][0], "quantity": 0}]}, 17),
        ({"type": "printLastReceiptCopy"}, 91),
        ({"type": "closeShift"}, 73),
    ],
)
def test_a_register_refuses_and_files_no_receipt(client: Client, task: dict[str, Any], code: int) -> None:
    assert client.code(task) == code
    assert client.sim.memory.documents == []
    assert client.sim.server.register.kkm.receipt is None


def changed(task: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The task with one field changed; "items.0.price" is a path, ... takes the field away."""
    name, _, rest = path.partition(".")
    if isinstance(task, list):
        return [changed(entry, rest, value) if str(place) == name else entry for place, entry in enumerate(task)]
    if rest:
        return {**task, name: changed(task[name], rest, value)}
    return {key: held for key, held in {**task, name: value}.items() if held is not ...}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("items", ...),
        ("items", {}),
        ("items", [1]),
        ("items.0.type", ...),
        ("items.0.type", "picture of a cat"),
        ("items.0.name", ...),
        ("items.0.name", 5),
        ("items.0.price", ...),
        ("items.0.price", "300"),
        ("items.0.price", True),
        ("items.0.price", 1e300),
        ("items.0.quantity", ...),
        ("items.0.amount", ...),
        ("items.0.tax", "none"),
        ("items.0.tax.type", "vat99"),
        ("items.0.imcParams.imc", ...),
        ("items.0.imcParams.imcType", "imcOfDreams"),
        ("items.0.imcParams.imcType", 255),
        ("items.0.imcParams.itemEstimatedStatus", "itemStolen"),
        ("items.0.imcParams.imcModeProcessing", "0"),
        ("items.0.imcParams.itemInfoCheckResult", {"imcCheckFlag": True}),
        ("payments", ...),
        ("payments.0.type", "shells"),
        ("payments.0.type", "99"),
        ("payments.0.sum", ...),
        ("operator", {"vatin": "1"}),
        ("taxationType", "none at all"),
        ("electronically", "yes"),
        ("validateMarkingCodes", 1),
        ("total", "300"),
    ],
)
def test_a_field_that_is_missing_or_misshapen_is_error_501(client: Client, path: str, value: object) -> None:
    whole = marked(sell(300.0), itemInfoCheckResult=GOOD, imcModeProcessing=0)
    assert client.code(changed(whole, path, value)) == 501
    assert client.sim.memory.documents == []
    assert client.result(whole)["fiscalParams"]["total"] == 300


def test_a_task_nobody_knows_is_error_501(client: Client) -> None:
    assert client.code({"type": "makeCoffee"}) == 501
    assert client.code({"kind": "sell"}) == 501


def test_what_another_program_left_open_is_cancelled_first(client: Client) -> None:
    client.sim.server.faults.add("foreign_receipt", "sell")
    client.result(sell(300.0))
    assert (client.sim.memory.cancelled, len(client.sim.memory.documents)) == (1, 1)


def test_cash_goes_in_and_out_and_is_no_fiscal_document(client: Client) -> None:
    client.result({"type": "openShift"})
    assert client.result({"type": "cashIn", "cashSum": 10_000})["counters"] == {"cashSum": 10_000}
    assert client.result({"type": "cashOut", "cashSum": 0.5, "operator": CASHIER})["counters"] == {"cashSum": 9_999.5}
    assert client.last_number() == 1
    drawer = client.result({"type": "getCashDrawerStatus"})
    assert drawer == {"counters": {"cashSum": 9_999.5}, "cashDrawerStatus": {"cashDrawerOpened": False}}


def test_the_rest_of_the_tasks_do_what_they_say(client: Client) -> None:
    client.result(sell(300.0))
    for task in ("reportX", "printLastReceiptCopy", "continuePrint", "openCashDrawer"):
        assert client.result({"type": task}) is None
    assert client.sim.memory.papers == ["shift 1", "sale 2", "X", "copy 2"]
    assert client.sim.machine.mechanics.drawer_kicks == 1


def test_a_receipt_can_go_without_paper(client: Client) -> None:
    client.result({"type": "openShift"})
    client.sim.machine.end_paper()
    assert client.code(sell(300.0)) == 44
    assert "warnings" not in client.result(sell(300.0, electronically=True))


@pytest.mark.parametrize(("how", "code"), [("paper", 44), ("cover", 45), ("link", 46)])
def test_each_reason_not_to_print_has_its_code(client: Client, how: str, code: int) -> None:
    register = client.sim.server.register
    register.mechanics.paper = how != "paper"
    register.mechanics.cover_open = how == "cover"
    register.kkm.printer_link = how != "link"
    assert client.code({"type": "openShift"}) == code
    status = client.result({"type": "getDeviceStatus"})["deviceStatus"]
    assert (status["paperPresent"], status["coverOpened"]) == (how != "paper", how == "cover")
