"""Tables and small rules: errors, models, counters, states, checks of codes, text."""

from __future__ import annotations

import pytest

from fiscal.documents import Paper, Waiting
from fiscal.failures import FailureKind
from fiscal.shtrih import counters, errors, marks, states
from fiscal.shtrih.answers import FullState, MarkCheck, State
from fiscal.shtrih.commands import COMMANDS
from fiscal.shtrih.models import MODELS
from fiscal.shtrih.reader import records
from fiscal.shtrih.settings import MarkPolicy
from fiscal.shtrih.text import Kazakh, code_bytes, text

LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


def test_every_code_of_the_vendor_s_list_stands_in_the_table() -> None:
    ranges = (
        (0x01, 0x0B), (0x11, 0x1D), (0x1F, 0x27), (0x2B, 0x2E), (0x32, 0x5F), (0x60, 0x95), (0xA0, 0xAA),
        (0xB0, 0xB2), (0xC0, 0xCA),
    )  # fmt: skip
    table = errors.table(storage=False)
    missing = [f"{code:02X}" for low, high in ranges for code in range(low, high + 1) if code not in table]
    assert missing == []
    storage = errors.table(storage=True)
    for code in (*range(0x01, 0x0A), 0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x17, 0x20, 0xD3, 0xD4, 0xD5, 0x96):
        assert code in storage
    assert all(text_ for _, text_ in (*table.values(), *storage.values()))


@pytest.mark.parametrize(
    ("code", "storage", "kind"),
    [
        (0x16, False, FailureKind.REFUSED),
        (0x16, True, FailureKind.SHIFT_EXPIRED),
        (0x4E, False, FailureKind.SHIFT_EXPIRED),
        (0x4A, True, FailureKind.OPEN_DOCUMENT),
        (0x4F, True, FailureKind.CONFIGURATION),
        (0x6B, False, FailureKind.PAPER),
        (0xD3, True, FailureKind.MARK_REFUSED),
        (0xD4, False, FailureKind.MARK_REFUSED),
        (0x15, True, FailureKind.OFFLINE_LIMIT),
        (0x07, True, FailureKind.CLOCK),
        (0xEE, True, FailureKind.DEVICE),
        (0xFF, False, FailureKind.DEVICE),
    ],
)
def test_a_code_maps_to_one_kind(code: int, storage: bool, kind: FailureKind) -> None:
    found = errors.failure(code, storage)
    assert (found.kind, found.code) == (kind, f"shtrih:{code:02X}") and found.text


def test_models_use_commands_that_exist() -> None:
    for model in MODELS.values():
        assert {model.item, model.close} <= set(COMMANDS)
        assert model.payments == (16 if model.close == "FF45" else 4)


@pytest.mark.parametrize(
    ("before", "now", "steps"),
    [(5, 5, 0), (5, 6, 1), (5, 4, -1), (9_999, 0, 1), (9_999, 1, 1), (9_998, 1, 2), (9_999, 2, 2), (5_000, 1, -4_999)],
)
def test_a_number_goes_forward_also_over_its_end(before: int, now: int, steps: int) -> None:
    assert counters.forward(before, now) == steps


def reading(**change: int) -> dict[str, int]:
    plain = {
        "document": 40, "shift_closed": 6, "sale": 12, "sale_return": 1, "cash_in": 2, "cash_out": 0,
        "drawer": 5_000, "put": 0, "taken": 0, "sale_1": 0, "sale_2": 0, "sale_3": 0, "sale_return_2": 0,
    }  # fmt: skip
    return {**plain, **change}


@pytest.mark.parametrize(
    ("now", "count", "total"),
    [
        (reading(), 0, None),
        (reading(sale_2=700), None, None),  # The number stands still, the payments do not: it went back.
        (reading(shift_closed=7, document=41, drawer=5_700), None, None),
        (reading(sale=13, drawer=5_300, sale_2=400), 1, 700),
        (reading(sale=13, drawer=5_300, sale_2=400, sale_return_2=999), 1, 700),
        (reading(sale=13), 1, 0),
        (reading(sale=13, drawer=5_300), 1, None),
        (reading(sale=14), 2, None),
        (reading(sale=11), -1, None),
        (reading(sale=13, shift_closed=7, document=42, drawer=5_700), 1, None),  # Part of it was by card.
        (reading(sale=12, shift_closed=7, document=41), 0, None),
        (reading(sale=12, shift_closed=7, document=42), None, None),
        (reading(sale=0, shift_closed=7, document=42), None, None),
    ],
)
def test_receipts_are_counted_and_summed_by_the_registers(now: dict[str, int], count: int | None, total: int) -> None:
    moved = counters.receipts("sale", 300, 700, reading(), now)
    assert (moved.count, moved.total_tiyn) == (count, total) and moved.why


def test_numbers_that_a_z_report_set_back_are_told_as_such() -> None:
    moved = counters.receipts("sale", 300, 700, reading(), reading(sale=1, shift_closed=7, document=43))
    assert moved.count is None and "began anew" in moved.why


def test_a_return_takes_out_of_the_drawer() -> None:
    moved = counters.receipts("sale_return", 700, 700, reading(), reading(sale_return=2, drawer=4_300))
    assert (moved.count, moved.total_tiyn) == (1, 700)


