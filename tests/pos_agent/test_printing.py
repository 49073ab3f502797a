"""Paper follows the register: what the printer does never changes what was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from shop_till import ShopTill

from fiscal.escpos.layout import MarkForm
from fiscal.escpos.printer import Printer, open_printer
from fiscal.register import Payment, PaymentKind
from pos_agent.config import ConfigError, from_mapping
from pos_agent.printing import NO_PRINTER
from pos_agent.problems import Problem
from pos_agent.sale import SaleState
from pos_agent.stationery import stationery
from sync.wire import Row


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


def test_after_paper_ran_out_in_mid_receipt_the_whole_receipt_hangs_on_a_strip_of_its_own(till: ShopTill) -> None:
    sale, _ = till.with_units()
    out_of_paper(till, 3)
    assert till.pay(sale).printed == "paper_out"
    out_of_paper(till, None)
    assert till.agent.closing.print_again(sale).printed == "ok"
    torn, whole = (piece.text for piece in till.paper.paper.pieces() if piece.text.strip())
    assert whole.count("ФИСКАЛДЫ ЧЕК") == torn.count("ФИСКАЛДЫ ЧЕК") == 1
    assert whole.split() == torn.split(), "what the printer still had in its buffer, then all of it again"
    assert till.paper.paper.symbols


def test_a_cutter_that_was_freed_by_hand_is_woken_by_the_next_print(till: ShopTill) -> None:
    first, second = till.with_units()[0], till.with_units()[0]
    condition = till.paper.condition
    condition.jam_next_cut = True
    assert till.pay(first).printed == "ok", "the receipt is out, only its cut is not"
    assert till.pay(second).printed == "cutter"
    assert till.agent.closing.print_again(second).printed == "cutter", "nobody has opened the cover yet"
    condition.cutter_jammed, condition.cutter_waiting = False, True
    assert till.agent.closing.print_again(second).printed == "ok"
    receipts = [piece for piece in till.paper.paper.pieces() if piece.text.strip()]
    assert [piece.text.count("ФИСКАЛДЫ ЧЕК") for piece in receipts] == [1, 1]


def test_a_receipt_that_may_have_come_out_is_told_and_what_follows_is_a_copy(till: ShopTill) -> None:
    first, second = till.with_units()[0], till.with_units()[0]
    assert till.pay(first).printed == "ok"
    till.paper.condition.busy = True
    assert till.pay(second).printed == "unknown"
    till.paper.condition.busy = False
    till.paper.settle()
    assert till.agent.closing.print_again(second).printed == "ok"
    texts = [piece.text for piece in till.paper.paper.pieces() if piece.text.strip()]
    assert ["ДУБЛИКАТ" in text for text in texts] == [False, False, True]


def test_a_printer_in_a_power_cut_gets_its_page_again_with_the_next_receipt(till: ShopTill) -> None:
    till.pay(till.with_units()[0])
    till.paper.power_cut()
    till.pay(till.with_units()[0])
    assert till.paper.paper.text.count("ФИСКАЛДЫ ЧЕК") == 2


def test_letters_that_had_to_be_replaced_stand_in_the_log_and_in_the_journal(
    till: ShopTill, caplog: pytest.LogCaptureFixture
) -> None:
    printer = till.agent.printing._printer
    assert isinstance(printer, Printer)
    printer.profile = replace(printer.profile, page="cp866", page_number=17)
    sale, _ = till.with_units()
    assert till.pay(sale).printed == "ok"
    told = "letters replaced: "
    assert told in till.rows("printed")[-1]["detail"]
    assert told in caplog.text
    assert "Қ by К" in caplog.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"printer": {"paper": "80"}}, "has 48 letters, one of the printer's paper 58 has 32"),
        ({"printer": {"paper": "80-42"}}, "leave the key out; another head is paper=80-42 in printer.url"),
        ({"printer": {"paper": "90"}}, "is none of 58"),
        ({"receipt": {"tenge": "₸"}}, "cannot draw ₸"),
        ({"printer": {"language": "de"}}, r"printer\.language: 'de' is none of kk\+ru, kk, ru"),
    ],
)
def test_paper_that_the_printer_does_not_have_is_refused_at_the_start(
    change: dict[str, dict[str, str]], said: str
) -> None:
    printer = open_printer("escpos+file:///dev/null?profile=epson-tm-t20-58&raster=never", monotonic=float, sleep=print)
    with pytest.raises(ConfigError, match=said):
        stationery(from_mapping(change), printer)


def test_the_receipt_is_as_wide_as_the_paper_of_the_printer() -> None:
    def width(name: str, paper: str = "") -> int:
        printer = open_printer(f"escpos+file:///dev/null?profile={name}", monotonic=float, sleep=print)
        return stationery(from_mapping({"printer": {"paper": paper}}), printer).paper.columns()

    assert [width("clone-58"), width("epson-tm-t88v"), width("xprinter"), width("xprinter", "80")] == [32, 42, 48, 48]
    assert stationery(from_mapping({}), None).paper.columns() == 48
    drawing = open_printer("escpos+file:///dev/null?profile=clone-58", monotonic=float, sleep=print)
    assert stationery(from_mapping({"receipt": {"tenge": "₸"}}), drawing).tenge == "₸"


def test_the_shop_chooses_the_form_of_marks_and_the_word_for_tenge(tmp_path: Path) -> None:
    chosen = from_mapping({"receipt": {"mark_on_paper": "symbol", "tenge": "теңге"}})
    look = stationery(chosen, None)
    assert (look.mark_form, look.tenge) == (MarkForm.SYMBOL, "теңге")
    with pytest.raises(ConfigError, match="mark_on_paper"):
        from_mapping({"receipt": {"mark_on_paper": "qr"}})


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


def originals(till: ShopTill) -> list[bool]:
    """Each receipt that came out: whether it is an original."""
    return ["ДУБЛИКАТ" not in piece.text for piece in till.paper.paper.pieces() if piece.text.strip()]


def test_a_receipt_that_the_timer_found_is_printed_when_the_payment_is_asked_for_again(till: ShopTill) -> None:
    sale, _ = till.with_units()
    till.silence(made=True)
    with pytest.raises(Problem, match="R-203"):
        till.pay(sale)
    till.sim.webkassa.faults.clear()
    till.agent.closing.settle()
    assert till.agent.till.sale(sale).state is SaleState.FISCALISED
    assert [till.pay(sale).printed, till.pay(sale).printed] == ["ok", "ok"]
    assert originals(till) == [True]


def test_two_calls_of_one_payment_bring_one_paper(till: ShopTill) -> None:
    sale, _ = till.with_units()
    again: list[str] = []

    def asked_again(rows: Sequence[Row]) -> None:
        """The same payment once more, between the document and its paper."""
        if "document_made" in {row.kind for row in rows}:
            again.append(till.pay(sale).printed)

    till.agent.journal.subscribe(asked_again)
    assert till.pay(sale).printed == "ok"
    assert again == ["ok"]
    assert originals(till) == [True]


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


def test_the_drawer_on_the_printers_contact_opens_without_a_receipt(till: ShopTill) -> None:
    till.agent.printing.open_drawer()
    assert till.paper.condition.drawer_open
    assert not [piece for piece in till.paper.paper.pieces() if piece.text.strip()]


def test_a_printer_that_takes_nothing_opens_no_drawer_and_says_why(till: ShopTill) -> None:
    out_of_paper(till, 0)
    with pytest.raises(Problem) as refused:
        till.agent.printing.open_drawer()
    assert (refused.value.kind.code, refused.value.facts) == ("T-122", {"cause": "paper_out"})
    assert not till.paper.condition.drawer_open


def test_without_a_printer_there_is_no_drawer_to_open(tmp_path: Path) -> None:
    built = ShopTill(tmp_path)
    with pytest.raises(Problem) as refused:
        built.agent.printing.open_drawer()
    built.close()
    assert refused.value.kind.code == "T-121"
