"""The address of a scanner in keyboard mode, on Linux.

evdev:///dev/input/by-id/usb-Symbol_Bar_Code_Scanner_S123-event-kbd      options: see EVDEV_OPTIONS
evdev://usb/05e0:1200?serial=S123&gs=f8
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult

from scanners.address import (
    DUPLICATE_OPTION,
    SWITCH,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    choice,
    duplicates_of,
    options_of,
)
from scanners.claims import grab, steady_times
from scanners.evdev.decoder import SILENCE_MS, KeySettings
from scanners.evdev.finishing import Caps, Finishing
from scanners.evdev.keys import ENTER, FUNCTION_KEYS, TAB
from scanners.evdev.protocol import EvdevProtocol
from scanners.framing import PREFIX_BYTES_MAX
from scanners.line import LineScanner
from scanners.nodes import NODE_OPTIONS, NodeKind, NodeOpener, node_address
from scanners.serial import BURST_OPTION, bursts_of
from scanners.sysfs import Node, input_nodes

_GS_TEXT_MAX: Final = 16
_KEYS_OF_A_KEYBOARD: Final = frozenset({*range(2, 12), *range(16, 26), 28})  # 1 to 0, Q to P, Enter.
_SUFFIXES: Final[dict[str, frozenset[int]]] = {"enter": ENTER, "tab": TAB, "none": frozenset()}
_TYPING: Final = {"keep": True, "drop": False}

EVDEV_OPTIONS: Final[dict[str, str]] = {
    **NODE_OPTIONS,
    "grab": "1 (default): keep the keys from the desktop; 0: other programs get them too",
    "gs": (
        "what the scanner sends for GS beside Ctrl+] and Alt+029: a function key (f1 to f24), or the text it types "
        f"instead, 1 to {_GS_TEXT_MAX} characters"
    ),
    "suffix": "keys that end a code: enter,tab (default), enter, tab, none; silence ends it always",
    "prefix": "text the scanner puts in front of every code, taken off",
    "caps": "auto (default): undo swapped letter case where the AIM identifier shows it; swap: always",
    "typing": "what is typed too slowly for a scanner, or less than 8 keys: drop (default) or keep as a read",
    **DUPLICATE_OPTION,
    **BURST_OPTION,
}


def _types(node: Node) -> bool:
    return node.keys >= _KEYS_OF_A_KEYBOARD


_REMEDY: Final = (
    "add the agent's user to the group input (sudo usermod -aG input USER) and log in again, or install the rule "
    "deploy/udev/60-pos-agent-scanners.rules for {usb}"
)
GRABBED: Final = NodeKind("keyboard scanner", input_nodes, _types, grab, _REMEDY)
SHARED: Final = NodeKind("keyboard scanner", input_nodes, _types, steady_times, _REMEDY)


def evdev_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, EVDEV_OPTIONS)
    alone = choice(options, "grab", "1", SWITCH)
    # Silence is seen in steps of one read: a fourth of it keeps it a silence.
    timeout_s = min(surroundings.read_timeout_s, SILENCE_MS / 4000)
    return LineScanner(
        name,
        NodeOpener(GRABBED if alone else SHARED, node_address(url, options), surroundings.root, timeout_s),
        EvdevProtocol(settings_of(options), lamp_off=alone),
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates_of(options),
        bursts=bursts_of(options),
    )


def settings_of(options: Mapping[str, str]) -> KeySettings:
    """Read the options of keys. ScannerAddressInvalid names the option."""
    words = options.get("suffix", "enter,tab").split(",")
    suffix_keys = frozenset[int]().union(*(choice({"suffix": word}, "suffix", "enter", _SUFFIXES) for word in words))
    gs_key, gs_text = _gs(options)
    prefix = _ascii(options, "prefix", PREFIX_BYTES_MAX)
    caps = choice(options, "caps", Caps.AUTO, {word.value: word for word in Caps})
    return KeySettings(
        suffix_keys=suffix_keys,
        gs_key=gs_key,
        keep_typing=choice(options, "typing", "drop", _TYPING),
        finishing=Finishing(prefix, gs_text, caps),
    )


def _gs(options: Mapping[str, str]) -> tuple[int | None, bytes]:
    if "gs" not in options:
        return None, b""
    key = FUNCTION_KEYS.get(options["gs"].strip().lower())
    if key is not None:
        return key, b""
    text = _ascii(options, "gs", _GS_TEXT_MAX)
    if not text:
        raise ScannerAddressInvalid("gs", "empty: a function key (f8) or the text that is typed instead")
    return None, text


def _ascii(options: Mapping[str, str], key: str, size_max: int) -> bytes:
    """Text a keyboard can type."""
    text = options.get(key, "")
    if not (text.isascii() and (text.isprintable())) or len(text) > size_max:
        raise ScannerAddressInvalid(key, f"{text!r}: at most {size_max} characters of a US keyboard")
    return text.encode("ascii")
