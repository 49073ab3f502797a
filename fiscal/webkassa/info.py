"""What a cashbox tells of itself: where it stands, its licence, its OFD. Pure.

Source: Webkassa API v4 (public collection, protocol 2.0.3): cashbox/client-info; answers of cashbox/state in github
VitalyKravtsov2016/OposWebkassa (doc/Webkassa/CashBoxStateResponse*.json, test/OposWebkassaTest/bin/CashboxState.json)
and of client-info in github shtefanov/webkassa-iikofront-adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fiscal.webkassa import moments
from fiscal.webkassa.rows import untold
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import Envelope

# Of the list of cashboxes; client-info has no table of its own. 3 and 4 mean the same in texts of different age.
STATUS_WORDS = {
    0: "created, not active yet",
    1: "active",
    2: "blocked by the OFD",
    3: "data integrity broken",
    4: "data integrity broken",
    5: "deregistered",
}
ACTIVE = 1
# Texts of the OFD code on a receipt.
OFD_NAMES = {1: "Kazakhtelecom", 2: "Transtelecom", 3: "Jusan Mobile", 4: "Smartcontract (WOFD)"}


@dataclass(frozen=True, slots=True)
class CashboxState:
    """The state of a cashbox. No answer tells its clock, how long it is offline, or what it still owes the OFD.

    The time inside the state's report is that of the shift's last operation in one capture, so it is no clock.
    """

    shift: int | None  # Number of the newest shift, open or not.
    shift_open: bool
    shift_opened_at: str | None = None
    document_count: int | None = None
    offline: bool | None = None
    cash_tiyn: int | None = None
    protocol: int | None = None  # 202 or 203.
    identity: str = ""
    registration_number: str = ""
    organisation: str = ""
    shift_closed_at: str = ""
    last_operation_at: str = ""
    licence_until: str = ""  # When every licence of the cashbox has ended.
    raw: Mapping[str, Any] = field(default_factory=dict)


def cashbox_state(envelope: Envelope, settings: Settings) -> CashboxState:
    """Answer of cashbox/state. The captured one has XReport and no ShiftClosed; another source names ReportState."""
    data = envelope.fields()
    current = data.optional_object("CurrentState")
    report = current.optional_object("XReport", "ReportState")
    shift = current.integer("ShiftNumber")
    closed = current.flag("ShiftClosed")
    if closed is None:
        closed = bool(current.optional_text("ShiftClosedAt"))
    documents = current.integer("DocumentsCount")
    return CashboxState(
        shift=shift,
        shift_open=shift is not None and not closed,
        shift_opened_at=moments.from_fields(current, settings.utc_offset, "ShiftOpenedAt") or None,
        document_count=report.integer("DocumentCount") if documents is None else documents,
        offline=report.flag("CashboxOfflineMode"),
        cash_tiyn=report.counter("SumInCashbox") if report.get("SumInCashbox")[1] is not None else None,
        protocol=data.integer("OfdProtocolVersion"),
        identity=data.text("UniqueNumber") or report.text("CashboxSN"),
        registration_number=data.optional_text("RegistrationNumber"),
        organisation=data.optional_text("OrganizationName", "Organization"),
        shift_closed_at=moments.if_readable(current, settings.utc_offset, "ShiftClosedAt"),
        last_operation_at=moments.if_readable(current, settings.utc_offset, "LastOperationDate"),
        licence_until=moments.if_readable(data, settings.utc_offset, "AllLicenseExpiring"),
        raw=envelope.raw,
    )


@dataclass(frozen=True, slots=True)
class ClientInfo:
    status: int | None
    licence_status: int | None  # The vendor gives no table; its sample of a good cashbox has 2.
    licence_until: str
    ofd: int | None  # Code of the OFD.
    ofd_name: str
    ofd_until: str
    missing: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def status_words(self) -> str:
        return "" if self.status is None else STATUS_WORDS.get(self.status, f"status {self.status}, not known here")


def client_info(envelope: Envelope, settings: Settings) -> ClientInfo:
    """Answer of cashbox/client-info. AnswerMalformed when a field has a wrong type."""
    data = envelope.fields()
    licence, ofd = data.optional_object("License"), data.optional_object("Ofd")
    status, licence_status = data.integer("CashboxStatus"), licence.integer("LicenseStatus")
    code = ofd.integer("Ofd", "Code")
    licence_until = moments.from_fields(
        licence, settings.utc_offset, "LicenseExpirationDate", "ExpirationDate", "Expiration"
    )
    ofd_until = moments.from_fields(ofd, settings.utc_offset, "Expiration", "ExpirationDate")
    missing = untold(CashboxStatus=status) + tuple(
        f"{group}.{name}"
        for group, facts in (
            ("License", {"LicenseStatus": licence_status, "LicenseExpirationDate": licence_until}),
            ("Ofd", {"Ofd": code, "Expiration": ofd_until}),
        )
        for name in untold(**facts)
    )
    name = ofd.optional_text("Name") or OFD_NAMES.get(code or 0, "")
    return ClientInfo(status, licence_status, licence_until, code, name, ofd_until, missing, envelope.raw)
