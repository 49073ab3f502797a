"""The electronic journal of a simulated Datecs printer: what a host reads of documents, with their types; stornos."""

from __future__ import annotations

import pytest
from datecs_talk import Talk

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])


def busy(protocol: str) -> Talk:
    """1 sale, 2 cancelled, 3 storno of 1, 4 cash in, 5 cash out, 6 service, 7 X, 8 Z."""
    talk = Talk(protocol)
    talk.sale()
    talk.open()
    talk.item("Bread")
    talk.do(0x3C)
    talk.clock.sleep(60)
    return_of(talk, 1)
    talk.item()
    talk.pay("900.00")
    talk.close()
    talk.do(0x46, "100.00" if protocol == "p" else "0\t100.00\t")
    talk.do(0x46, "-50.00" if protocol == "p" else "1\t50.00\t")
    talk.do(0x26)
    talk.do(0x27)
    talk.do(0x45, "2" if protocol == "p" else "X\t")
    talk.z()
    return talk


def return_of(talk: Talk, document: int) -> None:
    memory = talk.machine.profile.fiscal_memory
    if talk.protocol == "p":
        talk.do(0x2E, f"1,0000,1,R{document},,150726103000,{memory}")
    else:
        talk.do(0x2B, f"1\t1\t1\t1\t{document}\t15-07-26 10:30:00\t{memory}\t\t\t\t\t")


def rows_p(talk: Talk, first: str, more: str) -> list[str]:
    """Everything command 77h gives until F."""
    rows = [talk.do(0x77, first).data]
    while rows[-1] != "F":
        rows.append(talk.do(0x77, more).data)
    return rows[:-1]


def test_p_reads_a_document_line_by_line() -> None:
    rows = rows_p(busy("p"), "R1", "N")
    assert rows[-1] == "*," and rows[-2] == "P,0000001 15-07-2026 10:30:00"
    assert "P,Milk" in rows and "P,900.00 B" in rows and "P,ФИСКАЛЬНЫЙ ЧЕК" in rows


@pytest.mark.parametrize(
    ("flag", "documents"),
    [("A", 8), ("F", 1), ("V", 1), ("C", 1), ("I", 1), ("O", 1), ("N", 1), ("X", 1), ("Z", 1), ("P", 2), ("R", 0)],
)
def test_p_chooses_documents_by_type_number_z_and_time(flag: str, documents: int) -> None:
    talk = busy("p")
    for first in (f"R#{flag},1,99", f"R#{flag},*1", f"R{flag},150726,150726"):
        assert rows_p(talk, first, "N").count("*,") == documents


def test_p_reads_a_span_of_a_z_report_or_of_time() -> None:
    talk = busy("p")
    assert rows_p(talk, "R*1,2,3", "N").count("*,") == 2
    assert rows_p(talk, "RA,150726103030,150726", "N").count("*,") == 6
    assert rows_p(talk, "R*2", "N") == []
    assert talk.do(0x77, "I").data.endswith(",1,1,1,8")


def test_p_tells_receipts_in_structured_lines() -> None:
    talk = busy("p")
    assert rows_p(talk, "Y,1", "y") == [
        "u,DT000600,0,1,",
        "r,2,12.00,900.00,1.000,0.00,900.00,Milk",
        "t,900.00,0.00,900.00,0.00,0.00,0.00,0.00,0.00,0.00",
        "*,",
    ]
    assert rows_p(talk, "Y,2", "y")[0] == "u,DT000600,4,2,"
    storno = rows_p(talk, "Y,3", "y")
    assert storno[0] == "u,DT000600,2,3," and storno[-2] == "s,1,15-07-2026 10:30:00,02000600,,0"
    assert rows_p(talk, "Y,1,99", "y").count("*,") == 3
    assert rows_p(talk, "Y,7", "y") == []  # A report is no receipt.


def test_a_reading_without_a_beginning_gives_nothing_and_power_ends_one() -> None:
    talk = busy("p")
    assert talk.do(0x77, "y").data == "F"
    talk.do(0x77, "R1")
    talk.machine.power_off()
    talk.machine.power_on()
    talk.clock.sleep(3)
    assert talk.do(0x77, "N").data == "F"


def test_x_chooses_a_document_and_tells_its_type() -> None:
    talk = busy("x")
    assert talk.do(0x7D, "0\t1\t0\t").fields == ["1", "1", "15-07-26 10:30:00", "1", "1"]
    assert talk.do(0x7D, "0\t2\t8\t").fields == ["2", "1", "15-07-26 10:30:00", "8", "1"]
    assert talk.do(0x7D, "0\t3\t10\t").fields == ["3", "2", "15-07-26 10:31:00", "6", "1"]
    assert talk.do(0x7D, "0\t1\t2\t").fields[:2] == ["8", "1"]  # By the number of the Z-report.
    assert talk.refused(0x7D, "0\t1\t8\t").error == -100005
    assert talk.refused(0x7D, "0\t99\t0\t").error == -100005


