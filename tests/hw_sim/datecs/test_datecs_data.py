"""What the data of commands may hold on a simulated Datecs printer: syntax, names, text lines, marks."""

from __future__ import annotations

import pytest
from datecs_talk import Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])


@PROTOCOLS
def test_text_is_cut_to_the_paper_and_kept_with_the_receipt(protocol: str) -> None:
    talk = Talk(protocol, columns=32)
    talk.open()
    talk.text("a" * 40)
    talk.item()
    talk.pay()
    talk.text("after the payment")
    talk.close()
    record = talk.machine.state.journal.records[-1]
    assert record.receipt is not None
    assert record.receipt.texts == ["a" * 30, "after the payment"]
    assert f"#{'a' * 30}#" in record.lines
    assert talk.memory.documents[0].marks == ()


@PROTOCOLS
def test_marks_are_what_stands_in_text_lines_with_the_prefix(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.text("M:0104870249811936215abcde")
    talk.text("M:0104600494694239215%Cz")
    talk.text("M+\x10]93dGVz")  # GS travels as 10h 5Dh.
    talk.text("M+dA==")
    talk.text("thank you")
    talk.text("M+nothing to go on with")
    talk.pay()
    talk.close()
    assert talk.memory.documents[0].marks == ("0104870249811936215abcde", "0104600494694239215%Cz\x1d93dGVzdA==")


@PROTOCOLS
def test_the_prefix_of_marks_is_a_setting(protocol: str) -> None:
    talk = Talk(protocol, mark_prefix="КМ ")
    talk.open()
    talk.item()
    talk.text("КМ 0104870249811936")
    talk.text("M:no")
    talk.pay()
    talk.close()
    assert talk.memory.documents[0].marks == ("0104870249811936",)


def test_a_comma_for_a_point_makes_p_read_tiyn_as_a_percent() -> None:
    talk = Talk("p")
    talk.open()
    talk.do(0x31, "Milk\tB900,50")  # 900 and a markup of 50 %.
    assert talk.state()[2] == "000135000"


def test_names_come_in_the_code_page() -> None:
    talk = Talk("p")
    talk.open()
    talk.do(0x31, "Сыр 3,2%\nкусок\tБ900.00*1.000#шт")
    talk.pay()
    talk.close()
    assert talk.memory.documents[0].positions[0]["name"] == "Сыр 3,2%\nкусок"
    assert talk.memory.documents[0].positions[0]["tax_group"] == "B"


def test_p_sells_by_department_too() -> None:
    talk = Talk("p")
    talk.open()
    talk.do(0x31, "Milk\t3\t900.00")
    talk.refused(0x31, "Milk\t61\t900.00")
    talk.pay()
    talk.close()


BAD_P = {
    0x20: ["clear"],
    0x2C: ["0", "100"],
    0x30: ["1,0000", "1,0000,1 ", "1;0000;1", "1,000,1"],
    0x31: [
        "Milk B900.00", "Milk\tB900.0.0", "Milk\tI900.00", "Milk\tB900.001", "Milk\tB900.00*1.0001",
        "Milk\tB900.00,-5;-5", "a" * 43 + "\tB1.00",
    ],
    0x33: ["", "0", "02"],
    0x35: ["P900.00", "\tX900.00", "\tP-900.00", "\tP0.00"],
    0x36: ["a\nb"],
    0x38: [" "],
    0x3C: ["1"],
    0x3D: ["32-01-26 10:00"],
    0x40: ["2"],
    0x45: ["1"],
    0x46: ["ten"],
    0x4A: ["WX"],
    0x4C: ["t"],
    0x5A: ["2"],
    0x6A: ["4"],
    0x6D: ["2", ""],
    0x71: ["0"],
    0x77: ["Q", "R#?,1"],
}  # fmt: skip


@pytest.mark.parametrize(("command", "data"), [(code, data) for code, texts in BAD_P.items() for data in texts])
def test_p_answers_a_syntax_error_with_0_0_and_no_data(command: int, data: str) -> None:
    talk = Talk("p")
    talk.open()
    talk.item()
    got = talk.ask(command, data)
    assert got.data == "" and {"0.0", "0.5"} <= got.bits and "1.1" not in got.bits
    assert talk.state() == ["1", "0001", "000090000", "000000000"]


# By the field that is wrong.
BAD_X = {
    0x30: [
        ("1\t1\t1", 3), ("31\t1\t1\t\t", 1), ("1\tpwd\t1\t\t", 2), ("1\t1\t0\t\t", 3), ("1\t1\t1\tX\t", 4),
    ],
    0x31: [
        ("\t2\t9.00\t\t\t\t\t", 1), ("a\t9\t9.00\t\t\t\t\t", 2), ("a\t2\t\t\t\t\t\t", 3),
        ("a\t2\t9.00\tone\t\t\t\t", 4), ("a\t2\t9.00\t\t5\t1.00\t\t", 5), ("a\t2\t9.00\t\t2\t100.00\t\t", 6),
        ("a\t2\t9.00\t\t\t1.00\t\t", 6), ("a\t2\t9.00\t\t\t\t100\t", 7), ("a\t2\t9.00\t\t\t\t\tbottles\t", 8),
    ],
    0x33: [("2\t0\t\t\t", 1)],
    0x35: [("7\t9.00\t\t", 1), ("0\t-9.00\t\t", 2), ("0\t9.00\t3\t", 3)],
    0x36: [("a\t2\t", 2)],
    0x3D: [("15-07-2026\t", 1)],
    0x45: [("Q\t", 1)],
    0x46: [("2\t1.00\t", 1)],
    0x64: [("12\t", 1)],
    0x7B: [("5\t", 1)],
    0x7C: [("soon\t\t\t", 1)],
    0x7D: [("0\t0\t\t", 2)],
    0xFF: [("nBonn\t\t\t", 1)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "data", "field"), [(code, data, field) for code, bad in BAD_X.items() for data, field in bad]
)
def test_x_names_the_field_whose_syntax_is_wrong(command: int, data: str, field: int) -> None:
    talk = Talk("x")
    talk.open()
    talk.item()
    if command == 0x7C:
        talk.do(0x3C)
        talk.sale()
    got = talk.ask(command, data)
    assert got.data == f"{-112100 - field}\t" and {"0.0", "0.5"} <= got.bits


def test_a_name_of_x_has_72_characters_at_most() -> None:
    talk = Talk("x")
    talk.open()
    talk.item(name="a" * 72)
    assert talk.refused(0x31, talk.item_data(name="a" * 73)).error == -112101
