"""`pos-agent devices`: which devices are there and what to write into the configuration; what a scanner really sends.

Exit codes: 0 done, 1 `watch` saw a scanner that was never online, 2 it could not be tried.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption

if TYPE_CHECKING:
    from marking.code import ReadContext
    from pos_agent.cli.devices_lines import Line
    from pos_agent.clock import Clock
    from scanners.address import Scanner
    from scanners.scan import ScannerEvent

READ_WAIT_S = 0.05

app = typer.Typer(no_args_is_help=True, help="Scanners and cameras: what is plugged in, and what it sends.")

JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


@app.command("list")
def list_(
    as_json: JsonOption = False,
    everything: Annotated[bool, typer.Option("--all", help="Also nodes that no scanner is read through.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Open each free scanner port for a moment, to see that it can be opened.")
    ] = False,
    root: Annotated[Path, typer.Option(hidden=True, help="Another machine's /sys, /dev and /proc.")] = Path("/"),
) -> None:
    """Every port with a guess of what it is, and the url for the configuration. Opens nothing without --probe."""
    from pos_agent.cli.devices_list import description, listing
    from scanners import devices
    from scanners.registry import DRIVERS

    found = devices.inventory(root)
    if probe:
        found = replace(found, devices=tuple(map(devices.probe, found.devices)))
    if as_json:
        rows = [description(device) for device in found.devices if everything or devices.likely(device)]
        _json({"devices": rows, "complete": found.complete, "modem_manager": found.modem_manager})
        return
    width, styled = _terminal()
    _show(listing(found, everything=everything, schemes=DRIVERS, width=width), styled)


@app.command()
def watch(
    urls: Annotated[
        list[str] | None, typer.Argument(metavar="[URL]...", help="Addresses; without any, the configured scanners.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="End after so many seconds.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many scans.")] = None,
) -> None:
    """What scanners send, as it comes: bytes, meaning, repairs. Nothing is sold or kept. Ctrl+C ends with a summary."""
    from pos_agent.cli.devices_watch import Watch, run
    from pos_agent.clock import SystemClock

    clock = SystemClock()
    addresses, context = _addresses(urls, config)
    scanners = _opened(addresses, clock)
    width, styled = _terminal()
    watching = Watch(list(addresses), context, width)
    if not as_json:
        _show(_greeting(addresses, given=bool(urls)), styled)

    def tell(event: ScannerEvent) -> None:
        if as_json:
            _json(watching.data(event))
        else:
            _show(watching.lines(event), styled)

    with suppress(KeyboardInterrupt):
        run(scanners, clock, tell, seconds=seconds, count=count)
    watching.note_discarded(scanners)
    if as_json:
        _json(watching.summary())
    else:
        _show(watching.summary_lines(), styled)
    raise typer.Exit(0 if all(tally.was_online for tally in watching.tallies.values()) else 1)


def _addresses(urls: list[str] | None, config: Path | None) -> tuple[dict[str, str], ReadContext | None]:
    """Addresses by name, given or configured, and how the till reads codes."""
    if urls:
        return (
            {f"scanner-{number}": url for number, url in enumerate(urls, 1)} if urls[1:] else {"scanner": urls[0]}
        ), None
    from marking.code import ReadContext
    from pos_agent.cli.options import configured

    settings = configured(config)
    if not settings.scanners:
        fail("the configuration names no scanner; give an address: `pos-agent devices list` shows them")
    addresses = {section.name: section.url for section in settings.scanners}
    return addresses, ReadContext(suffixes=tuple(settings.scan.suffixes))


def _opened(addresses: dict[str, str], clock: Clock) -> list[Scanner]:
    from scanners.registry import ScannerAddressInvalid, Surroundings, open_scanner

    # They are read in turn, so each waits for its share only.
    surroundings = Surroundings(clock.now_ns, clock.monotonic, read_timeout_s=READ_WAIT_S / len(addresses))
    try:
        return [open_scanner(name, url, surroundings) for name, url in addresses.items()]
    except ScannerAddressInvalid as error:
        fail(f"{error}; `pos-agent devices list` shows the addresses of this machine")


def _greeting(addresses: dict[str, str], *, given: bool) -> list[Line]:
    whose = "Watching" if given else "Watching the scanners of the configuration:"
    names = ", ".join(f"{name} {url}" for name, url in addresses.items())
    return [(f"{whose} {names}", ""), ("Scan something; nothing is sold or kept. Ctrl+C ends.", "dim"), ("", "")]


def _terminal() -> tuple[int, bool]:
    """Width to fold at, 0 for none, and whether a person looks at it."""
    if not sys.stdout.isatty():
        return 0, False
    return shutil.get_terminal_size().columns, True


def _show(lines: Iterable[Line], styled: bool) -> None:
    if styled:
        from rich.console import Console
        from rich.text import Text

        console = Console(soft_wrap=True, highlight=False)
        for text, style in lines:
            console.print(Text(text, style))
        return
    for text, _ in lines:
        # Bytes: the encoding of a redirected Windows console has no picture of GS.
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def _json(data: object) -> None:
    sys.stdout.buffer.write(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
