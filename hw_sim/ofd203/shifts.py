"""COMMAND_CLOSE_SHIFT, COMMAND_REPORT and the report inside INFO."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hw_sim.ofd203.counters import ShiftCounters
from hw_sim.ofd203.desk import Call, Desk, here_stamp, require_service, require_shift_number, require_time
from hw_sim.ofd203.device import Device
from hw_sim.ofd203.reports import REPORT_X, REPORT_Z, differences, empty_report, report
from hw_sim.ofd203.results import wrong
from hw_sim.ofd203.sales import place_money
from hw_sim.ofd203.values import moment, utc_ns

WITHDRAWAL = 1


def close_shift(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """Z: the shift ends, its report is kept.

    Raises:
        Refusal: 13, no shift is open or something mandatory is missing.
    """
    body = call.request["close_shift"]
    at = moment(body["close_time"], "close_time")
    for name in ("operator", "z_report"):
        if name not in body:
            raise wrong(f"{name} is mandatory")
    require_service(desk, device, call)
    shift = device.counters
    if shift is None:
        raise wrong("no shift is open")
    require_shift_number(desk, device, body.get("fr_shift_number"))
    require_time(desk, device, call, at)
    _require_same_totals(desk, device, shift, body["z_report"], at)
    if body.get("withdraw_money") and device.memory.cash_tiyn:
        place_money(desk, device, call, WITHDRAWAL, device.memory.cash_tiyn, at, {"is_offline": body.get("is_offline")})
    device.last_z = report(shift, device.lifetime, device.memory.cash_tiyn, at, at)
    device.noted(at, body.get("printed_document_number"))
    device.close_shift(utc_ns(at, desk.utc_offset_h))
    return {"report": {"report": REPORT_Z, "zx_report": device.last_z}}


def report_request(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """The X of the open shift, or the last Z.

    Raises:
        Refusal: 13, something mandatory is missing.
    """
    body = call.request["report"]
    at = moment(body["date_time"], "date_time")
    if "zx_report" not in body:
        raise wrong("zx_report is mandatory")
    require_service(desk, device, call)
    kind = body["report"]
    if kind == REPORT_X and device.counters is not None:
        _require_same_totals(desk, device, device.counters, body["zx_report"], at)
        content = report(device.counters, device.lifetime, device.memory.cash_tiyn, at, None)
    elif kind == REPORT_Z and device.last_z is not None:
        content = device.last_z
    else:
        # The text speaks of the first Z only; an X without an open shift is answered in the same way.
        content = empty_report(body["date_time"], device.memory.cash_tiyn)
    return {"report": {"report": kind, "zx_report": content}}


def info_report(desk: Desk, device: Device) -> dict[str, Any]:
    """X while a shift is open, else the last Z."""
    if device.counters is not None:
        content = report(device.counters, device.lifetime, device.memory.cash_tiyn, desk.here(), None)
        return {"report": REPORT_X, "zx_report": content}
    return {"report": REPORT_Z, "zx_report": device.last_z or empty_report(here_stamp(desk), device.memory.cash_tiyn)}


def _require_same_totals(
    desk: Desk, device: Device, shift: ShiftCounters, theirs: dict[str, Any], at: datetime
) -> None:
    ours = report(shift, device.lifetime, device.memory.cash_tiyn, at, None)
    device.differences = differences(theirs, ours)
    if desk.rules.reports_compared and device.differences:
        raise wrong("report: " + "; ".join(device.differences))
