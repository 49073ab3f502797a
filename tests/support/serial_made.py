"""Serial scanners as the tests of ports and of faults make them."""

from __future__ import annotations

from typing import Any

from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.ports import LineSettings
from scanners.scan import Health, HealthChange, ScannerEvent

CODE = b"]d20104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"
SETTINGS = LineSettings(read_timeout_s=0.02)


def made(opener: Any, clock: Any, **options: Any) -> LineScanner:
    return LineScanner("left", opener, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic, **options)


def healths(events: list[ScannerEvent]) -> list[Health]:
    return [event.health for event in events if isinstance(event, HealthChange)]
