"""Shifts, reports, cash, copies, service receipts and the clock of a simulated Datecs printer."""

from __future__ import annotations

import pytest
from datecs_talk import HALF_PAST_TEN_NS, NS, Talk

from hw_sim.datecs import Past

PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])
HOUR_S = 3600


def x_report(talk: Talk) -> list[str]:
    return talk.do(0x45, "2" if talk.protocol == "p" else "X\t").fields


def cash(talk: Talk, amount: str = "") -> list[str]:
    """Move cash, or read; code of P, drawer, in, out."""
    if talk.protocol == "p":
        return talk.ask(0x46, amount).fields
    got = talk.ask(0x46, f"{int(amount.startswith('-'))}\t{amount.lstrip('-') or '0'}\t")
    return [str(got.error), *got.fields]


@PROTOCOLS
def test_the_shift_opens_with_the_first_receipt_and_z_closes_it(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    assert talk.memory.shift is None
    talk.open()
    assert talk.memory.shift is not None and talk.memory.shift.number == 1
    talk.do(0x3C)
    talk.sale()
    x = x_report(talk)
    z = talk.z().fields
    assert x == z and z[0] == ("0001" if protocol == "p" else "1")
    assert z[1:] == (
        ["900.00", "0.00", "900.00", *["0.00"] * 6] if protocol == "p" else ["0.00", "900.00", *["0.00"] * 14]
    )
    assert talk.memory.shift is None and [shift.number for shift in talk.memory.closed] == [1]
    assert talk.sale().data in ("0001,0001", "0\t1\t")
    assert talk.memory.shift is not None and talk.memory.shift.number == 2


@PROTOCOLS
def test_z_begins_the_counters_of_the_day_anew(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.sale()
    cash(talk, "50.00")
    talk.z()
    assert cash(talk)[1:] == ["0.00", "0.00", "0.00"]
    day = talk.do(0x41, "0" if protocol == "p" else "0\t").fields
    assert set(day[-8:]) == {"0.00"}
    assert talk.memory.cash_tiyn == 0


@PROTOCOLS
def test_the_drawer_may_outlive_z(protocol: str) -> None:
    talk = Talk(protocol, amounts="point", cash_after_z=True)
    talk.sale()
    talk.z()
    assert cash(talk)[1] == "900.00" and talk.memory.cash_tiyn == 90_000


@PROTOCOLS
def test_an_empty_z_takes_a_number_unless_the_model_refuses_it(protocol: str) -> None:
    talk = Talk(protocol, past=Past(z=41, z_at_ns=HALF_PAST_TEN_NS))
    assert int(talk.z().fields[0]) == 42
    assert int(talk.z().fields[0]) == 43
    Talk(protocol, empty_z=False).refused(0x45, "0" if protocol == "p" else "Z\t")


@PROTOCOLS
@pytest.mark.parametrize(("limit_s", "refused"), [(24 * HOUR_S, True), (None, False)])
def test_above_24_hours_no_receipt_opens_until_z(protocol: str, limit_s: float | None, refused: bool) -> None:
    talk = Talk(protocol, shift_limit_s=limit_s)
    talk.sale()
    talk.clock.sleep(24 * HOUR_S + 1)
    if not refused:
        talk.sale()
        return
    got = talk.refused(0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t")
    assert ("1.1" in got.bits) if protocol == "p" else got.error == -111024
    talk.z()
    talk.sale()


@PROTOCOLS
def test_an_open_receipt_is_finished_though_the_shift_grows_too_old(protocol: str) -> None:
    talk = Talk(protocol)
    talk.open()
    talk.item()
    talk.clock.sleep(25 * HOUR_S)
    talk.pay()
    talk.close()


@PROTOCOLS
def test_cash_goes_in_and_out_and_never_below_nothing(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    good, bad = ("P", "F") if protocol == "p" else ("0", "-111017")
    assert cash(talk, "100.00") == [good, "100.00", "100.00", "0.00"]
    assert cash(talk, "-30.50") == [good, "69.50", "100.00", "30.50"]
    assert cash(talk, "-69.51")[0] == bad
    talk.sale()
    assert cash(talk) == [good, "969.50", "100.00", "30.50"]
    operations = [(row["operation"], row["total_tiyn"]) for row in talk.memory.rows()]
    assert operations == [("cash_in", 10_000), ("cash_out", 3_050), ("sale", 90_000)]
    assert talk.memory.cash_tiyn == 96_950
    talk.open()
    assert cash(talk, "1.00")[0] in ("F", "-111015")
    assert talk.document() == 3


@PROTOCOLS
def test_reading_the_drawer_makes_no_document(protocol: str) -> None:
    talk = Talk(protocol)
    cash(talk)
    assert talk.document() == 0 and not talk.machine.state.journal.records


@PROTOCOLS
def test_a_second_duplicate_is_refused(protocol: str) -> None:
    talk = Talk(protocol)
    one = "1" if protocol == "p" else ""
    talk.refused(0x6D, one)
    talk.sale()
    talk.do(0x6D, one)
    talk.refused(0x6D, one)
    assert talk.document() == 2 and len(talk.memory.documents) == 1
    assert talk.memory.papers == ["fiscal 1", "copy of 1: 2"]
    talk.sale()
    talk.do(0x6D, one)


@PROTOCOLS
def test_a_service_receipt_is_text_and_a_document_and_no_sale(protocol: str) -> None:
    talk = Talk(protocol)
    talk.do(0x26)
    talk.do(0x2A, "till 1" if protocol == "p" else "till 1\t\t\t\t\t\t")
    assert talk.do(0x27).data in ("0001", "0\t1\t")
    assert talk.document() == 1 and not talk.memory.documents
    assert talk.machine.state.journal.records[0].lines[0] == "#till 1#"


@PROTOCOLS
def test_payments_and_counts_of_the_day(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    talk.open()
    talk.item()
    talk.pay("400.00", card=True)
    talk.pay("1000.00")
    talk.close()
    if protocol == "p":
        assert talk.do(0x6E).fields == ["500.00", "0.00", "400.00", *["0.00"] * 5, "0000", "0002"]
    else:
        assert talk.do(0x6E, "0\t").fields == ["500.00", "0.00", "400.00", *["0.00"] * 4]
        assert talk.do(0x6E, "1\t").fields == ["0.00"] * 7
        assert talk.do(0x6E, "2\t").fields == ["1", "900.00"]
        assert talk.do(0x6E, "5\t").fields == ["0", "0.00"] * 4


@PROTOCOLS
def test_the_last_fiscal_record_is_the_last_z(protocol: str) -> None:
    talk = Talk(protocol, amounts="point")
    first = talk.ask(0x40, "")
    assert first.data == ("F" if protocol == "p" else "-100005\t")
    talk.sale()
    talk.z()
    # 12 % in 900.00: net 803.57.
    if protocol == "p":
        assert talk.do(0x40, "1").data == "P,0001,0.00,96.43,0.00,0.00,0.00,0.00,0.00,0.00,150726"
        assert talk.do(0x40, "*0").data.endswith(",0.00,150726103000")
    else:
        assert talk.do(0x40, "1\t").fields == ["1", "0.00", "96.43", *["0.00"] * 6, "15-07-26"]
        assert talk.do(0x40, "2\t").fields == ["1", *["0.00"] * 8, "15-07-26"]


@PROTOCOLS
def test_the_clock_is_read_and_set_and_never_before_the_last_document(protocol: str) -> None:
    talk = Talk(protocol)
    tab = "" if protocol == "p" else "\t"
    assert talk.do(0x3E).fields == ["15-07-26 10:30:00"]
    talk.do(0x3D, f"15-07-26 10:45:30{tab}")
    assert talk.do(0x3E).fields == ["15-07-26 10:45:30"]
    talk.sale()
    talk.refused(0x3D, f"15-07-26 10:45:29{tab}")
    talk.open()
    talk.refused(0x3D, f"16-07-26 10:45:29{tab}")
    assert talk.memory.documents[0].at_ns == HALF_PAST_TEN_NS + 930 * NS


@PROTOCOLS
def test_paper_feed_takes_1_to_99_lines(protocol: str) -> None:
    talk = Talk(protocol)
    tab = "" if protocol == "p" else "\t"
    talk.do(0x2C)
    talk.do(0x2C, f"99{tab}")
    talk.refused(0x2C, f"0{tab}")
    talk.machine.end_paper()
    talk.refused(0x2C)


def test_identity_of_both_protocols() -> None:
    p, x = Talk("p"), Talk("x")
    assert p.do(0x5A, "1").fields == ["FP-800", "1.00KZ 23NOV18 1000", "5A3C", "00000000", "DT000600", "02000600"]
    assert p.do(0x5A, "*").fields[2:4] == ["FFFF", "0" * 16]
    assert x.do(0x7B, "1").fields == [
        "DT700001", "50700001", "ТОО Дкен".replace("Дк", "Д?к"), "г. Алматы, ул. Абая, 1", "000000000000", "", "",
    ]  # fmt: skip
    assert x.do(0x5A, "1\t").fields == [
        "FP-700X", "2.02KZ", "14JUN19", "0930", "5A3C", "00000000", "DT700001", "50700001",
    ]  # fmt: skip
    assert x.ask(0x5A, "").data == "FP-700X,2.02KZ 14JUN19 0930,FFFF,00000000,DT700001,50700001"
    assert x.do(0x7B, "2\t").fields and x.do(0x7B, "4\t").data == "0\t"
    assert x.do(0x7B, "3\t").fields == ["0", "01-01-2000 00:00:00", "0", "01-01-2000 00:00:00"]


def test_the_last_receipt_of_x_has_no_number_in_a_new_shift() -> None:
    talk = Talk("x")
    talk.sale()
    assert talk.do(0x7B, "3\t").fields[:2] == ["1", "15-07-2026 10:30:00"]
    talk.clock.sleep(60)
    talk.z()
    assert talk.do(0x7B, "3\t").fields == ["0", "15-07-2026 10:30:00", "1", "15-07-2026 10:31:00"]


def test_variables_of_x() -> None:
    talk = Talk("x")
    talk.sale()
    expected = {
        "nZreport": "1", "IDnumber": "DT700001", "FMnumber": "50700001", "TAXnumber": "000000000000", "Fiscalized": "1",
        "DFR_needed": "1", "DecimalPoint": "2", "PrintColumns": "42", "nInvoice": "0", "UNP": "",
    }  # fmt: skip
    for name, value in expected.items():
        assert talk.do(0xFF, f"{name}\t\t\t").fields == [value]
    assert talk.do(0xFF, "valVat\t1\t\t").fields == ["12.00"]
    assert talk.do(0xFF, "valVat\t7\t\t").fields == ["100.00"]  # Off.
    assert talk.do(0xFF, "Header\t1\t\t").fields == ["г. Алматы, ул. Абая, 1"]
    assert talk.refused(0xFF, "nBon\t\t7\t").error == -112002


def test_x_tells_the_text_of_an_error_and_of_none() -> None:
    talk = Talk("x")
    assert talk.do(0x64, "-111018\t").fields == ["-111018", "payment is initiated"]
    assert talk.do(0x64, "-112103\t").fields == ["-112103", "invalid syntax of parameter 3"]
    assert talk.do(0x64, "-1\t").fields == ["-1", "unknown error"]


def test_p_keeps_the_last_error_over_power_until_it_is_cleared() -> None:
    talk = Talk("p")
    assert talk.do(0x20).data == "0,0,01-01-00 00:00:00,"
    talk.refused(0x38)
    talk.do(0x4A)
    told = "56,201,15-07-26 10:30:00,receipt is closed"
    assert talk.do(0x20).data == told
    talk.machine.power_off()
    talk.machine.power_on()
    talk.clock.sleep(3)
    assert talk.do(0x20).data == told
    assert talk.do(0x20, "CLEAR").data.startswith("0,0,")
