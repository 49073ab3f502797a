"""/it/devices: scanners, cameras and the printer, and what is plugged in that nobody configured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.config import ScannerSection
from pos_agent.device_counts import DeviceCount
from pos_agent.device_names import configured_name
from pos_agent.pages.it.cameras import cameras_of
from pos_agent.pages.it.listing import COUNT, MOMENT, Col, Listing, Query
from pos_agent.pages.it.shell import shown
from pos_agent.till_facts import scanners_seen
from scanners.devices import Device, Inventory, inventory, likely

router = APIRouter(prefix="/it")

SCANNERS = (
    Col("device"),
    Col("health", look="badge"),
    Col("text"),
    Col("url", look="code"),
    Col("port", look="code"),
    Col("usb_id", look="code"),
    Col("model"),
    Col("version", look="code"),
    Col("driver"),
    Col("since", MOMENT),
    Col("judged", COUNT),
    Col("dropped", COUNT),
    Col("read_at", MOMENT),
)
PLUGGED = (
    Col("port", look="code"),
    Col("usb_id", look="code"),
    Col("model"),
    Col("version", look="code"),
    Col("what"),
    Col("state", look="badge"),
    Col("remedy"),
    Col("url", look="code"),
)


@router.get("/devices")
def devices(request: Request, agent: AgentOf) -> Response:
    found = inventory()
    spare = unconfigured(found.devices, agent.config.scanners)
    return shown(
        request,
        agent,
        "devices",
        scanners=listed_scanners(agent, found),
        spare=spare,
        plugged=_plugged(spare),
        found=found,
        lines={device.port: toml_lines(device, agent.config.scanners) for device in spare if device.url},
        cameras=cameras_of(agent),
        printer=agent.config.printer.url,
        printed=agent.printing.last,
        prints_itself=not agent.printing.can_test,
    )


def scanner_list(agent: Agent, _query: Query) -> Listing:
    return listed_scanners(agent, inventory())


def plugged_list(agent: Agent, _query: Query) -> Listing:
    return _plugged(unconfigured(inventory().devices, agent.config.scanners))


def listed_scanners(agent: Agent, found: Inventory) -> Listing:
    """One row for each scanner of the configuration, and for each that calls under a name of its own."""
    health, counts = dict(agent.intake.health), agent.device_counts.all()
    sections = {section.name: section for section in agent.config.scanners}
    rows = []
    for seen in scanners_seen(agent):
        section = sections.get(configured_name(seen.name, sections) or "")
        device = None if section is None else next((one for one in found.devices if means(section.url, one)), None)
        count = counts.get(seen.name, DeviceCount())
        rows.append(
            (
                seen.name,
                seen.health,
                seen.text,
                None if section is None else section.url,
                None if device is None else device.port,
                None if device is None else device.usb_id or None,
                None if device is None else device.model or None,
                None if device is None else device.release or None,
                None if section is None else urlsplit(section.url).scheme,
                health[seen.name].at_ns if seen.name in health else None,
                count.judged,
                count.dropped,
                count.last_ns or None,
            )
        )
    return Listing("scanners", SCANNERS, rows)


def _plugged(spare: Sequence[Device]) -> Listing:
    rows = [
        (
            d.port,
            d.usb_id or None,
            d.model or None,
            d.release or None,
            d.guess.what,
            str(d.state),
            d.remedy or None,
            d.url or None,
        )
        for d in spare
    ]
    return Listing("plugged", PLUGGED, rows)


def unconfigured(found: Iterable[Device], configured: Sequence[ScannerSection]) -> list[Device]:
    """Devices worth a line that no address of the configuration means."""
    return [
        device for device in found if likely(device) and not any(means(section.url, device) for section in configured)
    ]


@dataclass(frozen=True, slots=True)
class _Named:
    """What an address says of its device."""

    usb: str
    number: str
    node: str

    @classmethod
    def of(cls, url: str) -> _Named:
        parts = urlsplit(url)
        numbers = parse_qs(parts.query).get("serial", [""])
        if parts.netloc == "usb":
            return cls(parts.path.strip("/").lower(), numbers[0], "")
        if parts.scheme == "camera":
            return cls("", "", f"/dev/video{parts.path}" if parts.path.isdigit() else parts.path)
        return cls("", "", parts.path or parts.netloc)


def means(url: str, device: Device) -> bool:
    """Whether this address is of this device: by its USB numbers and serial number, or by the node it has today."""
    named = _Named.of(url)
    if named.usb:
        return named.usb == device.usb_id and named.number in ("", device.serial_number)
    if not named.node:
        return False
    return named.node == device.port or str(Path(named.node).resolve()) == device.port


def toml_lines(device: Device, configured: Sequence[ScannerSection]) -> str:
    """What to add to agent.toml for a device, under a name that is free."""
    taken = {section.name for section in configured}
    number = next(number for number in range(1, len(taken) + 2) if f"scanner-{number}" not in taken)
    return f'[[scanners]]\nname = "scanner-{number}"\nurl = "{device.url}"'