def test_cash_moves_are_counted_and_summed() -> None:
    moved = counters.cash_moves("cash_in", 700, reading(), reading(cash_in=3, drawer=5_700, put=700))
    assert (moved.count, moved.total_tiyn) == (1, 700)
    over_z = counters.cash_moves(
        "cash_out", 700, reading(), reading(cash_out=1, drawer=4_300, shift_closed=7, document=42)
    )
    assert (over_z.count, over_z.total_tiyn) == (1, 700)
    assert counters.cash_moves("cash_in", 700, reading(), reading()).count == 0


@pytest.mark.parametrize(
    ("mode", "submode", "last_print", "waiting"),
    [
        (2, 0, None, None),
        (2, 0, 5, Waiting.PRINTING),
        (2, 1, None, None),
        (8, 1, None, Waiting.PAPER),
        (2, 2, None, Waiting.PAPER),
        (2, 3, None, Waiting.CONTINUE),
        (2, 4, None, Waiting.PRINTING),
        (8, 5, 5, Waiting.PRINTING),
        (11, 0, None, Waiting.PRINTING),
        (5, 0, None, Waiting.PERSON),
        (6, 0, None, Waiting.PERSON),
        (9, 0, None, Waiting.PERSON),
    ],
)
def test_what_it_stands_still_for(mode: int, submode: int, last_print: int | None, waiting: Waiting | None) -> None:
    state = State(0x0292, mode, submode, last_print)
    assert states.waiting(state) is waiting
    if submode in (1, 2):
        assert states.paper(state, states.Sensors()) is Paper.OUT


@pytest.mark.parametrize(
    ("mode", "kind"), [(0x08, "sale"), (0x28, "sale_return"), (0x18, "purchase"), (0x48, "non-fiscal"), (0x0D, "slip")]
)
def test_what_is_open(mode: int, kind: str) -> None:
    found = states.document(State(0, mode, 0))
    assert found is not None and found.kind == kind and found.paid_tiyn == 0


@pytest.mark.parametrize(
    ("mode", "memory", "open_", "expired"),
    [(2, 0, True, False), (3, 0, True, True), (4, 0x40, False, False), (2, 0x80, True, True), (0, 0x40, True, False)],
)
def test_whether_a_shift_is_open_and_over_its_day(mode: int, memory: int, open_: bool, expired: bool) -> None:
    full = FullState(State(0, mode, 0), 1, None, memory, 1, 6)
    assert (states.shift_open(full), states.shift_expired(full)) == (open_, expired)


@pytest.mark.parametrize(
    ("check", "opinion", "words"),
    [
        (MarkCheck(3, 0, 1, 0, 15), marks.Opinion.POSITIVE, "result 0F"),
        (MarkCheck(0, 1, 1, 0, 12), marks.Opinion.POSITIVE, "result 0C"),
        (MarkCheck(0, 1, 1, 0, 5), marks.Opinion.NEGATIVE, "result 05"),
        (MarkCheck(1, 0, 1, None, None), marks.Opinion.NEGATIVE, "works alone"),
        (MarkCheck(0, 2, 1, 255, None), marks.Opinion.UNCHECKED, "did not answer in time"),
        (MarkCheck(0, 2, 1, 32, 4), marks.Opinion.UNCHECKED, "no use, cause 4"),
        (MarkCheck(0, 9, 1, 7, None), marks.Opinion.UNCHECKED, "reason 9, storage code 07"),
    ],
)
def test_what_a_check_says(check: MarkCheck, opinion: marks.Opinion, words: str) -> None:
    assert marks.opinion(check) is opinion and words in marks.words(check)
    assert (marks.refusal(check, MarkPolicy.STRICT) is None) is (opinion is marks.Opinion.POSITIVE)
    assert marks.refusal(check, MarkPolicy.WARN) is None


def test_every_kazakh_letter_has_a_byte_or_a_reported_substitute() -> None:
    kept = text(LETTERS, Kazakh.KZ1048, 40)
    assert kept.data.decode("kz1048") == LETTERS and kept.changed == ()
    sent = text(LETTERS, Kazakh.SUBSTITUTE, 40)
    assert sent.data.decode("cp1251") == "АаГгКкНнОоУуУуХхІі"
    assert [wanted for wanted, _ in sent.changed] == list(LETTERS[:-2])
    # The words of the published dump, byte for byte.
    assert text("ТӨЛЕМАҚЫ", Kazakh.KZ1048, 40).data == bytes.fromhex("D2 A5 CB C5 CC C0 8D DB")


def test_records_of_a_document_are_read_as_far_as_they_are_whole() -> None:
    shift = bytes.fromhex("0E 04 04 00 0C 00 00 00")
    assert records(shift) == [(1038, bytes.fromhex("0C 00 00 00"))]
    assert records(shift + shift[:6]) == records(shift) and records(b"\x0e\x04") == []


def test_text_is_cut_and_holds_no_control_byte() -> None:
    assert text("Молоко\n\x01жирное", Kazakh.SUBSTITUTE, 9).data == "Молоко  ж".encode("cp1251")
    assert text("Сыр 漢", Kazakh.SUBSTITUTE, 40).changed == (("漢", "?"),)
    assert code_bytes("a\x1db") == b"a\x1db" and code_bytes("é") is None
