"""What a scanner gives: one event a read, with the bytes exactly as they came; and what it can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Terminator(StrEnum):
    """What ended the frame. A repair that joins or splits scans must know it (damage rules D5, D13)."""

    SUFFIX = "suffix"  # The configured suffix bytes (CR by default).
    GAP = "gap"  # Silence between bytes.
    LENGTH = "length"  # The device says itself where a code ends: a packet, a report, a picture.
    OVERFLOW = "overflow"  # More bytes than any code has: a glued stream, flagged and not to be trusted.
    UNPLUG = "unplug"  # The line died in mid-frame; the bytes are kept as evidence, never sold.


@dataclass(frozen=True, slots=True)
class Scan:
    data: bytes  # Without the suffix, otherwise untouched. GS is 1Dh.
    symbology: str | None  # AIM identifier ("]d2"): in front of `data` when sent as a prefix, else told beside it.
    source: str  # Device name of the configuration.
    at_ns: int  # UTC, nanoseconds, when the last byte came.
    terminator: Terminator = Terminator.SUFFIX
    first_at_ns: int = 0  # When the first byte came.
    repairs: tuple[str, ...] = ()  # Rules a reader already needed to make sense of `data`, such as "D7".
    step: str = ""  # A camera's reader or step that succeeded; empty for a device that decodes by itself.

    @property
    def identified(self) -> bytes:
        """The data with its AIM identifier in front, as `marking.parse` wants it.

        >>> Scan(b"0104", "]d2", "left", 0).identified, Scan(b"]d20104", "]d2", "left", 0).identified
        (b']d20104', b']d20104')
        """
        prefix = (self.symbology or "").encode("ascii")
        return self.data if self.data.startswith(prefix) else prefix + self.data


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
    RETRANSMITTED = "retransmitted"  # The device says itself that it sends an accepted read once more.
    DAMAGED = "damaged"  # A checksum or a report was wrong, and the device did not send it again.
    INCOMPLETE = "incomplete"  # The rest of a read in several parts never came.
    SETUP_LABEL = "setup_label"  # A label that sets the scanner up, not goods.


@dataclass(frozen=True, slots=True)
class DroppedRead:
    """A read that is no scan. The journal keeps it with its reason."""

    scan: Scan
    reason: DropReason
    text: str = ""


ScannerEvent = Scan | DroppedRead | HealthChange


class Signal(StrEnum):
    """What the cashier is told at the device itself, where the device can."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ASK = "ask"
