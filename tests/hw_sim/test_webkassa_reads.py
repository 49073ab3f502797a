"""Lookup, histories, lists and print lines of the simulated Webkassa."""

from __future__ import annotations

import pytest

from hw_sim.webkassa import Container


@pytest.fixture
def two_shifts(till, sale):
    """Shift 1: cash in, sales a and b, closed. Shift 2: sale c, open."""
    till.ask("money", {"OperationType": 0, "Sum": 100, "ExternalCheckNumber": "in-1"})
    till.ask("check", sale("a"))
    till.clock.sleep(60)
    till.ask("check", sale("b"))
    till.ask("z")
    till.clock.sleep(60)
    till.ask("check", sale("c"))
    return till


def find(till, key, **shift):
    return till.ask("lookup", {"ExternalCheckNumber": key, **shift})


def test_the_lookup_finds_a_receipt_only_in_its_own_shift(two_shifts):
    data = find(two_shifts, "b", ShiftNumber=1)["Data"]
    assert (data["ExternalCheckNumber"], data["Total"], data["IsOffline"]) == ("b", 1800, False)
    assert data["DateTime"] == "15.07.2026 09:01:00"
    assert find(two_shifts, "b", ShiftNumber=2)["Errors"][0]["Code"] == 19
    assert find(two_shifts, "b", ShiftNumber=3)["Errors"][0]["Code"] == 15


def test_the_lookup_wants_a_shift_number(two_shifts):
    assert find(two_shifts, "b")["Errors"][0]["Code"] == 9


def test_the_lookup_does_not_know_cash_movements(two_shifts):
    assert find(two_shifts, "in-1", ShiftNumber=1)["Errors"][0]["Code"] == 19


def test_the_lookup_can_use_the_names_of_the_history(two_shifts):
    two_shifts.service.profile.lookup_like_history = True
    data = find(two_shifts, "a", ShiftNumber=1)["Data"]
    assert {"Number", "RegistratedOn"} <= set(data)
    assert not {"CheckNumber", "DateTime"} & set(data)


def test_history_comes_in_three_containers(two_shifts):
    def rows(container):
        two_shifts.service.profile.history_container = container
        data = two_shifts.ask("history", {"ShiftNumber": 1, "Skip": 0, "Take": 50})["Data"]
        return data if container is Container.ARRAY else data[container.value]

    for container in Container:
        assert [row["ExternalCheckNumber"] for row in rows(container)] == ["a", "b"]


def test_history_is_paged_and_capped(two_shifts):
    page = two_shifts.ask("history", {"ShiftNumber": 1, "Skip": 1, "Take": 1})["Data"]
    assert [row["ExternalCheckNumber"] for row in page["Items"]] == ["b"]
    assert two_shifts.codes("history", {"ShiftNumber": 1, "Skip": 0, "Take": 51}) == [9]
    assert two_shifts.codes("history", {"ShiftNumber": 9}) == [15]


def test_a_history_item_carries_the_marks_of_its_positions(two_shifts):
    [row, _] = two_shifts.ask("history", {"ShiftNumber": 1})["Data"]["Items"]
    assert row["Positions"][0]["MarkList"] == ["04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"]
    assert row["Payments"] == [{"Sum": 2000, "PaymentTypeName": "Наличные"}]


def test_a_receipt_is_found_by_its_fiscal_sign(two_shifts):
    sign = two_shifts.box.documents[1].sign
    data = two_shifts.ask("by_number", {"Number": sign, "ShiftNumber": 1})["Data"]
    assert data["ExternalCheckNumber"] == "a"
    assert data["Ofd"]["Code"] == 1
    assert two_shifts.codes("by_number", {"Number": sign, "ShiftNumber": 2}) == [16]


def test_the_control_tape_lists_every_operation_newest_first(two_shifts):
    rows = two_shifts.ask("tape", {"ShiftNumber": 1})["Data"]
    assert [row["ExternalOperationId"] for row in rows] == ["b", "a", "in-1"]
    assert "Number" not in rows[-1]


def test_shift_history_is_ascending_and_an_open_shift_has_no_close_date(two_shifts):
    data = two_shifts.ask("shifts", {"Skip": 0, "Take": 10})["Data"]
    assert [(row["ShiftNumber"], "CloseDate" in row) for row in data["Shifts"]] == [(1, True), (2, False)]


