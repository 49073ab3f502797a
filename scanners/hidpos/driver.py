"""The address of a scanner in HID POS mode, on Linux.

hidpos:///dev/hidraw0?profile=auto      options: see HIDPOS_OPTIONS
hidpos://usb/0c2e:0b81?serial=S123
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar
from urllib.parse import SplitResult

from scanners.address import (
    DUPLICATE_OPTION,
    Scanner,
    Surroundings,
    choice,
    duplicates_of,
    integer,
    options_of,
)
from scanners.claims import lock
from scanners.framing import SUFFIXES
from scanners.hid_usage import HID_POS, applications
from scanners.hidpos.codec import JOIN_MS
from scanners.hidpos.layouts import LAYOUTS, REPORT_BYTES, VENDORS, Layout
from scanners.hidpos.protocol import HidPosProtocol
from scanners.line import LineScanner
from scanners.nodes import NODE_OPTIONS, NodeIdentity, NodeKind, NodeOpener, node_address
from scanners.scan import Signal
from scanners.serial import BURST_OPTION, bursts_of
from scanners.sysfs import Node, hidraw_nodes

T = TypeVar("T")

_JOIN_MS_MAX: Final = 5000
_AUTO: Final = "auto"
_BEEPS: Final[dict[str, frozenset[Signal]]] = {
    "none": frozenset(),
    "refused": frozenset({Signal.REFUSED}),
    "ask": frozenset({Signal.ASK}),
}

HIDPOS_OPTIONS: Final[dict[str, str]] = {
    **NODE_OPTIONS,
    "profile": "what stands where in a report: auto (default), honeywell, newland",
    "join_ms": (
        f"longest time between two reports of one read, 0 to {_JOIN_MS_MAX}; default {JOIN_MS}; with 0 a full report "
        "that does not say whether more follow (newland) is a read of its own"
    ),
    "suffix": "taken off the end of a code: cr (default), lf, crlf, tab, etx, none; several with commas",
    "beep": "beep (Honeywell's command) for: none (default), refused, ask; several with commas",
    **DUPLICATE_OPTION,
    **BURST_OPTION,
}


def _sends_codes(node: Node) -> bool:
    return HID_POS in applications(node.report)


HIDRAW: Final = NodeKind(
    what="HID POS scanner",
    nodes=hidraw_nodes,
    sends=_sends_codes,
    claim=lock,
    remedy=(
        "by default only root may open it; install the rule deploy/udev/60-pos-agent-scanners.rules with a line for "
        "{usb} and the agent's group, then plug the scanner in again"
    ),
    report_bytes=REPORT_BYTES,
)


def hidpos_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, HIDPOS_OPTIONS)
    address = node_address(url, options)
    join_ms = integer(options, "join_ms", JOIN_MS, 0, _JOIN_MS_MAX)
    # Silence is seen in steps of one read: a fourth of it keeps it a silence.
    timeout_s = min(surroundings.read_timeout_s, (join_ms or JOIN_MS) / 4000)
    protocol = HidPosProtocol(
        layout_of(options, address),
        join_ms=join_ms,
        suffixes=_words(options, "suffix", "cr", SUFFIXES),
        beeps=frozenset(_words(options, "beep", "none", _BEEPS)),
    )
    return LineScanner(
        name,
        NodeOpener(HIDRAW, address, surroundings.root, timeout_s),
        protocol,
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options),
        bursts=bursts_of(options),
    )


def layout_of(options: Mapping[str, str], address: str | NodeIdentity) -> Layout | None:
    """The layout that is configured, or that of the vendor in the address; None: every report is looked at."""
    layouts: dict[str, Layout | None] = {**LAYOUTS, _AUTO: None}
    layout = choice(options, "profile", _AUTO, layouts)
    if layout is None and isinstance(address, NodeIdentity):
        return VENDORS.get(address.vid)
    return layout


def _words(options: Mapping[str, str], key: str, default: str, known: Mapping[str, Iterable[T]]) -> tuple[T, ...]:
    words = options.get(key, default).split(",")
    return tuple(item for word in words for item in choice({key: word}, key, default, known))
