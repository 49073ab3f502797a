"""The commands as a table: which part of the request each needs, and who carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.ofd203.desk import TICKET_AD_INFO, Call, Desk, ads, is_queued, service_answer
from hw_sim.ofd203.device import Device
from hw_sim.ofd203.frames import Header
from hw_sim.ofd203.results import Refusal, Result, wrong
from hw_sim.ofd203.sales import money_placement, ticket
from hw_sim.ofd203.schema import ENUMS
from hw_sim.ofd203.shifts import close_shift, info_report, report_request

Handler = Callable[[Desk, Device, Call], dict[str, Any]]
AUTH_OK, AUTH_INVALID = 0, 1


@dataclass(frozen=True, slots=True)
class Command:
    """`part`: the field of the request that must be there; "": none."""

    part: str
    carry_out: Handler


def system(_desk: Desk, _device: Device, _call: Call) -> dict[str, Any]:
    """A ping; the service part does the talking."""
    return {}


def info(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """Registration and token are right: the counters, and everything there is to know."""
    return {"report": info_report(desk, device), "service": service_answer(desk, device, call, whole=True)}


def nomenclature(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """The catalogue, or one article of it."""
    body = call.request["nomenclature"]
    if not body:
        raise wrong("nomenclature: neither a version nor a barcode")
    return {"nomenclature": desk.catalogue.answer(body, device.papers.taxation_type)}


def auth(desk: Desk, _device: Device, call: Call) -> dict[str, Any]:
    """Who somebody is; no session is made of it."""
    body = call.request["auth"]
    clerk = desk.clerks.get(body["login"])
    if clerk is None or clerk.password != body["password"]:
        return {"auth": {"result": AUTH_INVALID}}
    known = {"operator_code": clerk.code, "operator_name": clerk.name, "roles": list(clerk.roles)}
    return {"auth": {"result": AUTH_OK, **known}}


def cancel_ticket(desk: Desk, _device: Device, _call: Call) -> dict[str, Any]:
    """2.0.3 has no cancellation: what was sold can only be returned."""
    raise Refusal(desk.rules.cancel_code, "a registered ticket cannot be cancelled")


def reserved(_desk: Desk, _device: Device, _call: Call) -> dict[str, Any]:
    raise Refusal(Result.UNSUPPORTED_COMMAND, "the command is reserved")


COMMANDS: Mapping[int, Command] = {
    0: Command("", system),
    1: Command("ticket", ticket),
    2: Command("close_shift", close_shift),
    3: Command("report", report_request),
    4: Command("nomenclature", nomenclature),
    5: Command("", info),
    6: Command("money_placement", money_placement),
    7: Command("", cancel_ticket),
    8: Command("auth", auth),
    127: Command("", reserved),
}


def command_name(number: int) -> str:
    """SYSTEM, TICKET, ...; a number nobody knows as it is."""
    return ENUMS["CommandTypeEnum"].get(number, str(number)).removeprefix("COMMAND_")


def carry_out(desk: Desk, device: Device, header: Header, request: Mapping[str, Any]) -> dict[str, Any]:
    """The Response to a request whose number and token are right.

    Raises:
        Refusal: nothing has been registered.
    """
    number = request["command"]
    command = COMMANDS.get(number)
    if command is None:
        raise Refusal(Result.UNKNOWN_COMMAND, f"command {number}")
    if command.part and command.part not in request:
        raise Refusal(Result.PROTOCOL_ERROR, f"{command.part} is missing")
    if device.blocked:
        raise Refusal(Result.BLOCKED, "the register is blocked")
    part = request.get(command.part, {}) if command.part else {}
    call = Call(header, request, is_queued(request, part))
    parts = command.carry_out(desk, device, call)
    if "service" not in parts and (service := service_answer(desk, device, call)):
        parts["service"] = service
    return {"command": number, "result": {"result_code": Result.OK}, **parts}


def refused(desk: Desk, request: Mapping[str, Any], refusal: Refusal) -> dict[str, Any]:
    """The Response that refuses a request. With code 15 goes the message the register must show."""
    result: dict[str, Any] = {"result_code": refusal.code}
    if refusal.text:
        result["result_text"] = refusal.text
    answer = {"command": request.get("command", 0), "result": result}
    if refusal.code == Result.BLOCKED and (texts := ads(desk, {}, {TICKET_AD_INFO})):
        answer["service"] = {"ticket_ads": texts}
    return answer