def test_old_z_reports_are_kept_and_open_shifts_have_none(two_shifts):
    assert two_shifts.ask("z_by_shift", {"ShiftNumber": 1})["Data"]["DocumentCount"] == 3
    assert two_shifts.codes("z_by_shift", {"ShiftNumber": 2}) == [1014]
    assert len(two_shifts.ask("z_history", {"Skip": 0, "Take": 5})["Data"]["Reports"]) == 1
    two_shifts.service.profile.history_container = Container.ROWS
    assert len(two_shifts.ask("z_history", {"Skip": 0, "Take": 5})["Data"]["Rows"]) == 1


def test_print_lines_end_with_the_qr_of_the_ticket(two_shifts):
    answer = two_shifts.ask("print", {"ExternalCheckNumber": "a", "PaperKind": 0, "IsDuplicate": True})
    lines = answer["Data"]["Lines"]
    assert lines[-1]["Type"] == 2
    assert f"i={two_shifts.box.documents[1].sign}&f=010100000001&s=1800.00&t=20260715T090000" in lines[-1]["Value"]
    assert any("КӨШІРМЕ / ДУБЛИКАТ" in line["Value"] for line in lines)
    assert [line["Order"] for line in lines] == list(range(1, len(lines) + 1))
    assert two_shifts.codes("print", {"ExternalCheckNumber": "zz"}) == [19]


def test_a_paper_kind_in_the_sale_fills_the_ticket_print_format(till, sale):
    assert "TicketPrintFormat" in till.ask("check", sale("a", PaperKind=3))["Data"]
    assert "TicketPrintFormat" not in till.ask("check", sale("b", PaperKind=None))["Data"]


def test_state_counts_documents_and_tells_the_protocol(two_shifts):
    data = two_shifts.ask("state")["Data"]
    assert data["OfdProtocolVersion"] == 203
    state = data["CurrentState"]
    assert (state["ShiftNumber"], state["ShiftClosed"], state["DocumentsCount"]) == (2, False, 1)
    two_shifts.ask("z")
    assert two_shifts.ask("state")["Data"]["CurrentState"]["ShiftClosed"] is True


def test_lists_need_no_cashbox(till):
    units = {row["Code"]: row["NameKz"] for row in till.ask("units", {"CashboxUniqueNumber": None})["Data"]}
    assert units[796] == "дана"
    assert 116 not in units
    [row] = till.ask("cashboxes", {"CashboxUniqueNumber": None})["Data"]["List"]
    assert (row["UniqueNumber"], row["CurrentStatus"]) == ("SWK00000001", 1)


def test_the_unit_directory_has_the_published_rows_with_their_swap(till):
    rows = {row["Code"]: row["NameRu"] for row in till.ask("units")["Data"]}
    assert len(rows) == 49
    assert (rows[5], rows[53], rows[8751]) == ("Дециметр квадратный", "Дециметр", "Қорап")


def test_cashbox_facts_have_the_published_shape(till):
    assert till.ask("info")["Data"] == {
        "CashboxStatus": 1,
        "License": {"LicenseStatus": 2, "LicenseExpirationDate": "2030-12-31T00:00:00+05:00"},
        "Ofd": {"Ofd": 1, "Expiration": "2030-12-31T00:00:00+05:00"},
    }
    till.service.profile.ofd_until = ""
    assert till.ask("info")["Data"]["Ofd"] == {"Ofd": 1}


def test_histories_may_come_newest_first(two_shifts):
    two_shifts.service.profile.newest_first = True
    page = two_shifts.ask("history", {"ShiftNumber": 1, "Skip": 0, "Take": 1})["Data"]["Items"]
    assert [row["ExternalCheckNumber"] for row in page] == ["b"]
    shifts = two_shifts.ask("shifts", {"Skip": 0, "Take": 10})["Data"]["Shifts"]
    assert [row["ShiftNumber"] for row in shifts] == [2, 1]


def test_a_logo_of_the_cabinet_is_the_first_line(two_shifts):
    two_shifts.service.profile.logo = "AAAA"
    lines = two_shifts.ask("print", {"ExternalCheckNumber": "a"})["Data"]["Lines"]
    assert (lines[0]["Type"], lines[0]["Value"]) == (1, "AAAA")


def test_the_state_dates_itself_in_either_way_and_its_report_by_the_last_operation(two_shifts):
    two_shifts.clock.sleep(600)
    state = two_shifts.ask("state")["Data"]["CurrentState"]
    assert (state["LastOperationDate"], state["ReportState"]["ReportOn"]) == ("2026-07-15T09:02:00",) * 2
    two_shifts.service.profile.iso_state = False
    assert two_shifts.ask("state")["Data"]["CurrentState"]["LastOperationDate"] == "15.07.2026 09:02:00"
