"""A simulated serial scanner: scripts give timed bytes, a pseudo-terminal or a line in memory plays them."""

from hw_sim.scanner.keyboard import Layout, typed
from hw_sim.scanner.memory import MemoryLine
from hw_sim.scanner.script import RS232, USB, Chunk, Gs, Scan, Wire, chunks, payload, total_s
from hw_sim.scanner.sim import ScannerSim

__all__ = [
    "RS232", "USB", "Chunk", "Gs", "Layout", "MemoryLine", "Scan", "ScannerSim", "Wire", "chunks", "payload", "total_s",
    "typed",
]  # fmt: skip
