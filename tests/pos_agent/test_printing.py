"""Paper follows the register: what the printer does never changes what was made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from fiscal.register import Payment, PaymentKind
from pos_agent.printing import NO_PRINTER
from pos_agent.sale import SaleState


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path, printer=True)
    yield built
    built.close()


def out_of_paper(till: ShopTill, rows: int | None) -> None:
    till.paper.condition.rows_left = rows
    till.paper.settle()


def test_a_paid_sale_is_printed_as_the_original(till: ShopTill) -> None:
    sale, _ = till.with_units()
    assert till.pay(sale).printed == "ok"
    assert till.rows("printed")[-1]["outcome"] == "ok"


@pytest.mark.parametrize("rows", [0, 3])
def test_without_paper_the_receipt_is_fiscal_and_is_printed_when_there_is_some(till: ShopTill, rows: int) -> None:
    sale, _ = till.with_units()
    out_of_paper(till, rows)
    paid = till.pay(sale)
    assert paid.printed == "paper_out"
    assert till.agent.till.sale(sale).state is SaleState.FISCALISED
    assert len(till.receipts()) == 1
    out_of_paper(till, None)
    assert till.agent.closing.print_again(sale).printed == "ok"
    assert [row["outcome"] for row in till.rows("printed")] == ["paper_out", "ok"]
    assert len(till.receipts()) == 1


def test_only_what_follows_an_original_is_a_copy(till: ShopTill) -> None:
    sale, _ = till.with_units()
    drawn: list[list[object]] = []
    printer = till.agent.printing._printer
    assert printer is not None
    original = printer.print_lines

    def watched(lines: object) -> object:
        kept = list(lines)  # type: ignore[call-overload]
        drawn.append(kept)
        return original(kept)

    printer.print_lines = watched  # type: ignore[method-assign,assignment]
    out_of_paper(till, 0)
    till.pay(sale)
    out_of_paper(till, None)
    till.agent.closing.print_again(sale)
    till.agent.closing.print_again(sale)
    assert ["ДУБЛИКАТ" in repr(lines) for lines in drawn] == [False, False, True]


def test_an_autonomous_receipt_says_so_on_paper(till: ShopTill) -> None:
    drawn: list[str] = []
    printer = till.agent.printing._printer
    assert printer is not None
    original = printer.print_lines

    def watched(lines: object) -> object:
        kept = list(lines)  # type: ignore[call-overload]
        drawn.append(repr(kept).lower())
        return original(kept)

    printer.print_lines = watched  # type: ignore[method-assign,assignment]
    online, offline = till.with_units()[0], till.with_units()[0]
    till.pay(online)
    till.sim.webkassa.faults.add("offline")
    assert till.pay(offline).document.offline is True
    assert ["автоном" in text for text in drawn] == [False, True]


def test_without_a_printer_nothing_is_tried_and_nothing_journalled(tmp_path: Path) -> None:
    till = ShopTill(tmp_path)
    sale, _ = till.with_units()
    assert till.pay(sale).printed == NO_PRINTER
    assert till.rows("printed") == []
    till.close()


def test_a_disk_that_fills_up_while_printing_does_not_undo_the_receipt(till: ShopTill) -> None:
    from pos_agent.journal.database import DiskFull

    sale, _ = till.with_units()
    total = till.total(sale)
    journal = till.agent.journal
    original = journal.append

    def full(*events: object, **options: object) -> object:
        if any(event.kind == "printed" for event in events):  # type: ignore[attr-defined]
            raise DiskFull("no space left")
        return original(*events, **options)  # type: ignore[arg-type]

    journal.append = full  # type: ignore[method-assign,assignment]
    paid = till.agent.closing.pay(sale, [Payment(PaymentKind.CASH, total)])
    journal.append = original  # type: ignore[method-assign]
    assert paid.printed == "ok"
    assert till.agent.till.sale(sale).state is SaleState.FISCALISED
