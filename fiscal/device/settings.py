"""What every register on a line can be told in its URL. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import SplitResult

from fiscal.device.links import LINE_OPTIONS, LineAddress, line_address
from fiscal.options import KAZAKHSTAN, Options

DEVICE_OPTIONS = (*LINE_OPTIONS, "utc_offset", "printing_s", "identity")
PRINTING_S = 30.0


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    address: LineAddress
    utc_offset: dt.timedelta  # Of the register's clock, which names none.
    printing_s: float  # How long a register that is printing is waited for.
    identity: str | None  # Factory number it must show; None: whoever answers.


def device_settings(parts: SplitResult, options: Options, *, tcp_port: int, baud: int = 115200) -> DeviceSettings:
    """Read the common options. RegisterUrlError says which is wrong."""
    return DeviceSettings(
        line_address(parts, options, tcp_port=tcp_port, baud=baud),
        options.utc_offset("utc_offset", KAZAKHSTAN),
        options.seconds("printing_s", PRINTING_S, 300),
        options.optional("identity"),
    )
