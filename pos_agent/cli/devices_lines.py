"""How `devices watch` shows one event: lines of text with a style each, or plain data. Pure.

GS, which separates the parts of a code and which so many scanners lose, is shown as `·GS·` among the hexadecimal bytes
and as ␝ in the text.
"""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from pos_agent.clock import iso_utc
from scanners import aim
from scanners.duplicates import EVIDENCE
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, Terminator

Line = tuple[str, str]  # Text and style (of rich).

GS: Final = 0x1D
_LABEL: Final = 10  # Width of the names in front of each line.
_AROUND: Final = 12  # Characters shown on each side of the place of an error.

_NAME: Final = 9

ELEMENTS: Final[Mapping[str, str]] = {  # Short names; what 91 to 93 hold is agreed for marking codes, not by GS1.
    "00": "SSCC",
    "01": "GTIN",
    "21": "serial",
    "91": "key",
    "92": "signature",
    "93": "check",
}
ENDED: Final[Mapping[Terminator, str]] = {
    Terminator.SUFFIX: "ended by its suffix",
    Terminator.GAP: "ended by silence",
    Terminator.LENGTH: "length told by the device",
    Terminator.OVERFLOW: "too long for a code, never sold",
    Terminator.UNPLUG: "cut off by unplugging, never sold",
}
DROPPED: Final[Mapping[DropReason, str]] = {
    DropReason.DUPLICATE: "the same code a moment ago",
    DropReason.COMMAND_ANSWER: "an answer of the scanner, no code",
    DropReason.RETRANSMITTED: "sent once more by the scanner, taken already",
    DropReason.DAMAGED: "damaged on the line",
    DropReason.INCOMPLETE: "the rest never came",
    DropReason.SETUP_LABEL: "a set-up label, no goods",
}
REPAIRS: Final[Mapping[str, str]] = {  # What had happened, and what to set right: as in docs/store-it.md.
    "D1": "GS dropped: set the scanner to send GS / FNC1 as 1D",
    "D2": "one GS dropped: set the scanner to send GS / FNC1 as 1D",
    "D3": "GS replaced by another character: no GS substitution in the scanner",
    "D4": "GS replaced by a letter or digit: no GS substitution in the scanner",
    "D5": "GS sent as Enter or TAB: no GS substitution, the suffix only at the end",
    "D6": "Caps Lock: off at scanner and keyboard",
    "D7": "Russian keyboard layout: serial mode instead of keyboard mode",
    "D9": "Kazakh keyboard layout: serial mode instead of keyboard mode",
    "D10": "keyboard layout and Caps Lock: serial mode instead of keyboard mode",
    "D12": "the same code twice in one read: longer same-symbol time-out",
    "D14": "the code came in two pieces: a suffix, or a longer gap_ms",
    "D16": "bytes in another encoding: 8 bits, no parity; or mask_parity=1",
}
SHOWN_BYTES_MAX: Final = 160  # The longest code in use has 129.
REMEDIES: Final[Mapping[Health, str]] = {
    Health.BUSY: (
        "If that program is the agent: it has the scanner for itself. Stop it for the test (sudo systemctl stop "
        "pos-agent), start it again afterwards."
    ),
    Health.OFFLINE: "It is opened as soon as it appears. `pos-agent devices list` shows what is plugged in.",
    Health.DENIED: "Or try once with sudo. `pos-agent devices list` names the group.",
}
_HEALTH_STYLES: Final = {Health.ONLINE: "green", Health.OFFLINE: "red", Health.BUSY: "yellow", Health.DENIED: "red"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One read, and what was made of it."""

    scan: Scan
    since_ms: int | None  # Since the read before from this device; None: the first.
    code: Mapping[str, Any]  # As `marking.report` gives it; empty for a read that holds no code.
    dropped: DroppedRead | None = None

    @property
    def repairs(self) -> tuple[str, ...]:
        """Rules that were needed, by the device's reader first."""
        return tuple(dict.fromkeys((*self.scan.repairs, *self.code.get("repairs", ()))))


def read_lines(seen: Seen, width: int, zone: tzinfo | None = None) -> Iterator[Line]:
    """`width` 0: nothing is folded."""
    scan, code = seen.scan, seen.code
    fault = code.get("error")
    word, style = _verdict(seen, fault)
    since = "first read" if seen.since_ms is None else f"{seen.since_ms} ms after the last"
    facts = f"{len(scan.data)} bytes, {ENDED[scan.terminator]}, {since}"
    yield from folded([facts], width, f"{clock_time(scan.at_ns, zone)}  {scan.source}  {word}  ", f"bold {style}")
    if seen.dropped:
        detail = f" ({seen.dropped.text})" if seen.dropped.text else ""
        yield from _labelled(
            "dropped", [DROPPED.get(seen.dropped.reason, seen.dropped.reason.value) + detail], width, style
        )
    yield from _labelled("symbol", [symbol(scan)], width)
    yield from _labelled("hex", [hexadecimal(scan.data)], width, "dim")
    yield from _text_line(visible(scan.data[:SHOWN_BYTES_MAX]), width)
    if scan.step:
        yield from _labelled("read by", [scan.step], width)
    if not seen.dropped:
        yield from _meaning(code, width)
    for rule in seen.repairs:
        yield from _labelled("repair", [f"{rule}  {REPAIRS.get(rule, 'see docs/store-it.md')}"], width, "yellow")
    if isinstance(fault, Mapping):
        yield from _labelled("error", [error_text(fault, scan)], width, "red")


def _verdict(seen: Seen, fault: object) -> tuple[str, str]:
    if seen.dropped:
        return "dropped", "yellow"
    if seen.scan.terminator in EVIDENCE:
        return "broken", "red"
    return ("error", "red") if fault else ("scan", "green")


def health_lines(change: HealthChange, width: int, zone: tzinfo | None = None) -> Iterator[Line]:
    style = _HEALTH_STYLES[change.health]
    if change.health is Health.ONLINE and change.text:
        style = "yellow"  # It works, but something should be set right.
    yield f"{clock_time(change.at_ns, zone)}  {change.source}  {change.health}", f"bold {style}"
    if change.text:
        yield from _labelled("", [change.text], width, style)
    if change.health in REMEDIES:
        yield from _labelled("", [REMEDIES[change.health]], width)


def read_data(seen: Seen) -> dict[str, object]:
    """One read as plain data for JSON."""
    scan, dropped = seen.scan, seen.dropped
    data: dict[str, object] = {
        "event": "dropped" if dropped else "scan",
        "at": iso_utc(scan.at_ns),
        "device": scan.source,
        "since_ms": seen.since_ms,
        "bytes": len(scan.data),
        "data": b64encode(scan.data).decode(),
        "hex": scan.data.hex(),
        "text": visible(scan.data),
        "symbology": scan.symbology,
        "symbol": _symbol_name(scan),
        "terminator": scan.terminator.value,
        "step": scan.step or None,
        "scan_repairs": list(scan.repairs),
        "code": dict(seen.code),
    }
    if dropped:
        data |= {"reason": dropped.reason.value, "why": dropped.text}
    return data


def health_data(change: HealthChange) -> dict[str, object]:
    return {
        "event": "health",
        "at": iso_utc(change.at_ns),
        "device": change.source,
        "health": change.health.value,
        "text": change.text,
        "remedy": REMEDIES.get(change.health),
    }


def hexadecimal(data: bytes) -> str:
    """
    >>> hexadecimal(b"01\x1d91")
    '30 31 ·GS· 39 31'
    """
    shown = " ".join("·GS·" if byte == GS else f"{byte:02X}" for byte in data[:SHOWN_BYTES_MAX])
    return f"{shown} … and {len(data) - SHOWN_BYTES_MAX} more" if len(data) > SHOWN_BYTES_MAX else shown


def visible(data: bytes) -> str:
    r"""The bytes as text in which nothing hides: control characters as their pictures, what is no text as \xNN.

    >>> visible(b"01\x1d91\r"), visible(b"\xd0\x90"), visible(b"\xd0")
    ('01␝91␍', 'А', '\\xd0')
    """
    text = data.decode("utf-8", "backslashreplace")
    return "".join(
        chr(0x2400 + ord(char)) if char < " " else "␡" if char == "\x7f" else char if char.isprintable() else "\ufffd"
        for char in text
    )


def symbol(scan: Scan) -> str:
    if scan.symbology is None:
        return "not told (no AIM identifier)"
    where = "" if scan.data.startswith(scan.symbology.encode("ascii")) else ", told beside the data"
    return f"{scan.symbology} {_symbol_name(scan)}{where}"


def _symbol_name(scan: Scan) -> str | None:
    found = aim.recognise((scan.symbology or "").encode("ascii"))
    return found.symbol if found else None


def error_text(fault: Mapping[str, Any], scan: Scan) -> str:
    """Kind, words and the place, with what stands around it: » is before the character that is wrong."""
    place = int(fault["position"])
    said = f"{fault['kind']} at character {place}"
    try:
        sent = visible(scan.identified.decode("utf-8").encode())
    except UnicodeDecodeError:
        return f"{said}: {fault['text']}"
    before, after = sent[:place], sent[place:]
    head, tail = (
        ("…" if before[:-_AROUND] else "") + before[-_AROUND:],
        after[:_AROUND] + ("…" if after[_AROUND:] else ""),
    )
    return f"{said}, {head}»{tail}: {fault['text']}"


def clock_time(at_ns: int, zone: tzinfo | None = None) -> str:
    """Local time; `zone` None is the machine's."""
    moment = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).astimezone(zone)
    return f"{moment:%H:%M:%S}.{at_ns // 1_000_000 % 1000:03d}"


