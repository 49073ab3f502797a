"""The hand at the operator's side of a register, as words of the console."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from hw_sim.exchange import NS
from hw_sim.faults import finite, whole
from hw_sim.listing import columns
from hw_sim.ofd203.desk import TICKET_AD_INFO, TOKEN_MOD
from hw_sim.ofd203.device import Device
from hw_sim.ofd203.server import OfdServer
from hw_sim.option_values import shown

HOUR_NS = 3600 * NS


def switches(server: OfdServer, device: Device) -> Mapping[str, Callable[[list[str]], str]]:
    """The words: block [TEXT], unblock, token [HEX], clock SECONDS, shift_age HOURS, unknown on|off, rule, device."""
    desk = server.desk

    def block(rest: list[str]) -> str:
        """block [TEXT]: the register is blocked; TEXT is what its next receipts say"""
        device.blocked = True
        if rest:
            version, _ = desk.ads.get(TICKET_AD_INFO, (0, ""))
            desk.ads[TICKET_AD_INFO] = (version + 1, " ".join(rest))
        return "blocked"

    def unblock(_rest: list[str]) -> str:
        """unblock: the register is released"""
        device.blocked = False
        return "released"

    def token(rest: list[str]) -> str:
        """token [HEX]: the engineer sets a new token, which the register does not learn from the line"""
        chosen = int(rest[0], 16) if rest else desk.next_token(device.token)
        if not 0 <= chosen < TOKEN_MOD:
            raise ValueError("a token has at most eight hexadecimal digits")
        device.token = chosen
        return f"token {device.token:08X}"

    def clock(rest: list[str]) -> str:
        """clock SECONDS: the operator's clock is so far ahead, or behind with a minus"""
        desk.clock_offset_s = whole(rest[0])
        return f"the operator's clock says {desk.here()}"

    def shift_age(rest: list[str]) -> str:
        """shift_age HOURS: the open shift is so old"""
        shift = device.memory.shift
        if shift is None:
            raise ValueError("no shift is open")
        shift.opened_ns = desk.now_ns() - int(finite(rest[0]) * HOUR_NS)
        return f"shift {shift.number} is {rest[0]} hours old"

    def unknown(rest: list[str]) -> str:
        """unknown on|off: the operator does not know the register (on), or does again"""
        if rest not in (["on"], ["off"]):
            raise ValueError("on or off")
        device.known = rest == ["off"]
        return f"device {device.id} is {'known' if device.known else 'unknown'}"

    def rule(rest: list[str]) -> str:
        """rule [NAME VALUE]: what the operator insists on; alone: every rule"""
        if not rest:
            return columns((name, shown(getattr(desk.rules, name))) for name in desk.rules.__slots__)
        name, text = rest
        desk.rules = desk.rules.changed(name, text)
        return f"{name} {shown(getattr(desk.rules, name))}"

    def state(_rest: list[str]) -> str:
        """device: the register as the operator knows it"""
        last = device.last
        shown = {
            "id": device.id,
            "token": f"{device.token:08X}",
            "known": device.known,
            "blocked": device.blocked,
            "last_reqnum": last.reqnum if last else None,
            "last_token": f"{last.token:08X}" if last else None,
            "shift": device.counters.number if device.counters else None,
            "cash_tiyn": device.memory.cash_tiyn,
            "report_differences": device.differences,
        }
        return json.dumps(shown, indent=2)

    return {
        "block": block,
        "unblock": unblock,
        "token": token,
        "clock": clock,
        "shift_age": shift_age,
        "unknown": unknown,
        "rule": rule,
        "device": state,
    }
