"""What stands on paper: the sixteen fields, widths, languages, marks, copies, returns, reports."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.escpos.compose import chunks, moment, money, percent, quantity, wrap
from fiscal.escpos.labels import Language, labels
from fiscal.escpos.layout import MarkForm, layout_receipt
from fiscal.escpos.layout_reports import Till, layout_cash, layout_shift_report
from fiscal.escpos.lines import PAPER_58, PAPER_80, PAPER_80_42, Cut, Drawer, Font, Paper, PrintLine, Qr, Text
from fiscal.register import (
    CashDirection,
    CashDocument,
    CashMove,
    FiscalDocument,
    Line,
    Mark,
    Operation,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
    ShiftReport,
)

PAPERS = [PAPER_58, PAPER_80_42, PAPER_80]
QR = "http://cabinet.wofd.kz/consumer?i=367645207&f=032600010282&s=500.00&t=20250914T165537"
FULL = '010487000492002521LhL;qE"Ab!Cd5\x1d91KZF0\x1d92' + "dGVzdA+/" * 10 + "abc="
MARK = Mark(FULL, FULL.split("\x1d", maxsplit=1)[0])
SHOES = Line(
    "Обувь мужская летняя",
    50000,
    1000,
    796,
    1600,
    name_kk="Ерлер етігі",
    gtin="04870004920025",
    ntin="0200123456789",
    marks=(MARK,),
)
CHEESE = Line("Сыр", 123456, 1500, 166, 500, name_kk="Ірімшік", discount_tiyn=1000)
SALE = Receipt("k1", Operation.SALE, (SHOES,), (Payment(PaymentKind.CASH, 100000),), cashier="Айгерім")
DOCUMENT = FiscalDocument(
    fiscal_sign="367645207", at="2025-09-14T16:55:37+05:00", number=28, shift=154, offline=False, total_tiyn=50000,
    qr=QR, identity="SWK00030767", registration_number="032600010282", taxpayer_name="ТОО «Пример»",
    taxpayer_xin="123456789012", address="г. Алматы, пр. Абая, 10", address_kk="Алматы қ., Абай даңғ., 10",
    ofd_name="АО «Казахтелеком»", ofd_host="consumer.oofd.kz",
)  # fmt: skip


def texts(lines: tuple[PrintLine, ...]) -> list[Text]:
    return [line for line in lines if isinstance(line, Text)]


def flow(lines: tuple[PrintLine, ...]) -> str:
    """The words in reading order, whatever the wrapping."""
    return " ".join(" ".join(line.text for line in texts(lines)).split())


def fits(lines: tuple[PrintLine, ...], paper: Paper) -> bool:
    return all(len(line.text) <= paper.columns(line.font, wide=line.wide) for line in texts(lines))


KK = ["БСН", "Мекенжайы", "КЗН", "КТН (МКК БКМ коды)", "Чектің реттік нөмірі", "Ерлер етігі", "Таңбалау коды", "дана",
      "Құны", "БАРЛЫҒЫ", "Фискалдық деректер операторы", "Чекті тексеру үшін сайтқа кіріңіз", "Күні, уақыты",
      "Фискалдық белгі", "соның ішінде ҚҚС 16%", "ФИСКАЛДЫ ЧЕК", "САТУ", "Ауысым", "Кассашы"]  # fmt: skip
RU = ["БИН", "Адрес", "ЗНМ", "Код ККМ КГД (РНМ)", "Порядковый номер чека", "Обувь мужская летняя", "Код маркировки",
      "шт", "Стоимость", "ИТОГО", "Оператор фискальных данных", "Для проверки чека зайдите на сайт", "Дата, время",
      "Фискальный признак", "в т.ч. НДС 16%", "ФИСКАЛЬНЫЙ ЧЕК", "ПРОДАЖА", "Смена", "Кассир"]  # fmt: skip


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
@pytest.mark.parametrize("language", Language)
def test_all_sixteen_fields_stand_on_every_width_in_every_language_mode(paper: Paper, language: Language) -> None:
    lines = layout_receipt(SALE, DOCUMENT, paper, language)
    said = flow(lines)
    for value in (
        "ТОО «Пример»",  # 1 taxpayer
        "123456789012",  # 3 BIN
        "SWK00030767",  # 4 factory number
        "032600010282",  # 5 registration number
        " 28 ",  # 6 receipt number
        "04870004920025",  # 8 GTIN
        "0200123456789",  # 8 NTIN
        "x 500,00",  # 10 price
        "500,00 тг",  # 11 total
        "АО «Казахтелеком»",  # 12 OFD
        "consumer.oofd.kz",  # 12 site
        "14.09.2025 16:55:37",  # 13
        "367645207",  # 14
        "68,97",  # 15
    ):
        assert value in said, value
    wanted = {Language.KK: KK, Language.RU: RU, Language.KK_RU: KK + RU}[language]
    for words in wanted:  # 7, 9 and the names of all the others
        assert words in said, words
    address = {Language.KK: ["Абай даңғ."], Language.RU: ["пр. Абая"]}.get(language, ["Абай даңғ.", "пр. Абая"])
    assert all(part in said for part in address)  # 2
    assert [line.data for line in lines if isinstance(line, Qr)] == [QR]  # 16
    assert fits(lines, paper)
    assert lines[-1] == Cut()


def test_one_language_leaves_the_other_out() -> None:
    assert "ИТОГО" not in flow(layout_receipt(SALE, DOCUMENT, PAPER_80, Language.KK))
    assert "БАРЛЫҒЫ" not in flow(layout_receipt(SALE, DOCUMENT, PAPER_80, Language.RU))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_a_marking_code_is_printed_whole_in_the_small_font(paper: Paper) -> None:
    lines = layout_receipt(SALE, DOCUMENT, paper)
    small = "".join(line.text for line in texts(lines) if line.font is Font.B)
    assert FULL.replace("\x1d", "") in small
    assert MARK.ki in "".join(
        line.text for line in texts(layout_receipt(SALE, DOCUMENT, paper, mark_form=MarkForm.KI)) if line.font is Font.B
    )


def test_every_mark_of_a_line_is_printed() -> None:
    marks = tuple(Mark(f"01048700049200252100{i:05d}", "") for i in range(30))
    receipt = replace(SALE, lines=(replace(SHOES, quantity_milli=30000, marks=marks),))
    said = flow(layout_receipt(receipt, replace(DOCUMENT, total_tiyn=1500000), PAPER_58))
    assert all(mark.full in said for mark in marks)


def test_a_control_character_inside_a_code_is_shown_by_its_number() -> None:
    receipt = replace(SALE, lines=(replace(SHOES, marks=(Mark("01AB\x1bCD\x1dEF", ""),)),))
    assert "01AB<1B>CDEF" in flow(layout_receipt(receipt, DOCUMENT, PAPER_58))


def test_an_offline_receipt_says_that_it_was_made_autonomously() -> None:
    online = flow(layout_receipt(SALE, DOCUMENT, PAPER_58))
    offline = flow(layout_receipt(SALE, replace(DOCUMENT, offline=True), PAPER_58))
    for words in ("АВТОНОМДЫ РЕЖИМДЕ", "АВТОНОМНЫЙ РЕЖИМ"):
        assert words in offline
        assert words not in online


def test_a_copy_is_marked_at_both_ends_and_leaves_the_drawer_shut() -> None:
    lines = layout_receipt(SALE, DOCUMENT, PAPER_58, copy=True, drawer=True)
    assert flow(lines).count("КӨШІРМЕ") == flow(lines).count("ДУБЛИКАТ") == 2
    assert Drawer() not in lines
    original = layout_receipt(SALE, DOCUMENT, PAPER_58, drawer=True)
    assert original[0] == Drawer()
    assert "ДУБЛИКАТ" not in flow(original)


def test_change_payments_discounts_and_every_vat_rate_are_told() -> None:
    book = Line("Кітап", 30000, 1000, 796, None)
    exported = Line("Нан", 10000, 2000, 796, 0)
    paid = (Payment(PaymentKind.CASH, 250000), Payment(PaymentKind.CARD, 60000))
    receipt = replace(SALE, lines=(SHOES, CHEESE, book, exported), payments=paid)
    said = flow(layout_receipt(receipt, replace(DOCUMENT, total_tiyn=284184), PAPER_80))
    for words in (
        "Жеңілдік / Скидка -10,00",
        "соның ішінде ҚҚС 16% / в т.ч. НДС 16% 68,97",
        "соның ішінде ҚҚС 5% / в т.ч. НДС 5% 87,71",
        "соның ішінде ҚҚС 0% / в т.ч. НДС 0% 0,00",
        "ҚҚС-сыз / без НДС 300,00",
        "Қолма-қол / Наличные 2 500,00",
        "Банк картасы / Банковская карта 600,00",
        "Қайтарым / Сдача 258,16",
        "1,5 кг x 1 234,56",
        "БАРЛЫҒЫ / ИТОГО 2 841,84 тг",
    ):
        assert words in said, words
    assert "Округление" not in said


def test_a_rounding_of_the_register_is_shown_so_that_the_paper_adds_up() -> None:
    assert "Дөңгелектеу / Округление -0,50" in flow(layout_receipt(SALE, replace(DOCUMENT, total_tiyn=49950), PAPER_80))


def test_a_return_prints_the_five_facts_of_its_basis() -> None:
    basis = ReturnBasis("999888777", "2025-09-01T10:00:00+00:00", "032600099999", 777700, offline=True)
    receipt = replace(SALE, operation=Operation.SALE_RETURN, basis=basis)
    said = flow(layout_receipt(receipt, DOCUMENT, PAPER_58))
    for words in ("ВОЗВРАТ ПРОДАЖИ", "САТУДЫ ҚАЙТАРУ", "Основание возврата", "999888777", "01.09.2025 15:00:00",
                  "032600099999", "7 777,00", "иә / да"):  # fmt: skip
        assert words in said, words


def test_a_customer_number_is_printed_on_request_and_an_iin_is_called_an_iin() -> None:
    receipt = replace(SALE, customer_xin="910101300123", order_number="A-7")
    said = flow(layout_receipt(receipt, replace(DOCUMENT, taxpayer_xin="910101300999"), PAPER_80))
    assert "910101300123" in said
    assert "ЖСН / ИИН 910101300999" in said
    assert "A-7" in said


def test_a_document_without_optional_parts_still_prints() -> None:
    bare = FiscalDocument("1", "yesterday", 1, 1, False, 50000, "", "Z", "R")
    lines = layout_receipt(SALE, bare, PAPER_58)
    assert not any(isinstance(line, Qr) for line in lines)
    assert "yesterday" in flow(lines)


def test_an_unknown_unit_prints_its_code() -> None:
    assert "1 [99999] x" in flow(
        layout_receipt(replace(SALE, lines=(replace(SHOES, unit_code=99999),)), DOCUMENT, PAPER_58)
    )


REPORT = ShiftReport("2026-09-14T22:00:00+05:00", 7, 154, True, 40, 12345600, 38, 50000, 2, 999900, 100000, 50000,
                     opened_at="2026-09-14T08:00:00+05:00")  # fmt: skip
TILL = Till("ТОО «Пример»", "123456789012", "г. Алматы", "SWK00030767", "032600010282", "Айгерім")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_a_z_report_says_what_the_shift_took(paper: Paper) -> None:
    lines = layout_shift_report(REPORT, paper, till=TILL)
    said = flow(lines)
    for words in ("Z-ОТЧЁТ", "154", "14.09.2026 08:00:00", "14.09.2026 22:00:00", "123 456,00", "38", "500,00",
                  "9 999,00 тг", "1 000,00", "SWK00030767", "Документов"):  # fmt: skip
        assert words in said, words
    assert fits(lines, paper)
    assert "X-ОТЧЁТ" in flow(layout_shift_report(replace(REPORT, closed=False), paper))


@pytest.mark.parametrize("language", Language)
def test_a_cash_slip_says_the_sum_and_opens_the_drawer(language: Language) -> None:
    move = CashMove("c1", CashDirection.OUT, 500000)
    document = CashDocument("2026-09-14T22:00:00+05:00", 154, 100000, offline=True)
    lines = layout_cash(move, document, PAPER_58, language, till=TILL, drawer=True)
    assert lines[0] == Drawer()
    assert "5 000,00 тг" in flow(lines)
    assert "1 000,00" in flow(lines)
    assert fits(lines, PAPER_58)
    if language is not Language.KK:
        assert "ИЗЪЯТИЕ" in flow(lines)
        assert "АВТОНОМНЫЙ" in flow(lines)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0,00"), (5, "0,05"), (123456, "1 234,56"), (-1000, "-10,00"), (100000000, "1 000 000,00")]
)
def test_money_is_written_with_a_comma_and_spaces(value: int, shown: str) -> None:
    assert money(value) == shown


def test_quantities_percents_and_moments_are_written_short() -> None:
    assert [quantity(value) for value in (1000, 1500, 333, 20)] == ["1", "1,5", "0,333", "0,02"]
    assert [percent(value) for value in (1600, 0, 1250)] == ["16%", "0%", "12,5%"]
    assert moment("2025-09-14T11:55:37Z") == "14.09.2025 16:55:37"
    assert moment("2025-09-14T16:55:37") == "14.09.2025 16:55:37"
    assert moment("0001-01-01T00:00:00+10:00") == "0001-01-01T00:00:00+10:00"


def test_words_wrap_at_spaces_and_then_hard() -> None:
    assert wrap("ab cde fghijklmno p", 5) == ["ab", "cde", "fghij", "klmno", "p"]
    assert wrap("", 5) == [""]
    assert chunks("abcdefg", 3) == ["abc", "def", "g"]


def test_every_label_has_both_languages_and_a_source() -> None:
    for key, label in labels().items():
        assert label.kk and label.ru, key
        assert label.source in {"law", "vendor", "unit", "ours"}, key


NAMES = st.text(st.one_of(st.characters(), st.sampled_from(" {}\x1b\x1d\n\tқңөІ₸😀\u200d\ufe0f…«»")), max_size=120)


def test_a_name_with_braces_is_printed_as_it_is() -> None:
    said = flow(
        layout_receipt(replace(SALE, lines=(replace(SHOES, name="Кабель {USB", name_kk="{rate}"),)), DOCUMENT, PAPER_58)
    )
    assert "Кабель {USB" in said
    assert "{rate}" in said


@given(NAMES, NAMES, st.sampled_from(PAPERS), st.sampled_from(list(Language)))
def test_any_name_fits_the_paper_and_carries_no_control_character(
    name: str, other: str, paper: Paper, language: Language
) -> None:
    line = replace(SHOES, name=name, name_kk=other)
    document = replace(DOCUMENT, taxpayer_name=other, ofd_host=name, address=name)
    receipt = replace(SALE, lines=(line,), cashier=name, order_number=other)
    lines = layout_receipt(receipt, document, paper, language, copy=True)
    assert fits(lines, paper)
    assert not any(ord(char) < 0x20 or char == "\x7f" for one in texts(lines) for char in one.text)


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=300), st.sampled_from(PAPERS)
)
def test_any_code_comes_back_whole_from_its_lines(code: str, paper: Paper) -> None:
    lines = layout_receipt(replace(SALE, lines=(replace(SHOES, marks=(Mark(code, code),)),)), DOCUMENT, paper)
    small = "".join(line.text for line in texts(lines) if line.font is Font.B)
    assert small.endswith(code)
    assert fits(lines, paper)