def _meaning(code: Mapping[str, Any], width: int) -> Iterator[Line]:
    if "template" not in code:
        return
    kind = code["kind"] + (f", issuer {code['issuer']}" if code.get("issuer") else "")
    asked = ": TO BE CONFIRMED, sold only if exactly one reading is known" if code.get("confirm") else ""
    yield from _labelled("template", [f"{code['template']} ({kind}){asked}"], width)
    parts = [(ai, ELEMENTS.get(ai, ""), value) for ai, value in code["elements"].items()]
    if not parts:
        parts = [("", name, code[key]) for name, key in (("GTIN", "gtin"), ("serial", "serial")) if code[key]]
    for ai, name, value in parts:
        mark = f"({ai}) " if ai else ""
        yield from _labelled("element", [f"{mark}{name.ljust(_NAME)} {value}"], width)
    if code.get("flags"):
        yield from _labelled("remark", [", ".join(code["flags"])], width)


def _text_line(text: str, width: int) -> Iterator[Line]:
    """Folded by count: blanks inside a code must stay what they are."""
    room = max(20, width - _LABEL) if width else max(1, len(text))
    for start in range(0, max(1, len(text)), room):
        yield ("text" if not start else "").rjust(_LABEL - 2) + "  " + text[start : start + room], ""


def _labelled(label: str, texts: Iterable[str], width: int, style: str = "") -> Iterator[Line]:
    return folded(texts, width, label.rjust(_LABEL - 2) + "  ", style)


def folded(texts: Iterable[str], width: int, indent: str, style: str = "") -> Iterator[Line]:
    """Each text folded between words; the first line begins with `indent`, the others with as many blanks."""
    blank = " " * len(indent)
    for text in texts:
        if not width or not text:
            yield (indent + text).rstrip(), style
            continue
        lines = textwrap.wrap(
            text, max(30, width), initial_indent=indent, subsequent_indent=blank, break_on_hyphens=False
        )
        yield from ((line, style) for line in lines)