def test_x_reads_a_document_line_by_line_and_prints_it() -> None:
    talk = busy("x")
    assert talk.refused(0x7D, "1\t").error == -100005
    talk.do(0x7D, "0\t1\t1\t")
    lines = []
    while (got := talk.ask(0x7D, "1\t")).error == 0:
        lines.append(got.fields[0])
    assert "Milk" in lines and lines[-1] == "0000001 15-07-2026 10:30:00"
    talk.do(0x7D, "0\t1\t1\t")
    talk.do(0x7D, "3\t")
    assert talk.memory.papers[-1] == "journal"


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [(0, 1, 8), (1, 1, 1), (2, 1, 1), (4, 6, 6), (5, 4, 5), (6, 3, 3), (8, 2, 2), (9, 7, 7), (10, 1, 3)],
)
def test_x_finds_the_first_and_last_number_of_a_type(kind: int, first: int, last: int) -> None:
    got = busy("x").do(0x7C, f"\t\t{kind}\t").fields
    assert got == ["15-07-26 10:30:00", "15-07-26 10:31:00", str(first), str(last)]


def test_x_finds_within_a_period() -> None:
    talk = busy("x")
    assert talk.do(0x7C, "15-07-26 10:30:30\t\t0\t").fields[2:] == ["3", "8"]
    assert talk.do(0x7C, "\t15-07-26 10:30:30 DST\t0\t").fields[2:] == ["1", "2"]
    assert talk.refused(0x7C, "16-07-26 00:00:00\t17-07-26 00:00:00\t0\t").error == -100005
    assert Talk("x").refused(0x7C, "\t\t0\t").error == -100005


@PROTOCOLS
def test_a_storno_is_a_return_with_its_basis_and_takes_cash_out(protocol: str) -> None:
    talk = busy(protocol)
    row = talk.memory.rows()[1]
    assert (row["operation"], row["total_tiyn"], row["basis_sign"]) == ("sale_return", 90_000, "0000001")
    assert [document.operation.value for document in talk.memory.documents] == [
        "sale", "sale_return", "cash_in", "cash_out",
    ]  # fmt: skip
    talk.sale()
    return_of(talk, 1)
    talk.item()
    assert talk.refused(0x35, talk.pay_data("900.01")).raw  # A storno gives no change.
    talk.pay("900.00")
    talk.close()
    assert talk.memory.cash_tiyn == 0


@PROTOCOLS
@pytest.mark.parametrize(("letter", "number"), [("E", 0), ("R", 1), ("T", 2)])
def test_each_kind_of_storno_is_told_while_it_is_open(protocol: str, letter: str, number: int) -> None:
    talk = Talk(protocol)
    talk.sale()
    if protocol == "p":
        got = talk.do(0x2E, f"1,0000,1,{letter}1,DT000600-OP01-0000001,150726103000,02000600#broken seal")
        assert got.data == "0002,0002" and "1.4" in got.bits
    else:
        talk.do(0x2B, f"1\t1\t1\t{number}\t1\t15-07-26 10:30:00\t50700001\t\t\t\t\t")
        assert talk.do(0x4C).fields[0] == str(2 + number)
        assert talk.do(0x67).fields[-1] == "1"


def test_x_refuses_a_storno_of_its_own_document_that_it_does_not_know_and_takes_another_printers() -> None:
    talk = Talk("x")
    talk.sale()
    assert talk.refused(0x2B, "1\t1\t1\t1\t777\t15-07-26 10:30:00\t50700001\t\t\t\t\t").error == -100005
    talk.do(0x2B, "1\t1\t1\t1\t777\t15-07-26 10:30:00\t50999999\t\t\t\t\t")


def test_a_cancelled_receipt_or_a_storno_is_no_original() -> None:
    talk = busy("p")
    for document in (2, 3, 7):
        assert "1.1" in talk.refused(0x2E, f"1,0000,1,R{document}").bits


def test_the_short_form_of_p_reverses_all_of_the_original_or_opens_as_the_model_has_it() -> None:
    talk = Talk("p")
    talk.open()
    talk.item(quantity="2.000")
    talk.do(0x33, "00;-100.00")
    talk.pay("700.00", card=True)
    talk.pay("2000.00")
    talk.close()
    assert "2.3" not in talk.do(0x2E, "1,0000,1,E1").bits
    sale, storno = talk.memory.rows()
    assert sale["total_tiyn"] == storno["total_tiyn"] == 170_000
    assert (storno["operation"], storno["basis_sign"]) == ("sale_return", "0000001")
    assert talk.memory.cash_tiyn == 0 and talk.machine.state.day.cash == 0
    opens = Talk("p", short_storno_opens=True)
    opens.sale()
    assert "2.3" in opens.do(0x2E, "1,0000,1,R1").bits


BAD_STORNOS = {
    "p": [
        "1,0000,1,X1", "1,0000,1,R", "1,0000,1,R1,,1507261030,02000600", "1,0000,1,R1,,150726103000", "1,0000,1,R1#",
    ],
    "x": [
        "1\t1\t1\t3\t1\t15-07-26 10:30:00\t50700001\t", "1\t1\t1\t1\t0\t15-07-26 10:30:00\t50700001\t",
        "1\t1\t1\t1\t1\t15.07.26\t50700001\t", "1\t1\t1\t1\t1\t15-07-26 10:30:00\tFM\t", "1\t1\t1\t1\t1\t\t\t",
        "1\t1\t1\t1\t1\t15-07-26 10:30:00\t50700001\t\t5\t\t\t",
    ],
}  # fmt: skip


@PROTOCOLS
def test_a_storno_that_is_badly_named_is_a_syntax_error(protocol: str) -> None:
    talk = Talk(protocol)
    talk.sale()
    for data in BAD_STORNOS[protocol]:
        assert "0.0" in talk.refused(0x2E if protocol == "p" else 0x2B, data).bits, data
