"""What a scanner gives: one event a read, with the bytes exactly as they came."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Terminator(StrEnum):
    """What ended the frame. A repair that joins or splits scans must know it (damage rules D5, D13)."""

    SUFFIX = "suffix"  # The configured suffix bytes (CR by default).
    GAP = "gap"  # Silence between bytes.
    OVERFLOW = "overflow"  # More bytes than any code has: a glued stream, flagged and not to be trusted.
    UNPLUG = "unplug"  # The line died in mid-frame; the bytes are kept as evidence, never sold.


@dataclass(frozen=True, slots=True)
class Scan:
    data: bytes  # Without the suffix, otherwise untouched. GS is 1Dh.
    symbology: str | None  # AIM identifier ("]d2") when the device sent one as a prefix; it also stays in `data`.
    source: str  # Device name of the configuration.
    at_ns: int  # UTC, nanoseconds, when the last byte came.
    terminator: Terminator = Terminator.SUFFIX
    first_at_ns: int = 0  # When the first byte came.


class Health(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"  # Unplugged or not yet found; the driver keeps trying.
    DENIED = "denied"  # No permission: the text names the device and the remedy.
    BUSY = "busy"  # Another program holds the port.


@dataclass(frozen=True, slots=True)
class HealthChange:
    source: str
    health: Health
    at_ns: int
    text: str = ""


class DropReason(StrEnum):
    DUPLICATE = "duplicate"  # The same payload from the same device a moment ago.
    COMMAND_ANSWER = "command_answer"  # The scanner answered a command; no symbol was read.


@dataclass(frozen=True, slots=True)
class DroppedRead:
    """A read that is no scan. The journal keeps it with its reason."""

    scan: Scan
    reason: DropReason
    text: str = ""


ScannerEvent = Scan | DroppedRead | HealthChange
