"""From SSI decode packets to reads: joining, what was sent again, what was damaged and never came back. Pure.

    packet, retransmission bit, equal to the last accepted   -> dropped RETRANSMITTED
    packet, CONTINUES bit                                    -> kept; dropped INCOMPLETE when the rest never comes
    packet, last                                             -> a read
    junk                                                     -> kept as evidence; dropped DAMAGED when no packet with
                                                                the retransmission bit follows

The retransmission bit alone proves nothing: what was never accepted is a read even when it is sent the third time. And
where a damaged frame was rather the first transmission of what comes now, the scanner had its answer for the last
accepted packet, so this is another read with the same data: the second bottle of the same water.
Where it was a whole other packet, the scanner has given that up and gone on.

A scanner sends a packet three times at most, one Serial Response Time-out apart, and after the third time-out may send
another. So two time-outs and a little is how long an accepted packet is remembered, a repeat or the rest awaited.

Sources: Motorola SE955 Integration Guide, chapter 10 (two more tries with the retransmission bit; the continuation
bit); Zebra DS2208 Product Reference Guide, chapter SSI.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from scanners.line_protocol import Frame, LineEvent, Notice
from scanners.scan import DropReason, Terminator
from scanners.ssi import symbology
from scanners.ssi.codec import EVIDENCE_BYTES_MAX, HEADER_BYTES, SILENCE_MS, Junk, Packet
from scanners.ssi.damage import Damage, endless, reads_as_decode_data, reads_as_first_transmission

RETRIES: Final = 2
SLACK_MS: Final = 500
READ_BYTES_MAX: Final = 8192  # A QR holds 7089 digits.
_PROMPT_NS: Final = 3 * SILENCE_MS * 1_000_000  # A part follows its acknowledgement; three damaged tries take longer.
_NEVER_NS: Final = -(1 << 62)
_PRINTABLE: Final = range(0x20, 0x7F)

NO_REST: Final = "the rest of this read never came"
NO_BEGINNING: Final = "the rest of a read whose beginning is lost"
TOO_LONG: Final = "parts without end"
NO_DATA: Final = "a read without data"
SENT_AGAIN: Final = "the scanner sent an accepted read again: it missed the acknowledgement"
SETUP_LABEL: Final = "a label that sets the scanner up was read: check the scanner's settings, remove the label"
UNKNOWN_TYPE: Final = "the scanner tells bar code type {:02X}, which is not in our table: no symbology is told with it"


@dataclass(slots=True)
class _Accepted:
    """The last packet that was acknowledged."""

    packet: Packet
    read: Frame | None  # The read it completed.
    at_ns: int  # When it, or a repeat of it, came last.


class Reads:
    """One scanner's packets, joined and judged. Times are those of the packets; no clock."""

    def __init__(self, response_ms: int, suffixes: tuple[bytes, ...] = ()) -> None:
        """`response_ms` is the scanner's Serial Response Time-out. The longest of `suffixes` that fits is taken off."""
        self._patience_ns = (RETRIES * response_ms + SLACK_MS) * 1_000_000
        self._suffixes = sorted(suffixes, key=len, reverse=True)
        self._parts: list[Packet] = []
        self._answered_at_ns = _NEVER_NS  # When a packet was last acknowledged.
        self._accepted: _Accepted | None = None
        self._damage: Damage | None = None
        self._beginning_lost_ns: int | None = None  # When the beginning of a read in several parts was given up.
        self._overrun = False  # Parts are thrown away up to the last of the read.
        self._endless = False  # A stream without end was told; what still comes of it is thrown away.
        self._types_told: set[int] = set()
        self._events: deque[LineEvent] = deque()
        self.discarded_bytes = 0

    @property
    def joining(self) -> bool:
        """More parts of a read are to come."""
        return bool(self._parts) or self._overrun

    def take(self, packet: Packet, earliest_ns: int, now_ns: int) -> None:
        """Take decode data, which is acknowledged at `now_ns`. It came between `earliest_ns` and its own times."""
        first = began_ns = None
        gone_on = packet.retransmitted and self._damage is not None and self._damage.is_of_another_read(packet)
        if packet.retransmitted and not gone_on:
            if self._damage is not None:
                first = self._damage.first_transmission_of(packet)
                self.discarded_bytes += self._damage.size_bytes
                self._damage = None
            if first is None and self._is_known(packet, earliest_ns):
                self._drop_known(packet, now_ns)
                return
            began_ns = first.first_at_ns if first is not None else None
        elif not packet.retransmitted:
            began_ns = min(earliest_ns, packet.first_at_ns)
        if gone_on or (began_ns is not None and began_ns - self._answered_at_ns > _PROMPT_NS):
            # Too late for a part of a read: another one.
            self._give_up_parts()
            self._overrun = False
            self._beginning_lost_ns = None
        if gone_on or not packet.retransmitted:
            self._tell_damage()
        if not self.joining and self._is_rest_of_a_lost_read(earliest_ns):
            self._drop_rest(packet, now_ns)
        else:
            self._accept(packet, now_ns)

    def damaged(self, junk: Junk) -> None:
        """Take bytes that make no frame: part of a read until the opposite is known."""
        if not junk.ended or self._endless:
            self._tell_endless(junk)
            return
        if reads_as_first_transmission(junk):
            self._tell_damage()  # Of another read, then.
        if self._accepted is not None:
            self._accepted.at_ns = junk.last_at_ns  # Our NAK may make the scanner send it once more.
        if self._damage is None:
            self._damage = Damage(junk)
        else:
            self._damage.add(junk)

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        if self._damage is not None and at_ns - self._damage.last_at_ns > self._patience_ns:
            self._tell_damage()
        if self.joining and at_ns - self._answered_at_ns > self._patience_ns:
            self._beginning_lost_ns = self._answered_at_ns + self._patience_ns if self._parts else None
            self._give_up_parts()
            self._overrun = False

    def close(self, rest: Junk | None, at_ns: int) -> None:
        """Say that the line died with `rest` half-received."""
        self._tell_damage()
        if self._parts or (rest is not None and rest.data):
            self._events.append(self._torn(rest))
        elif rest is not None:
            self.discarded_bytes += rest.size_bytes
        if self._parts:
            self._beginning_lost_ns = at_ns
            self._accepted = None  # It would be taken for the part of a read that is no more.
        self._parts = []
        self._overrun = self._endless = False
        self._answered_at_ns = _NEVER_NS

    def next_event(self) -> LineEvent | None:
        return self._events.popleft() if self._events else None

    def _is_known(self, packet: Packet, earliest_ns: int) -> bool:
        known = self._accepted
        return (
            known is not None
            and (known.packet.data, known.packet.continues) == (packet.data, packet.continues)
            and earliest_ns - known.at_ns <= self._patience_ns
        )

    def _is_rest_of_a_lost_read(self, earliest_ns: int) -> bool:
        lost_ns = self._beginning_lost_ns
        return lost_ns is not None and earliest_ns - lost_ns <= self._patience_ns

    def _drop_known(self, packet: Packet, now_ns: int) -> None:
        known = self._accepted
        if known is None:
            return
        known.at_ns = packet.last_at_ns
        self._answered_at_ns = now_ns
        if known.read is None:
            self.discarded_bytes += packet.size_bytes  # A part: its read is still to be told.
            return
        self._events.append(
            replace(
                known.read,
                first_at_ns=packet.first_at_ns,
                last_at_ns=packet.last_at_ns,
                dropped=DropReason.RETRANSMITTED,
                text=SENT_AGAIN,
            )
        )

    def _drop_rest(self, packet: Packet, now_ns: int) -> None:
        """Drop a part of a read whose beginning is lost, and what follows it promptly."""
        self._beginning_lost_ns = packet.last_at_ns if packet.continues else None
        self._accepted = _Accepted(packet, None, packet.last_at_ns)
        self._answered_at_ns = now_ns
        # Its first byte is data, or not: nobody knows any more.
        self._told_drop(None, packet.data, [packet], DropReason.INCOMPLETE, NO_BEGINNING)

    def _accept(self, packet: Packet, now_ns: int) -> None:
        self._accepted = _Accepted(packet, None, packet.last_at_ns)
        self._answered_at_ns = now_ns
        if self._overrun:
            self._overrun = packet.continues
            self.discarded_bytes += packet.size_bytes
            return
        self._parts.append(packet)
        if sum(len(part.data) for part in self._parts) > READ_BYTES_MAX:
            self._drop(self._parts, DropReason.INCOMPLETE, TOO_LONG)
            self._parts = []
            self._overrun = packet.continues
        elif not packet.continues:
            parts, self._parts = self._parts, []
            self._accepted.read = self._read(parts)

    def _read(self, parts: list[Packet]) -> Frame:
        type_byte, data = _joined(parts)
        if type_byte is None or not data:
            return self._drop(parts, DropReason.INCOMPLETE, NO_DATA)
        for suffix in self._suffixes:
            if data.endswith(suffix):
                data = data.removesuffix(suffix)
                break
        told = symbology.told(type_byte, data)
        frame = Frame(
            told.data,
            Terminator.LENGTH,
            parts[0].first_at_ns,
            parts[-1].last_at_ns,
            told.symbology,
            repairs=told.repairs,
        )
        if type_byte == symbology.SETUP_LABEL:
            frame = replace(frame, dropped=DropReason.SETUP_LABEL, text=SETUP_LABEL)
        elif not symbology.known(type_byte) and type_byte not in self._types_told:
            self._types_told.add(type_byte)
            self._events.append(Notice(UNKNOWN_TYPE.format(type_byte), frame.last_at_ns))
        self._events.append(frame)
        return frame

    def _give_up_parts(self) -> None:
        if self._parts:
            self._drop(self._parts, DropReason.INCOMPLETE, NO_REST)
            self._parts = []
            self._accepted = None

    def _drop(self, parts: list[Packet], reason: DropReason, text: str) -> Frame:
        """Tell what came of a read that is none."""
        return self._told_drop(*_joined(parts), parts, reason, text)

    def _told_drop(
        self, type_byte: int | None, data: bytes, parts: list[Packet], reason: DropReason, text: str
    ) -> Frame:
        told = symbology.told(type_byte, data).symbology if type_byte is not None else None
        evidence = data[:EVIDENCE_BYTES_MAX]
        self.discarded_bytes += len(data) - len(evidence)
        frame = Frame(
            evidence, Terminator.LENGTH, parts[0].first_at_ns, parts[-1].last_at_ns, told, dropped=reason, text=text
        )
        self._events.append(frame)
        return frame

    def _torn(self, rest: Junk | None) -> Frame:
        """What there is of a read when the line dies."""
        type_byte, data = _joined(self._parts) if self._parts else (None, b"")
        starts = [part.first_at_ns for part in self._parts]
        last_at_ns = self._parts[-1].last_at_ns if self._parts else 0
        if rest is not None:
            self.discarded_bytes += rest.size_bytes - len(rest.data)
            starts.append(rest.first_at_ns)
            last_at_ns = rest.last_at_ns
            if self._parts:
                data += rest.data[HEADER_BYTES:]
            elif reads_as_decode_data(rest) and len(rest.data) > HEADER_BYTES + 1:
                type_byte, data = rest.data[HEADER_BYTES], rest.data[HEADER_BYTES + 1 :]
            else:
                data = rest.data
        told = symbology.told(type_byte, data).symbology if type_byte is not None else None
        return Frame(data, Terminator.UNPLUG, starts[0], last_at_ns, told)

    def _tell_endless(self, junk: Junk) -> None:
        told = not self._endless
        self._endless = not junk.ended
        self.discarded_bytes += junk.size_bytes - (len(junk.data) if told else 0)
        if told:
            self._events.append(endless(junk))

    def _tell_damage(self) -> None:
        damage, self._damage = self._damage, None
        if damage is not None:
            frame = damage.told()
            self.discarded_bytes += damage.size_bytes - len(frame.data)
            self._events.append(frame)


def _joined(parts: list[Packet]) -> tuple[int | None, bytes]:
    """Return the type byte and the data of a read. Some scanners may repeat the type byte in every packet."""
    head = parts[0].data[:1]
    if not head:
        return None, b""
    rest = parts[0].data[1:]
    repeats = head[0] not in _PRINTABLE
    for part in parts[1:]:
        rest += part.data[1:] if repeats and part.data[:1] == head else part.data
    return head[0], rest
