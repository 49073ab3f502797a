"""The vendor's own form of a receipt on our paper: columns, bold, QR, logo; and a form that cannot be printed."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from webkassa_talk import CHECK, OK, PRINT, error, run

from fiscal.escpos.job import render
from fiscal.escpos.labels import Language
from fiscal.escpos.lines import PAPER_58, PAPER_80, PAPER_80_42, Cut, Feed, Font, Paper, Picture, Qr, Text
from fiscal.escpos.profiles import profile
from fiscal.https.fields import AnswerMalformed
from fiscal.register import Baseline, Done, Receipt, RegisterUnavailable
from fiscal.webkassa.print_form import PrintForm, print_form
from fiscal.webkassa.wire import decode

QR_TEXT = "http://ctest.wofd.kz/consumer?i=1445261360149&f=660377756642&s=19500.00&t=20241114T121323"


def form_of(body: str, paper: Paper) -> PrintForm:
    return print_form(decode(body.encode()), paper)


def made(*lines: dict[str, Any], paper: Paper = PAPER_80) -> PrintForm:
    return print_form(decode(json.dumps({"Data": {"Lines": list(lines)}}).encode()), paper)


def texts(form: PrintForm) -> list[str]:
    return [line.text for line in form.lines if isinstance(line, Text)]


def test_the_published_form_stands_in_the_middle_of_80_mm(reads: dict[str, Any]) -> None:
    form = form_of(reads["form"]["body"], PAPER_80)
    lines = [line for line in form.lines if isinstance(line, Text)]
    assert len(lines) == 54
    assert {line.font for line in lines} == {Font.A}
    # It is 36 cells wide: 12 of 48 are left, half of them on the left.
    assert lines[3].text == " " * 6 + "-" * 36
    assert lines[9].text == " " * 6 + "САТУ/ПРОДАЖА                      №1"
    assert [line.text.strip() for line in lines if line.bold] == [
        "БАРЛЫҒЫ/ИТОГО:             19 500,00", "ФИСКАЛДЫ ЧЕК/ФИСКАЛЬНЫЙ ЧЕК",
    ]  # fmt: skip
    assert form.notes == ()


def test_on_58_mm_it_takes_the_small_font_as_a_whole(reads: dict[str, Any]) -> None:
    """36 columns do not fit the 32 of the large font, and single small lines would not stand under each other."""
    for name in ("form", "form_ru"):
        lines = [line for line in form_of(reads[name]["body"], PAPER_58).lines if isinstance(line, Text)]
        assert {line.font for line in lines} == {Font.B}
        assert max(len(line.text) for line in lines) <= 42


def test_a_form_that_fits_the_large_font_of_58_mm_keeps_it() -> None:
    assert [line.font for line in made({"Value": "x" * 32}, paper=PAPER_58).lines if isinstance(line, Text)] == [Font.A]


def test_the_qr_is_printed_exactly_as_sent_and_has_its_quiet_zone(reads: dict[str, Any]) -> None:
    lines = form_of(reads["form"]["body"], PAPER_80).lines
    at = lines.index(Qr(QR_TEXT))
    assert (lines[at - 1], lines[at + 1], lines[-1]) == (Feed(), Feed(), Cut())


def test_lines_are_in_the_order_of_their_numbers_and_two_of_one_number_as_they_came(reads: dict[str, Any]) -> None:
    assert [text.strip() for text in texts(form_of(reads["form_copy"]["body"], PAPER_80))] == [
        "ДУБЛИКАТ", "ОРГАНИЗАЦИЯ 1",
    ]  # fmt: skip
    mixed = made({"Order": 2, "Value": "b"}, {"Order": 1, "Value": "a"}, {"Order": 10, "Value": "c"})
    assert [text.strip() for text in texts(mixed)] == ["a", "b", "c"]


def test_a_line_wider_than_any_font_is_broken_and_nothing_of_it_is_lost() -> None:
    form = made({"Value": "x" * 100}, {"Value": "  y"}, paper=PAPER_80_42)
    assert texts(form) == ["x" * 56, "x" * 44, "  y"]


def test_a_line_carries_no_printer_command() -> None:
    form = made({"Value": "a\x1b@b\ndef"})
    assert "\x1b" not in texts(form)[0]
    assert texts(form)[0].split() == ["a", "@b", "def"]


def png(width: int) -> str:
    out = BytesIO()
    Image.new("L", (width, 2), 0).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_a_logo_is_a_picture_of_the_paper_s_width_at_most() -> None:
    for value in (png(1152), "data:image/png;base64," + png(1152), png(1152)[:50] + "\r\n" + png(1152)[50:]):
        form = made({"Type": 1, "Value": value})
        (logo,) = [line for line in form.lines if isinstance(line, Picture)]
        assert (logo.width, logo.height, form.notes) == (576, 1, ())


@pytest.mark.parametrize("value", ["", "no base64!", base64.b64encode(b"no picture").decode()])
def test_a_logo_that_is_no_picture_is_left_out_and_told(value: str) -> None:
    form = made({"Type": 1, "Value": value}, {"Value": "text"})
    assert texts(form) == [" " * 22 + "text"]
    assert form.notes[0].startswith("Data.Lines[0]: the picture ")


BAD: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no lines": ([], "Data.Lines"),
    "a kind of tomorrow": ([{"Type": 3, "Value": "a"}], "Data.Lines[0].Type"),
    "an empty qr": ([{"Value": "a"}, {"Type": 2, "Value": ""}], "Data.Lines[1].Value"),
    "a text too long": ([{"Value": "a" * 1001}], "Data.Lines[0].Value"),
    "a qr too long": ([{"Type": 2, "Value": "a" * 2001}], "Data.Lines[0].Value"),
    "a picture too long": ([{"Type": 1, "Value": "A" * 800_000}], "Data.Lines[0].Value"),
    "a value that is no text": ([{"Value": {"a": 1}}], "Data.Lines[0].Value"),
    "an order in words": ([{"Order": "first", "Value": "a"}], "Data.Lines[0].Order"),
    "more lines than a roll": ([{"Value": "a"}] * 5001, "Data.Lines"),
}


@pytest.mark.parametrize(("lines", "place"), BAD.values(), ids=BAD.keys())
def test_half_a_fiscal_receipt_is_never_printed(lines: list[dict[str, Any]], place: str) -> None:
    with pytest.raises(AnswerMalformed) as malformed:
        made(*lines)
    assert malformed.value.place == place


def test_the_form_goes_through_the_printer_s_own_bytes(reads: dict[str, Any]) -> None:
    job = render(form_of(reads["form_ru"]["body"], PAPER_58).lines, profile("generic-58"))
    assert job.notes == ()
    assert job.missing == ()


@pytest.mark.parametrize(
    ("language", "accept", "secondary"),
    [(Language.KK_RU, "kk-KZ", "ru-RU"), (Language.KK, "kk-KZ", None), (Language.RU, "ru-RU", None)],
)
def test_the_languages_go_as_headers_of_this_request_alone(
    box: Any, register: Any, sale: Receipt, base: Baseline, language: Language, accept: str, secondary: str | None
) -> None:
    box.always(PRINT, {"Data": {"Lines": [{"Value": "a"}]}})
    box.always(CHECK, OK)
    register.reading.print_form("k", PAPER_80, language)
    run(register, sale, base)
    headers = {seen.path: seen.headers for seen in box.requests}
    assert headers[PRINT].get("accept-language") == accept
    assert headers[PRINT].get("secondary-language") == secondary
    assert not {"accept-language", "secondary-language"} & set(headers[CHECK])


@pytest.mark.parametrize(("paper", "kind"), [(PAPER_80, 0), (PAPER_80_42, 0), (PAPER_58, 3)])
@pytest.mark.parametrize("copy", [True, False])
def test_the_paper_and_the_copy_are_named_in_the_request(
    box: Any, register: Any, paper: Paper, kind: int, copy: bool
) -> None:
    box.always(PRINT, {"Data": {"Lines": [{"Value": "a"}]}})
    register.reading.print_form("till7-000000123-sale", paper, copy=copy)
    (asked,) = box.asked(PRINT)
    assert (asked["PaperKind"], asked["IsDuplicate"]) == (kind, copy)
    assert (asked["ExternalCheckNumber"], asked["CashboxUniqueNumber"]) == ("till7-000000123-sale", "SWK00000001")


def test_a_form_that_fails_never_touches_the_sale(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    box.always(CHECK, OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    for answer in ({"status": 500, "body": b"<html>"}, {"cut": "instead"}, {"body": error(19)}, {"body": {"Data": {}}}):
        box.then(PRINT, **answer)
        with pytest.raises(RegisterUnavailable) as told:
            register.reading.print_form(sale.key, PAPER_80)
        assert told.value.failure.place.startswith(PRINT)
    box.always(PRINT, {"Data": {"Lines": [{"Value": "a"}]}})
    assert texts(register.reading.print_form(sale.key, PAPER_80))
    assert len(box.asked(CHECK)) == 1
