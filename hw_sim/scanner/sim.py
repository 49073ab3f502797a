"""The script verbs of a scanner: each gives timed pieces, which a line of any kind then plays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hw_sim.scanner.keyboard import Layout
from hw_sim.scanner.script import USB, Chunk, Gs, Scan, Wire, chunks

_BURST_GAP_S = 0.05


class ScannerSim:
    """One scanner with its settings; every verb returns pieces and changes nothing.

    Args:
        wire: speed and packet size.
        settings: defaults for the options of every scan, by the names of `Scan`: aim, suffix, gs, ...

    Raises:
        TypeError: a setting `Scan` does not have.
        ValueError: a setting out of range.
    """

    def __init__(self, wire: Wire = USB, **settings: Any) -> None:
        self.wire = wire
        self._settings = settings
        self._scan("", {})

    def scan(self, code: str | bytes, **options: Any) -> Iterator[Chunk]:
        """Read one symbol; options by the names of `Scan`, names of enums as plain words ("drop", "kz").

        Raises:
            TypeError: an option `Scan` does not have.
            ValueError: an option out of range.
        """
        return chunks(self._scan(code, options), self.wire)

    def burst(self, codes: list[str], gap_s: float = _BURST_GAP_S, **options: Any) -> Iterator[Chunk]:
        """Stored reads sent one after another, as a Bluetooth scanner does when it finds its base again."""
        scans = [self._scan(code, options) for code in codes]
        return self._joined(scans, gap_s)

    def noise(self, data: bytes, delay_s: float = 0.0) -> Iterator[Chunk]:
        """Bytes that are no scan: a half-sent earlier read, line noise, an answer to a command."""
        return iter((Chunk(delay_s, data),))

    def unplug(self, delay_s: float = 0.0) -> Iterator[Chunk]:
        """The cable comes out."""
        return iter((Chunk(delay_s, b"", unplug=True),))

    def _scan(self, code: str | bytes, options: dict[str, Any]) -> Scan:
        wanted: dict[str, Any] = {**self._settings, **options}
        for name, kind in (("gs", Gs), ("layout", Layout)):
            if name in wanted:
                wanted[name] = kind(wanted[name])
        return Scan(code, **wanted)

    def _joined(self, scans: list[Scan], gap_s: float) -> Iterator[Chunk]:
        for place, scan in enumerate(scans):
            for number, piece in enumerate(chunks(scan, self.wire)):
                wait = gap_s if place and not number else 0.0
                yield Chunk(piece.delay_s + wait, piece.data, piece.unplug)
