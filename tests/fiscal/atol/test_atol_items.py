"""Lines as items that add up, marking codes as tags, names as bytes, error codes as failures."""

from __future__ import annotations

import pytest
from atol_shop import FULL, GS, PACK, cigarettes, mark, water
from atol_vectors import table
from hypothesis import given
from hypothesis import strategies as st

from fiscal.atol import errors, marks, tlv
from fiscal.atol.items import Piece, pieces
from fiscal.atol.settings import MarkForm, MarkSettings
from fiscal.atol.text import text
from fiscal.failures import FailureKind
from fiscal.money import half_up, line_amount_tiyn
from fiscal.orders import Line

MONEY = st.integers(1, 10_000_000)
QUANTITY = st.integers(1, 200_000)
LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


def amount_of(line: Line) -> int:
    return line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)


@given(MONEY, QUANTITY, st.integers(0, 100))
def test_items_of_any_line_add_up_and_each_is_price_by_quantity(price: int, quantity: int, percent: int) -> None:
    line = water(price_tiyn=price, quantity_milli=quantity)
    line = water(price_tiyn=price, quantity_milli=quantity, discount_tiyn=amount_of(line) * percent // 100)
    found = pieces(line)
    assert sum(piece.sum_tiyn for piece in found) == amount_of(line)
    assert sum(piece.quantity_milli for piece in found) == quantity
    assert all(half_up(piece.price_tiyn * piece.quantity_milli, 1000) == piece.sum_tiyn for piece in found)
    assert len(found) == 1 or min(piece.quantity_milli for piece in found) > 0


@given(MONEY, st.integers(1, 20), st.integers(0, 10_000))
def test_every_marked_unit_is_an_item_of_its_own_and_they_add_up(price: int, units: int, markup: int) -> None:
    codes = tuple(mark(f"{PACK[:-2]}{number:02}") for number in range(units))
    line = water(price_tiyn=price, quantity_milli=1000 * units, markup_tiyn=markup, marks=codes)
    found = pieces(line)
    assert [piece.mark for piece in found] == list(codes)
    assert [piece.number for piece in found] == list(range(units))
    assert sum(piece.sum_tiyn for piece in found) == amount_of(line)
    assert {piece.quantity_milli for piece in found} == {1000}
    assert max(piece.sum_tiyn for piece in found) - min(piece.sum_tiyn for piece in found) <= 1


def test_a_line_without_discount_keeps_its_price() -> None:
    assert pieces(water(price_tiyn=333, quantity_milli=1_500)) == (Piece(333, 1_500, 500),)


def test_a_discount_becomes_a_price_where_that_is_exact_and_two_items_where_it_is_not() -> None:
    assert pieces(water(price_tiyn=1_000, quantity_milli=2_000, discount_tiyn=100)) == (Piece(950, 2_000, 1_900),)
    assert pieces(water(price_tiyn=1_000, quantity_milli=3_000, discount_tiyn=100)) == (
        Piece(966, 2_000, 1_932), Piece(968, 1_000, 968)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (MarkSettings(), FULL.encode()),
        (MarkSettings(form=MarkForm.KI), FULL.partition(GS)[0].encode()),
        (MarkSettings(form=MarkForm.FFD105), bytes.fromhex("444D 046DE29EBC68") + b"5kZ7q_W<2hT9m"),
        (MarkSettings(tag=1163), tlv.encode(1305, FULL.encode())),
    ],
)
def test_a_gs1_code_takes_each_form(settings: MarkSettings, wanted: bytes) -> None:
    assert marks.value(mark(FULL), settings) == wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (MarkSettings(), PACK.encode()),
        (MarkSettings(tag=1163, form=MarkForm.KI), tlv.encode(1306, PACK.encode())),
        (MarkSettings(form=MarkForm.FFD105, prefix=b"\0\5"), b"\0\5" + int(PACK[:14]).to_bytes(6, "big") + b"t1Xrb-x"),
    ],
)  # fmt: skip
def test_a_code_on_a_pack_takes_each_form(settings: MarkSettings, wanted: bytes) -> None:
    assert marks.value(mark(PACK), settings) == wanted


@pytest.mark.parametrize(
    ("code", "form", "words"),
    [("12345", MarkForm.FFD105, "no GTIN"), ("0487024981193ё", MarkForm.FULL, "no marking code has")],
)
def test_a_code_that_cannot_take_a_form_is_refused(code: str, form: MarkForm, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        marks.value(mark(code), MarkSettings(form=form))


def test_names_are_bytes_of_cp866_with_the_vendors_two_exceptions() -> None:
    found = text("Хлеб №5 за 3 $", 40)
    assert found.data == "Хлеб ".encode("cp866") + b"\x245 " + "за 3 ".encode("cp866") + b"\xfc" and not found.changed


def test_kazakh_letters_become_russian_ones_and_each_is_told() -> None:
    found = text(LETTERS, 40)
    assert [wanted for wanted, _ in found.changed] == list(LETTERS) and len(found.data) == len(LETTERS)
    assert b"?" not in found.data
    assert text("Сүт 漢", 40).changed == (("ү", "у"), ("漢", "?"))


@given(st.text(max_size=60), st.integers(1, 40))
def test_any_name_is_cut_and_holds_no_control_byte(name: str, most: int) -> None:
    found = text(name, most)
    assert len(found.data) <= most and all(byte >= 0x20 and byte != 0x7F for byte in found.data)


def test_every_error_of_the_vectors_is_in_the_tables() -> None:
    assert {int(code, 16) for code in table()["errors"]} - {0} <= errors.commands().keys()
    assert {int(code) for code in table("atol_json")["errors"]} - {0} <= errors.driver().keys()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x67, FailureKind.PAPER), (0x88, FailureKind.SHIFT_EXPIRED), (0x9B, FailureKind.OPEN_DOCUMENT),
        (0x8C, FailureKind.CONFIGURATION), (0x08, FailureKind.INVALID), (0x98, FailureKind.REFUSED),
        (0x72, FailureKind.TOTALS), (0xFC, FailureKind.DEVICE), (0x7A, FailureKind.CONFIGURATION),
    ],
)  # fmt: skip
def test_an_error_byte_is_one_kind_of_failure(code: int, kind: FailureKind) -> None:
    found = errors.failure(code, "4A")
    assert (found.kind, found.code, found.place) == (kind, f"atol:{code:02X}", "4A") and found.text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (44, FailureKind.PAPER), (45, FailureKind.PAPER), (68, FailureKind.SHIFT_EXPIRED),
        (82, FailureKind.OPEN_DOCUMENT), (66, FailureKind.TOTALS), (80, FailureKind.REFUSED),
        (999_999, FailureKind.DEVICE), (409, FailureKind.MARK_REFUSED),
    ],
)  # fmt: skip
def test_an_error_number_of_the_driver_is_one_kind_of_failure(code: int, kind: FailureKind) -> None:
    found = errors.driver_failure(code, "sell", "слова")
    assert (found.kind, found.code, found.place) == (kind, f"atol-json:{code}", "sell") and "слова" in found.text


def test_a_marked_line_of_the_shop_is_two_items() -> None:
    assert [piece.sum_tiyn for piece in pieces(cigarettes(discount_tiyn=1))] == [89_999, 90_000]
