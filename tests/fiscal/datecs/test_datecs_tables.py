"""Errors, status bits, sums, dates and text of Datecs printers."""

from __future__ import annotations

import datetime as dt

import pytest
from datecs_printer import FULL
from datecs_vectors import FRAMES, name_of
from hypothesis import given
from hypothesis import strategies as st

from fiscal.datecs.errors import WRONG_PASSWORD, parse, shipped
from fiscal.datecs.status import P_BITS, X_BITS, Status
from fiscal.datecs.text import GsForm, encode, mark_lines, name_lines
from fiscal.datecs.values import AnswerBroken, Bare, count, dated, moment, number, rate, stamped, tenge, tiyn, units
from fiscal.failures import FailureKind

ALMATY = dt.timedelta(hours=5)
BITS = {"P": P_BITS, "X": X_BITS}


def test_a_published_error_number_has_its_kind_and_words() -> None:
    meaning = shipped()["X"].meaning(-111016)
    assert (meaning.kind, meaning.text) == (FailureKind.REFUSED, "no receipt is open")
    assert shipped()["P"].meaning(204).kind is FailureKind.SHIFT_EXPIRED
    assert shipped()["X"].meaning(-110811).kind is FailureKind.SHIFT_EXPIRED
    assert shipped()["X"].meaning(-112103).kind is FailureKind.INVALID


@pytest.mark.parametrize("code", [0, -4, 5, 999, 100000, -111038, 200000, 10**8])
def test_a_number_nobody_lists_is_a_refusal_and_never_a_success(code: int) -> None:
    for table in shipped().values():
        meaning = table.meaning(code)
        assert meaning.kind is FailureKind.REFUSED and meaning.text


