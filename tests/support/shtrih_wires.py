"""One wire of Shtrih-M and the register behind it."""

from __future__ import annotations

from typing import Any

from shtrih_machine import Machine
from shtrih_peers import Clock, NumberedPeer, StandardPeer

from fiscal.shtrih.numbered_wire import NumberedWire
from fiscal.shtrih.wire import StandardWire, Tempo

TEMPO = Tempo(ack_s=0.5, byte_s=0.2)
STATE = bytes.fromhex("10 1E 00 00 00")
OPEN = bytes.fromhex("8D 1E 00 00 00 00")
LAYERS = ("standard", "numbered")


def line(layer: str) -> tuple[Any, Any, Machine]:
    machine, clock = Machine(), Clock()
    peer = (StandardPeer if layer == "standard" else NumberedPeer)(machine, clock)
    wire = (StandardWire if layer == "standard" else NumberedWire)(peer, TEMPO, clock.monotonic)
    wire.connect()
    # As in life: the first command after connecting is a reading. A register that has answered nothing since its start
    # cannot be told from one that was just switched off.
    reading(wire)
    peer.wire.clear()
    machine.seen.clear()
    return wire, peer, machine


def reading(wire: Any) -> bytes:
    return bytes(wire.exchange(STATE, timeout_s=3, reads=True))


def opening(wire: Any) -> bytes:
    return bytes(wire.exchange(OPEN, timeout_s=30, reads=False))
