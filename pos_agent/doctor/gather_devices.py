"""Facts of scanners, register and printer. A device that the running agent holds is asked through the agent only."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from pos_agent.config import Config, ConfigError
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import AgentFacts, PrinterFacts, RegisterFacts, ScannerFacts, User
from pos_agent.doctor.gather_data import ask
from pos_agent.doctor.gather_machine import may
from pos_agent.register_watch import RegisterWatch
from pos_agent.registers import STORES, open_configured
from pos_agent.requirements import unmet
from scanners import devices
from scanners.devices import Device, Kind
from scanners.occupancy import group_of, occupancy
from sync.secret_reference import SecretMissing

KINDS: Final = {
    "serial": Kind.SERIAL,
    "ssi+serial": Kind.SERIAL,
    "hidpos": Kind.HIDRAW,
    "evdev": Kind.KEYBOARD,
    "camera": Kind.VIDEO,
}
_USB: Final = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_TCP_PORT: Final = 9100  # Where an address of a scanner names none.


def scanner_facts(config: Config, edge: Edge, user: User | None, agent: AgentFacts) -> tuple[ScannerFacts, ...]:
    if not config.scanners:
        return ()
    found = devices.inventory(edge.root).devices
    ports = {section.name: _node(section.url, found, edge.root) for section in config.scanners}
    seen = occupancy(edge.root, [port for port in ports.values() if port])
    return tuple(
        _scanner(section.name, section.url, ports[section.name], seen.holders, edge, user, agent)
        for section in config.scanners
    )


def _scanner(
    name: str, url: str, port: str | None, holders: Any, edge: Edge, user: User | None, agent: AgentFacts
) -> ScannerFacts:
    if port is None:
        return ScannerFacts(name, url, unreachable="" if agent.running else _unreachable(url, edge))
    if not port:
        return ScannerFacts(name, url, missing=True)
    others = tuple(str(one) for one in holders.get(port, ()) if one.pid != agent.pid)
    permitted = may(user, Path(port), write=not url.startswith(("evdev", "hidpos", "camera")))
    return ScannerFacts(name, url, port, False, group_of(edge.root, port), permitted, others)


def _node(url: str, found: Sequence[Device], root: Path) -> str | None:
    """The node a scanner's address means today; "": it is not there; None: it is no device of this machine."""
    parts = urlsplit(url)
    kind = KINDS.get(parts.scheme)
    if kind is None:
        return None
    path = unquote(parts.netloc + parts.path)
    if kind is Kind.VIDEO:
        path = f"/dev/video{path}" if path.isdigit() else path
    usb = _USB.fullmatch(path.removeprefix("usb/").strip("/")) if path.startswith("usb/") else None
    if usb is None:
        return _existing(path, root)
    wanted = int(usb[1], 16), int(usb[2], 16)
    number = parse_qs(parts.query).get("serial", [None])[0]
    fitting = [
        one.port
        for one in found
        if one.kind is kind and (one.vid, one.pid) == wanted and number in (None, one.serial_number)
    ]
    return fitting[0] if fitting else ""


def _existing(path: str, root: Path) -> str:
    """A node by its name, also on another machine's /dev that a test made."""
    for place in (Path(path), root / path.lstrip("/")):
        if place.exists():
            return str(place)
    return ""


def _unreachable(url: str, edge: Edge) -> str:
    """Why a scanner in the network cannot be called; empty: it can, or it is one that calls us."""
    parts = urlsplit(url)
    if parts.scheme != "tcp" or not parts.hostname:
        return ""
    try:
        socket.create_connection((parts.hostname, parts.port or _TCP_PORT), edge.network_s).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def register_facts(config: Config, edge: Edge, agent: AgentFacts) -> RegisterFacts | None:
    """How the register is: through the running agent, else by asking it what changes nothing. None: none configured."""
    url = config.register_.url
    if not url:
        return None
    if agent.running:
        return _through_agent(config, edge, agent)
    if url.partition(":")[0] in STORES:
        return RegisterFacts(url)  # Opening it would hold its fiscal memory: `pos-agent ofd status` looks without.
    try:
        register = open_configured(config.register_, secret=edge.secret, transport=None, clock=edge.clock)
    except (ConfigError, SecretMissing, OSError) as error:
        return RegisterFacts(url, problem=_first_line(error))
    try:
        watch = RegisterWatch(register, edge.clock.now_ns, 0)
        watch.look()
        return RegisterFacts(url, True, watch.facts() or {}, unmet=tuple(unmet(config, register.capabilities)))
    finally:
        register.close()


def _through_agent(config: Config, edge: Edge, agent: AgentFacts) -> RegisterFacts:
    import httpx

    if agent.status is None:
        return RegisterFacts(config.register_.url)  # Why it cannot be asked is a line of its own.
    try:
        facts = ask(config, edge, "/v1/register", edge.register_s)
    except (httpx.HTTPError, SecretMissing, ValueError) as error:
        return RegisterFacts(config.register_.url, problem=str(error) or type(error).__name__)
    return RegisterFacts(config.register_.url, True, facts)


def printer_facts(config: Config, edge: Edge, agent: AgentFacts) -> PrinterFacts | None:
    """How the printer is. While the agent runs, as its last print found it: two programs would garble its answers."""
    from fiscal.escpos.printer import open_printer
    from fiscal.escpos.raster import FontMissing

    url = config.printer.url
    if not url:
        return None
    if agent.running:
        state = None if agent.status is None else agent.status.get("printer")
        return PrinterFacts(url, None if state is None else str(state))
    try:
        printer = open_printer(url, monotonic=edge.clock.monotonic, sleep=edge.clock.sleep)
    except (ValueError, FontMissing) as error:
        return PrinterFacts(url, problem=str(error))
    outcome = printer.look().outcome
    return PrinterFacts(url, str(outcome.state), outcome.detail)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
