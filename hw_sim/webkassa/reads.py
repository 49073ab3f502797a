"""The reading calls: lookup after a lost answer, histories, control tape, print lines, lists and state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hw_sim.exchange import SimReply
from hw_sim.webkassa import answers, paper
from hw_sim.webkassa.call import Call
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.errors import Refusal, data_reply, invalid
from hw_sim.webkassa.profile import Container, Profile
from hw_sim.webkassa.reports import history_report, report_data
from hw_sim.webkassa.units import unit_rows

_TAKE_MAX = 1000


def _page(asked: Call, most: int = _TAKE_MAX) -> tuple[int, int]:
    skip, take = asked.fields.whole("Skip", 0), asked.fields.whole("Take", min(50, most))
    if skip < 0 or not 0 < take <= most:
        raise invalid(f"Skip не может быть отрицательным, Take должно быть от 1 до {most}")
    return skip, take


def lookup(asked: Call) -> SimReply:
    """Find a receipt by its external number in one shift: 15 no such shift, 19 not in this shift."""
    external = asked.fields.text("ExternalCheckNumber", required=True)
    shift = asked.cashbox.shift_numbered(asked.fields.whole("ShiftNumber"))
    for document in shift.documents:
        if document.external_number == external and document.operation.is_receipt:
            return data_reply(answers.lookup_data(document, asked.service.profile))
    raise Refusal(19)


def check_history(asked: Call) -> SimReply:
    """Receipts of one shift."""
    profile = asked.service.profile
    skip, take = _page(asked, profile.history_take_max)
    shift = asked.cashbox.shift_numbered(asked.fields.whole("ShiftNumber"))
    receipts = _ordered([doc for doc in shift.documents if doc.operation.is_receipt], profile)
    items = [answers.history_item(doc, asked.cashbox, profile) for doc in receipts[skip : skip + take]]
    return data_reply(_contained(items, profile.history_container, skip, take, len(receipts)))


def _contained(
    items: list[dict[str, Any]], container: Container, skip: int, take: int, total: int, own: str = "Items"
) -> Any:
    """A page as this service wraps it; `own` is the name the collection has for this list."""
    if container is Container.ARRAY:
        return items
    name = own if container is Container.ITEMS else container.value
    return {name: items, "Skip": skip, "Take": take, "Total": total}


def _ordered(rows: list[Any], profile: Profile) -> list[Any]:
    return rows[::-1] if profile.newest_first else rows


def history_by_number(asked: Call) -> SimReply:
    """One receipt by fiscal sign or autonomous code."""
    number = asked.fields.text("Number", required=True)
    shift = asked.cashbox.shift_numbered(asked.fields.whole("ShiftNumber"))
    for document in shift.documents:
        if document.sign == number and document.operation.is_receipt:
            item = answers.history_item(document, asked.cashbox, asked.service.profile)
            return data_reply({**item, "Ofd": asked.cashbox.ofd.data()})
    raise Refusal(16)


def shift_history(asked: Call) -> SimReply:
    """The shifts of the cashbox; an open one has no CloseDate."""
    skip, take = _page(asked)
    profile = asked.service.profile
    shifts = _ordered(asked.cashbox.shifts, profile)
    rows: list[dict[str, Any]] = []
    for shift in shifts[skip : skip + take]:
        row: dict[str, Any] = {"ShiftNumber": shift.number, "OpenDate": answers.stamp(shift.opened_ns, profile)}
        if shift.closed_ns is not None:
            row["CloseDate"] = answers.stamp(shift.closed_ns, profile)
        rows.append(row)
    number = asked.cashbox.unique_number
    return data_reply({"CashboxUniqueNumber": number, "Skip": skip, "Take": take, "Total": len(shifts), "Shifts": rows})


def control_tape(asked: Call) -> SimReply:
    """Every operation of a shift, newest first."""
    shift = asked.cashbox.shift_numbered(asked.fields.whole("ShiftNumber"))
    rows = [answers.control_tape_row(doc, asked.service.profile) for doc in reversed(shift.documents)]
    return data_reply(rows)


def z_by_shift(asked: Call) -> SimReply:
    """The Z report of a closed shift, or 1014."""
    number = asked.fields.whole("ShiftNumber")
    shift = next((shift for shift in asked.cashbox.shifts if shift.number == number), None)
    if shift is None or shift.z_report is None:
        raise Refusal(1014)
    return data_reply(history_report(shift))


def z_history(asked: Call) -> SimReply:
    """Z reports; the collection names their list `Reports`."""
    skip, take = _page(asked)
    profile = asked.service.profile
    closed = _ordered([shift for shift in asked.cashbox.shifts if shift.z_report is not None], profile)
    rows = [history_report(shift) for shift in closed[skip : skip + take]]
    return data_reply(_contained(rows, profile.history_container, skip, take, len(closed), "Reports"))


def print_format(asked: Call) -> SimReply:
    """The printable lines of a receipt."""
    external = asked.fields.text("ExternalCheckNumber", required=True)
    kind = asked.fields.whole("PaperKind", 0)
    if kind not in paper.WIDTHS:
        raise invalid(f"PaperKind {kind} не поддерживается")
    found = next((doc for doc in asked.cashbox.receipts() if doc.external_number == external), None)
    if found is None:
        raise Refusal(19)
    duplicate = asked.fields.has("IsDuplicate") and asked.fields.flag("IsDuplicate")
    languages = paper.wanted_languages(asked.request.headers)
    lines = paper.print_lines(
        found, asked.cashbox, asked.service.profile, paper_kind=kind, languages=languages, duplicate=duplicate
    )
    return data_reply({"Lines": lines})


def ref_units(asked: Call) -> SimReply:
    """The unit codes."""
    added = [{"Code": code, "NameRu": name} for code, name in asked.service.profile.more_units]
    return data_reply([*unit_rows(), *added])


def cashboxes(asked: Call) -> SimReply:
    """The cashboxes the user may use."""
    rows = [_cashbox_row(asked, box) for box in _allowed(asked)]
    return data_reply({"List": rows})


def _allowed(asked: Call) -> Iterable[Cashbox]:
    allowed = asked.user.cashboxes
    boxes = asked.service.cashboxes.values()
    return [box for box in boxes if allowed is None or box.unique_number in allowed]


def _cashbox_row(asked: Call, cashbox: Cashbox) -> dict[str, Any]:
    return {
        "UniqueNumber": cashbox.unique_number,
        "RegistrationNumber": cashbox.registration_number,
        "IdentificationNumber": cashbox.identity_number,
        "Name": cashbox.name,
        "Description": "",
        "IsOffline": not asked.service.ofd.is_up(),
        "CurrentStatus": cashbox.status,
        "Shift": cashbox.shifts[-1].number if cashbox.shifts else 0,
    }


def state(asked: Call) -> SimReply:
    """Protocol version, shift state and running counters of one cashbox."""
    cashbox, profile = asked.cashbox, asked.service.profile
    shift = cashbox.shifts[-1] if cashbox.shifts else None
    current: dict[str, Any] = {"ShiftNumber": 0, "ShiftClosed": True, "DocumentsCount": 0}
    if shift is not None:
        closed = shift.closed_ns
        last = shift.documents[-1].at_ns if shift.documents else shift.opened_ns
        report = shift.z_report or report_data(
            cashbox,
            shift,
            profile,
            at_ns=asked.service.now(),
            employee=asked.user.name,
            offline_now=not asked.service.ofd.is_up(),
            closing=False,
        )
        current = {
            "ShiftNumber": shift.number,
            "ShiftClosed": closed is not None,
            "ShiftOpenedAt": answers.state_stamp(shift.opened_ns, profile),
            "ShiftClosedAt": None if closed is None else answers.state_stamp(closed, profile),
            "LastOperationDate": answers.state_stamp(last, profile),
            "DocumentsCount": len(shift.documents),
            # The report of a state tells the time of the last operation, not of the question.
            "ReportState": {**report, "ReportOn": answers.state_stamp(last if closed is None else closed, profile)},
        }
    return data_reply(
        {
            "UniqueNumber": cashbox.unique_number,
            "IdentityNumber": cashbox.identity_number,
            "RegistrationNumber": cashbox.registration_number,
            "OfdProtocolVersion": cashbox.protocol,
            "AllLicenseExpiring": profile.licence_until[:19],
            "OrganizationXin": cashbox.organisation.xin,
            "OrganizationName": cashbox.organisation.name,
            "CurrentState": current,
        }
    )


def client_info(asked: Call) -> SimReply:
    """Status, licence and operator of one cashbox."""
    cashbox, profile = asked.cashbox, asked.service.profile
    licence = {"LicenseStatus": 2 if cashbox.licensed else 0, "LicenseExpirationDate": profile.licence_until}
    ofd: dict[str, Any] = {"Ofd": cashbox.ofd.code}
    if profile.ofd_until:
        ofd["Expiration"] = profile.ofd_until
    return data_reply({"CashboxStatus": cashbox.status, "License": licence, "Ofd": ofd})
