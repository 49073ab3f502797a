"""The body of a printer, what can go wrong with it, and the bytes in which it tells so.

Status bytes: Epson ESC/POS command reference, DLE EOT, GS r and GS a.
"""

from __future__ import annotations

from dataclasses import dataclass

FIXED_BITS = 0x12  # Bits 1 and 4 are always set, 0 and 7 never, in every answer to DLE EOT.


@dataclass(slots=True)
class Condition:
    """What a person standing at the printer could see or do. Change it freely between two calls of `receive`.

    Attributes:
        rows_left: rows that can still be printed before the paper ends; None is a full roll. A row is one line, feed,
            picture or symbol.
        near_end: the near-end sensor sees no paper.
        cover_open: as named.
        jam_next_cut: the blade will stop in the middle of the next cut.
        cutter_jammed: it has; the paper still sits in the blade.
        cutter_waiting: the jam was taken out by hand, the printer waits for DLE ENQ.
        overheated: the head rests, the printer is offline until it cools.
        feed_pressed: somebody holds the feed button.
        drawer_open: the drawer is out; a kick opens it, a person closes it.
        drawer_reversed: the drawer's switch works the other way round (open is low).
        silent: nothing is ever answered: a one-way cable, a spooler, a cheap controller.
        garbage: sent instead of every status answer; None is honest.
        busy: it takes bytes and prints nothing until this ends; real-time questions are still answered.
        bytes_per_s: how fast it takes bytes; 0 is at once. Transports obey it.
        answer_delay_s: how late it answers. Transports obey it.
        powered: without power bytes are lost and nothing is answered.
    """

    rows_left: int | None = None
    near_end: bool = False
    cover_open: bool = False
    jam_next_cut: bool = False
    cutter_jammed: bool = False
    cutter_waiting: bool = False
    overheated: bool = False
    feed_pressed: bool = False
    drawer_open: bool = False
    drawer_reversed: bool = False
    silent: bool = False
    garbage: bytes | None = None
    busy: bool = False
    bytes_per_s: float = 0.0
    answer_delay_s: float = 0.0
    powered: bool = True

    @property
    def paper_out(self) -> bool:
        return self.rows_left is not None and self.rows_left <= 0

    @property
    def cutter_error(self) -> bool:
        return self.cutter_jammed or self.cutter_waiting

    @property
    def offline(self) -> bool:
        """It will not print whatever is sent."""
        return self.paper_out or self.cover_open or self.cutter_error or self.overheated or self.feed_pressed

    @property
    def drawer_pin_high(self) -> bool:
        return self.drawer_open != self.drawer_reversed


def realtime_answer(condition: Condition, query: int) -> int | None:
    """The answer to DLE EOT `query` (1 printer, 2 offline cause, 3 error cause, 4 paper); None: no such query."""
    c = condition
    bits = {
        1: (c.drawer_pin_high, 0x04), 2: (c.cover_open, 0x04), 3: (c.cutter_error, 0x08), 4: (c.near_end, 0x0C),
    }  # fmt: skip
    if query not in bits:
        return None
    more = {
        1: ((c.offline, 0x08), (c.cutter_waiting, 0x20), (c.feed_pressed, 0x40)),
        2: ((c.feed_pressed, 0x08), (c.paper_out, 0x20), (c.cutter_error or c.overheated, 0x40)),
        3: ((c.overheated, 0x40),),
        4: ((c.paper_out, 0x60),),
    }
    return FIXED_BITS | sum(value for is_set, value in (bits[query], *more[query]) if is_set)


def paper_answer(condition: Condition) -> int:
    """The byte answered to GS r 1 and ESC v: bits 0, 1 near end, bits 2, 3 end."""
    return (0x03 if condition.near_end else 0) | (0x0C if condition.paper_out else 0)


def automatic_answer(condition: Condition) -> bytes:
    """The four bytes of automatic status back (GS a)."""
    c = condition
    first = ((c.drawer_pin_high, 0x04), (c.offline, 0x08), (c.cover_open, 0x20), (c.feed_pressed, 0x40))
    second = ((c.cutter_waiting, 0x01), (c.feed_pressed, 0x02), (c.cutter_error, 0x08), (c.overheated, 0x40))
    return bytes(
        (
            0x10 | sum(value for is_set, value in first if is_set),
            sum(value for is_set, value in second if is_set),
            paper_answer(c),
            0,
        )
    )
