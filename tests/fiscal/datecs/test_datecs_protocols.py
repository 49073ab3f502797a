"""Commands and answers of protocols P and X: the transcripts of the vendor's papers, refusals, answers of any shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from datecs_printer import MEMORY
from datecs_vectors import FRAMES, TRANSCRIPTS, data_of, name_of
from hypothesis import given
from hypothesis import strategies as st

from fiscal.datecs import LANGUAGES
from fiscal.datecs.protocol import (
    MEMORY as MEMORY_PLACE,
)
from fiscal.datecs.protocol import (
    PASSWORD,
    Answer,
    Call,
    Entry,
    Kind,
    Language,
    SaidNo,
    Talking,
)
from fiscal.datecs.settings import Settings, parse
from fiscal.datecs.status import Status
from fiscal.datecs.values import AnswerBroken
from fiscal.device.steps import TOTAL
from fiscal.options import split
from fiscal.orders import CashDirection, Line, PaymentKind, ReturnBasis

P, X = LANGUAGES["datecs-p"], LANGUAGES["datecs-x"]
BASIS = ReturnBasis("1234", "2026-07-15T10:30:00+05:00", "02000600", 90_000, False)
MILK = Line("Milk", 90_000, 1_000, 796, 1_600)
FACTORY = {"P": "0000", "X": "1"}


def settings(language: Language, options: str = "") -> Settings:
    return parse(split(f"datecs-{language.name.lower()}+tcp://printer?{options}".rstrip("?")), language.name)


def transcript(protocol: str, name: str) -> list[tuple[int, str]]:
    row = next(row for row in TRANSCRIPTS if row["protocol"] == protocol and row["name"].startswith(name))
    facts = {
        "document": {"P": "0001234", "X": "1234"}[protocol], "memory": MEMORY, "stamp": "150726103000",
        "date": "15-07-26 10:30:00",
    }  # fmt: skip
    return [(step["command"], step["data"].format(**facts)) for step in row["steps"]]


def filled(said: tuple[int, str], language: Language) -> tuple[int, str]:
    command, data = said
    return command, data.replace(PASSWORD, FACTORY[language.name]).replace(MEMORY_PLACE, MEMORY)


@pytest.mark.parametrize("language", [P, X], ids=["P", "X"])
def test_a_sale_is_said_as_the_vendors_paper_shows_it(language: Language) -> None:
    wanted = transcript(language.name, "sale of one bottle")
    one = settings(language)
    text = {"P": "sale 1", "X": "text"}[language.name]
    said = [
        language.open(one), language.item(["Milk"], MILK, "", one), language.total(), language.text(text),
        language.pay(PaymentKind.CASH, 100_000, one), language.close(),
    ]  # fmt: skip
    assert [filled(step, language) for step in said] == [step for step in wanted if step[0] in {c for c, _ in said}]
    looks = [(reading.call.command, reading.call.data) for reading in language.look]
    reads = [step for step in wanted if step[0] not in {command for command, _ in said} | {0x4A}]
    assert {step for step in reads if step != (0x46, "0\t0\t") or language is X} <= set(looks)


@pytest.mark.parametrize("language", [P, X], ids=["P", "X"])
def test_a_return_names_its_original_in_full(language: Language) -> None:
    wanted = transcript(language.name, "return with the original named in full")
    one = settings(language)
    said = [
        language.open_return(BASIS, one), language.item(["Milk"], MILK, "", one),
        language.pay(PaymentKind.CASH, 90_000, one), language.close(),
    ]  # fmt: skip
    assert [filled(step, language) for step in said] == wanted[:-1]


@pytest.mark.parametrize("language", [P, X], ids=["P", "X"])
def test_two_payments_go_card_first(language: Language) -> None:
    wanted = transcript(language.name, "two payments")
    one = settings(language)
    paid = [step for step in wanted if step[0] == 0x35]
    assert [language.pay(PaymentKind.CARD, 50_000, one), language.pay(PaymentKind.CASH, 100_000, one)] == paid


def test_discounts_units_and_second_lines_have_their_places() -> None:
    line = Line("Milk", 90_050, 1_500, 166, 1_600, discount_tiyn=1_005)
    dearer = Line("Milk", 90_050, 1_500, 166, 1_600, markup_tiyn=500)
    p, x = settings(P), settings(X)
    assert P.item(["a", "b"], line, "кг", p) == (0x31, "a\nb\tB900.50*1.500#кг;-10.05")
    assert P.item(["a"], dearer, "", p) == (0x31, "a\tB900.50*1.500;5.00")
    assert X.item(["a"], line, "кг", x) == (0x31, "a\t2\t900.50\t1.500\t4\t10.05\t0\tкг\t")
    assert X.item(["a"], dearer, "", x) == (0x31, "a\t2\t900.50\t1.500\t3\t5.00\t0\t")


def test_cash_moves_and_reports() -> None:
    assert [P.cash(CashDirection.IN, 500), P.cash(CashDirection.OUT, 500)] == [(0x46, "5.00"), (0x46, "-5.00")]
    assert [X.cash(CashDirection.IN, 500), X.cash(CashDirection.OUT, 500)] == [(0x46, "0\t5.00\t"), (0x46, "1\t5.00\t")]
    assert [P.report(closing=True), P.report(closing=False)] == [(0x45, "0"), (0x45, "2")]
    assert [X.report(closing=True), X.report(closing=False)] == [(0x45, "Z\t"), (0x45, "X\t")]


@pytest.mark.parametrize(
    ("language", "index", "data", "facts"),
    [
        (P, 0, "0001234", {"document": 1234}),
        (
            P,
            1,
            "FP-800,2.00BG 01Jan20 1200,214A,00000000,DT000600,02000600",
            {
                "serial": "DT000600",
                "memory": MEMORY,
                "model": "FP-800",
                "firmware": "2.00BG 01Jan20 1200",
            },
        ),
        (P, 2, "1.00,2.00,3.00,4.00,0,0,0,0,0041,0010", {"receipts": 9}),
        (P, 3, "P,0041,1,2,3,4,5,6,7,8,140726", {"z": 41}),
        (P, 3, "F", {"z": 0}),
        (P, 4, "P,000012345,000010000,-00000500", {"cash": 12345, "put": 10000, "taken": 500}),
        (P, 5, "15-07-26 10:30:00", {"clock": "2026-07-15T10:30:00+05:00"}),
        (P, 6, "17", {"lines": 17}),
        (P, 7, "1,0001,000090000", {"amount": 90_000}),
        (X, 1, "0\tDT1\t0200\t", {"serial": "DT1", "memory": "0200", "taxpayer": "", "address": "", "tax_number": ""}),
        (X, 3, "0\t9\t", {"receipts": 9}),
        (X, 5, "0\t123.45\t100.00\t5.00\t", {"cash": 12345, "put": 10000, "taken": 500}),
        (X, 6, "0\t9\t1234.50\t", {"sold": 9, "sold_tiyn": 123_450}),
        (X, 7, "0\t1.00\t0.50\t0.00\t", {"returned_tiyn": 150}),
        (X, 9, "0\t4\t12\t1\t900.00\t0.00\t", {"opened": "sale_return", "amount": 90_000, "paid": 0}),
    ],
)
def test_readings_tell_facts(language: Language, index: int, data: str, facts: dict[str, Any]) -> None:
    assert language.look[index].read(data, settings(language)) == facts


GOLDEN_READS = {
    ("P", "transaction state: closed, amounts in minor units"): (7, {"amount": 90_000, "paid": 100_000}),
    ("P", "last document"): (0, {"document": 1234}),
    ("X", "transaction state: closed"): (9, {"opened": "", "amount": 90_000, "paid": 100_000}),
    ("X", "last fiscal receipt"): (4, {"z": 41}),
    ("X", "last document"): (0, {"document": 1234}),
}


@pytest.mark.parametrize(
    "row", [row for row in FRAMES if row["way"] == "answer" and (row["protocol"], row["name"]) in GOLDEN_READS],
    ids=name_of,
)  # fmt: skip
def test_the_golden_answers_tell_their_values(row: dict[str, Any]) -> None:
    language = {"P": P, "X": X}[row["protocol"]]
    index, facts = GOLDEN_READS[row["protocol"], row["name"]]
    assert language.look[index].read(data_of(row).decode("cp1251"), settings(language)) == facts
    assert len(GOLDEN_READS) == 5


@pytest.mark.parametrize(
    ("language", "name", "data", "facts", "total"),
    [
        (P, "open", "0012,0010", {"slips": 12, "receipts": 10}, None),
        (P, "close", "0012,0010", {"slips": 12, "receipts": 10}, None),
        (P, TOTAL, "0000090000,0,0,0,0,0,0,0,0", {}, 90_000),
        (P, TOTAL, "900.00,0.00", {}, 90_000),
        (P, "pay", "R100.00", {"code": "R", "rest": 10_000}, None),
        (P, "pay", "D0.00", {"code": "D", "rest": 0}, None),
        (P, "line", "", {}, None),
        (X, "open", "0\t12\t", {"slip": "12"}, None),
        (X, TOTAL, "0\t12\t900.00\t0.00\t", {}, 90_000),
        (X, "pay", "0\tR\t100.00\t", {"code": "R", "rest": 10_000}, None),
        (X, "line", "0\t12\t", {"slip": "12"}, None),
        (X, "mark", "0\t", {}, None),
    ],
)
def test_answers_to_steps(language: Language, name: str, data: str, facts: dict[str, Any], total: int | None) -> None:
    said = language.said(name, data, settings(language))
    assert (said.facts, said.total_tiyn) == (facts, total)


@pytest.mark.parametrize(
    ("language", "name", "data"),
    [(P, "pay", "F"), (P, "pay", "E-5.00"), (P, "pay", "I0.00"), (P, "cash", "F,0,0,0"), (X, "pay", "0\tE\t1.00\t")],
)
def test_a_no_without_any_status_bit_is_a_no(language: Language, name: str, data: str) -> None:
    with pytest.raises(SaidNo):
        language.said(name, data, settings(language))


def status(language: Language, *names: str) -> Status:
    raw = bytearray(b"\x80" * language.dialect.status_bytes)
    for name in names:
        raw[int(name[0])] |= 1 << int(name[2])
    return Status(bytes(raw), language.bits)


CLOSE, ITEM, DRAWER = Call(0x38, "", Kind.ACT), Call(0x31, "x", Kind.ACT), Call(0x6A, "", Kind.ACT)


@pytest.mark.parametrize(
    ("language", "call", "data", "bits", "refused"),
    [
        (P, CLOSE, "0012,0010", (), False),
        (P, CLOSE, "0012,0010", ("0.5", "2.0"), False),  # The roll ended with this receipt: it is made.
        (P, CLOSE, "0012,0010", ("0.6",), False),
        (P, CLOSE, "0012,0010", ("0.5", "1.1"), True),
        (P, CLOSE, "0012,0010", ("4.5", "4.0"), True),
        (P, CLOSE, "", (), True),
        (P, ITEM, "", (), False),
        (P, ITEM, "", ("0.5", "2.0"), True),
        (P, ITEM, "", ("0.5", "0.0"), True),
        (P, DRAWER, "", ("0.5", "2.0"), False),  # It prints nothing.
        (P, Call(0x71), "0001234", ("0.5", "2.0", "4.5"), False),  # A reading stands whatever the printer's state.
        (X, CLOSE, "0\t12\t", (), False),
        (X, CLOSE, "0\t12\t", ("0.5", "2.0"), False),
        (X, CLOSE, "-111016\t", (), True),
        (X, CLOSE, "", (), True),
        (X, CLOSE, "0\t12\t", ("0.5", "1.1"), True),
        (X, Call(0x35), "-999999\t", (), True),
    ],
)
def test_what_refuses_a_command(
    language: Language, call: Call, data: str, bits: tuple[str, ...], refused: bool
) -> None:
    no = language.refusal(call, Answer(data, status(language, *bits)))
    assert (no is not None) is refused


def test_a_printer_is_asked_for_its_own_words() -> None:
    call = Call(0x31, "x", Kind.ACT)
    assert P.explain(call, 0) == Call(0x20)
    for command in ("49", "31", "31h"):
        assert P.explained(call, 0, f"{command},402,15-07-26 10:30:00,no such group, sorry") == (
            402, "no such group, sorry",
        )  # fmt: skip
    assert P.explained(call, 0, "48,200,15-07-26 10:30:00,of another command") == (0, "")
    assert P.explained(call, 0, "49,rubbish,,text")[0] == 0 and P.explained(call, 0, "") == (0, "")
    no = P.refusal(call, Answer("@no such group", status(P, "0.5", "1.1")))
    assert no is not None and no.text == "no such group"
    golden = next(row for row in FRAMES if row["name"] == "text of an error")
    assert X.explain(call, 111016) == Call(golden["command"], golden["data"])
    assert X.explain(call, 0) is None
    assert X.explained(call, 111016, "0\t-111016\tReceipt is closed\t") == (111016, "Receipt is closed")


def told(talking: Talking, answers: Iterator[str | None]) -> tuple[list[str], Entry | None]:
    """What was asked, and what came of it."""
    asked = [next(talking).data]
    try:
        while True:
            asked.append(talking.send(next(answers)).data)
    except StopIteration as end:
        return asked, end.value


def test_a_journal_of_p_is_read_record_by_record() -> None:
    one = settings(P)
    y = ["u,DT000600,0,1234,", "r,2,16.00,900.00,1.000,0.00,900.00,Milk, fresh", "t,900.00,0.00,900.00"]
    assert told(P.entry(1234, one, dated=False), iter(y)) == (
        ["Y,1234", "y", "y"], Entry(1234, "sale", 90_000),
    )  # fmt: skip
    w = [
        "U,,1,1,2,1234",
        "V,1,2",
        "T,0,0,0,0,0,0,1,-900.00,0",
        "P,1",
        "D,15-07-2026 10:29:58,15-07-2026 10:30:00",
        "*,",
    ]
    at = "2026-07-15T10:30:00+05:00"
    assert told(P.entry(1234, one, dated=True), iter(w)) == (
        ["W,1234", *["w"] * 5], Entry(1234, "sale_return", 90_000, at),
    )  # fmt: skip
    asked, entry = told(P.entry(1234, one, dated=True), iter([None, *y]))
    assert asked == ["W,1234", "Y,1234", "y", "y"] and entry == Entry(1234, "sale", 90_000)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (["u,DT000600,4,1234,", "t,900.00,0.00"], "cancelled"),
        (["u,DT000600,1,1234,", "t,900.00,0.00"], "sale"),
        (["u,DT000600,9,1234,", "F"], "record 9"),
        (["F"], None),
        ([None], None),
        (["u,DT000600,0,1235,", "t,900.00,0.00"], None),
        (["r,2,16.00"], None),
    ],
)
def test_what_a_journal_of_p_says_of_a_document(answers: list[str | None], kind: str | None) -> None:
    _, entry = told(P.entry(1234, settings(P), dated=False), iter(answers))
    assert (entry.kind if entry else None) == kind


def test_a_z_report_stands_in_the_long_journal() -> None:
    _, entry = told(P.entry(7, settings(P), dated=True), iter(["Z,42,7,6,15-07-2026 22:00:00,1.00,0.00,0.00"]))
    assert entry == Entry(7, "z_report")


@pytest.mark.parametrize(
    ("answer", "entry"),
    [
        ("0\t1234\t10\t15-07-26 10:30:00\t1\t42\t", Entry(1234, "sale", None, "2026-07-15T10:30:00+05:00")),
        ("0\t1234\t1\t15-07-26 10:30:00 DST\t6\t42\t", Entry(1234, "sale_return", None, "2026-07-15T10:30:00+05:00")),
        ("0\t1234\t1\t\t8\t42\t", Entry(1234, "cancelled")),
        ("0\t1234\t1\t\t2\t42\t", Entry(1234, "z_report")),
        ("0\t1234\t1\t\t77\t42\t", Entry(1234, "document 77")),
        ("0\t1235\t10\t15-07-26 10:30:00\t1\t42\t", None),
        (None, None),
    ],
)
def test_a_journal_of_x_names_every_kind(answer: str | None, entry: Entry | None) -> None:
    asked, found = told(X.entry(1234, settings(X), dated=True), iter([answer]))
    assert (asked, found) == (["0\t1234\t0\t"], entry)


STEPS = ("open", "line", "mark", TOTAL, "pay", "close", "cash", "z", "cancel")


@given(st.text(max_size=60), st.sampled_from([P, X]))
def test_an_answer_of_any_shape_is_read_refused_or_called_broken(data: str, language: Language) -> None:
    one, call = settings(language), Call(0x31, "", Kind.ACT)
    readings = [reading.read for reading in (*language.look, language.rates)]
    for read in [*readings, *(lambda data, one, name=name: language.said(name, data, one) for name in STEPS)]:
        try:
            read(data, one)
        except (AnswerBroken, SaidNo):
            continue
    try:
        language.refusal(call, Answer(data, status(language)))
        language.explained(call, 0, data)
    except (AnswerBroken, SaidNo):
        return