def test_the_error_tables_are_in_order_and_their_passwords_are_set_up_wrong() -> None:
    for protocol, table in shipped().items():
        assert len(table.rows) > 40, protocol
        assert all(meaning.text for _first, _last, meaning in table.rows)
    assert all(shipped()["P" if code < 1000 else "X"].meaning(code).kind is FailureKind.CONFIGURATION
               for code in WRONG_PASSWORD)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P = [[2, 3, 'refused', 'a'], [3, 4, 'refused', 'b']]", "row 3 is out of order"),
        ("P = [[2, 1, 'refused', 'a']]", "row 2 is out of order"),
        ("P = [[1, 2, 'refusd', 'a']]", "refusd"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


@pytest.mark.parametrize("row", [row for row in FRAMES if "bits" in row["values"]], ids=name_of)
def test_the_golden_status_bytes_read_as_their_bits(row: dict[str, object]) -> None:
    values = row["values"]
    assert isinstance(values, dict)
    status = Status(bytes.fromhex(str(row["status"])), BITS[str(row["protocol"])])
    assert sorted(status.set_bits()) == sorted(values["bits"])


def status(*names: str, protocol: str = "P") -> Status:
    raw = bytearray(b"\x80" * (6 if protocol == "P" else 8))
    for name in ("5.3", *names):
        raw[int(name[0])] |= 1 << int(name[2])
    return Status(bytes(raw), BITS[protocol])


@pytest.mark.parametrize(
    ("names", "kind", "code"),
    [
        (("0.5", "2.0"), FailureKind.PAPER, "2.0"),
        (("0.6",), FailureKind.PAPER, "0.6"),
        (("0.5", "0.0"), FailureKind.INVALID, "0.0"),
        (("0.5", "0.1"), FailureKind.CONFIGURATION, "0.1"),
        (("0.5", "1.1"), FailureKind.REFUSED, "1.1"),
        (("0.5", "1.1", "1.0"), FailureKind.INVALID, "1.0"),
        (("0.5", "1.1", "0.2"), FailureKind.CLOCK, "0.2"),
        (("0.5", "1.1", "2.2"), FailureKind.DEVICE, "2.2"),
        (("4.5", "4.0"), FailureKind.DEVICE, "4.0"),
        (("0.5", "1.2"), FailureKind.DEVICE, "1.2"),
    ],
)
def test_of_several_bits_the_one_a_person_can_mend_explains_a_failure(
    names: tuple[str, ...], kind: FailureKind, code: str
) -> None:
    found = status(*names).reason()
    assert found is not None and (found[0], found[1].kind) == (code, kind)


def test_a_printer_at_peace_explains_nothing_and_is_not_blocked() -> None:
    calm = status("2.1", "2.3", "4.2")
    assert calm.reason() is None and calm.blocked() == ""
    assert "not in fiscal mode" in Status(b"\x80" * 6, P_BITS).blocked()
    assert status("1.2").blocked() == "the memory of the printer was reset"
    # X: not synchronised with a time server is no fault, and its bit 1.2 means nothing.
    assert status("0.2", "1.2", protocol="X").blocked() == ""
    assert not Status(b"", P_BITS).has("2.3")


def test_sums_go_out_with_a_point_and_come_back_with_or_without() -> None:
    assert [tenge(90_000), tenge(5), tenge(-12_345)] == ["900.00", "0.05", "-123.45"]
    assert [units(1_000), units(1_500), units(7)] == ["1.000", "1.500", "0.007"]
    for text, expected in {"900.00": 90_000, "+000090000": 90_000, "-12.5": -1_250, " 0.05 ": 5}.items():
        assert tiyn(text, Bare.TIYN) == expected
    assert tiyn("000000900", Bare.TENGE) == 90_000


@given(st.integers(-(10**12), 10**12))
def test_every_sum_is_read_as_it_was_written(amount: int) -> None:
    assert tiyn(tenge(amount), Bare.TIYN) == amount == tiyn(tenge(amount), Bare.TENGE)


@pytest.mark.parametrize("text", ["", "x", "1,5", "1.234", "--1", "1.", ".5", "٣", "1e3", "9" * 16])
def test_what_is_no_sum_is_told(text: str) -> None:
    with pytest.raises(AnswerBroken, match="not a sum"):
        tiyn(text, Bare.TIYN)


def test_counts_numbers_and_rates() -> None:
    assert count("0001234") == 1234 and number("-12") == -12 and number("1-") is None
    for text in ("", "-1", "1.0", "٣"):
        with pytest.raises(AnswerBroken, match="not a number"):
            count(text)
    rates = {"16.00": 1600, "5": 500, "0.00": 0, "9.5%": 950, "100.00": None, "DT": None, "": None}
    assert {text: rate(text) for text in rates} == rates


def test_moments_are_local_to_the_printer() -> None:
    assert moment("15-07-26 10:30:00", ALMATY) == "2026-07-15T10:30:00+05:00"
    assert moment("15-07-2026 10:30:00 DST", ALMATY) == "2026-07-15T10:30:00+05:00"
    iso = "2026-07-15T05:30:09.900000+00:00"
    assert (dated(iso, ALMATY), stamped(iso, ALMATY)) == ("15-07-26 10:30:09", "150726103009")
    for text in ("", "32-07-26 10:30:00", "15-07-26", "15-07-26 25:30:00", "15/07/26 10:30:00"):
        with pytest.raises(AnswerBroken, match="not a time"):
            moment(text, ALMATY)


@pytest.mark.parametrize("width", [22, 30, 40, 46, 62])
@pytest.mark.parametrize("gs", GsForm)
def test_a_mark_is_cut_into_lines_that_hold_all_of_it(width: int, gs: GsForm) -> None:
    lines = list(mark_lines(FULL, width, gs))
    assert all(len(line) <= width for line in lines)
    assert [line[:2] for line in lines] == ["M:"] + ["M+"] * (len(lines) - 1)
    shown = {GsForm.STRIP: "", GsForm.BLANK: " ", GsForm.BAR: "|"}[gs]
    assert "".join(line[2:] for line in lines) == FULL.replace("\x1d", shown)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255), st.integers(22, 62))
def test_no_character_of_any_mark_is_lost(code: str, width: int) -> None:
    assert "".join(line[2:] for line in mark_lines(code, width, GsForm.STRIP)) == code


def test_a_long_name_goes_on_in_further_lines() -> None:
    assert name_lines("Молоко", 42, 40) == ["Молоко"]
    name = "Молоко пастеризованное «Айналайын» 3,2 % в пакете из картона, 1 литр, производство Казахстан"
    lines = name_lines(name, 42, 40)
    assert len(lines[0]) <= 42 and all(len(line) <= 40 for line in lines[1:])
    assert " ".join(lines) == name
    assert name_lines("x" * 100, 42, 40) == ["x" * 42, "x" * 40, "x" * 18]


def test_letters_the_code_page_lacks_become_their_neighbours() -> None:
    assert encode("Сүт «Әсем» қ", "cp1251").decode("cp1251") == "Сут «Асем» к"
    assert encode("Сүт «Әсем» қ", "kz1048").decode("kz1048") == "Сүт «Әсем» қ"
    assert encode("кг H₂O₂ 漢", "cp1251").decode("cp1251") == "кг H2O2 ?"
