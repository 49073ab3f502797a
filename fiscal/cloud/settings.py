"""What every cloud register of this kind can be told in its URL. Pure.

Nothing is published about what these services do with a second request of the same key, so `dedup` says it:

    dedup=yes   the key protects: an order the service does not show may be sent again at once
    dedup=no    it does not: an order counts as absent only `late_s` after it was begun, when no request of it can still
                be on its way
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fiscal.options import KAZAKHSTAN, Options
from fiscal.orders import Mark

CLOUD_OPTIONS = (
    "dedup", "late_s", "gs", "mark_form", "mark_on_return", "utc_offset", "connect_s", "write_s", "read_s",
    "tls_seclevel", "env_proxy",
)  # fmt: skip
GS = "\x1d"


@dataclass(frozen=True, slots=True)
class CloudSettings:
    dedup: bool = True
    late_s: float = 300.0
    keep_gs: bool = True  # GS inside a mark: the clients send codes as they were scanned.
    registry_key: bool = False  # Send the code without its check part.
    mark_on_return: bool = True  # Whether a return repeats the codes is not documented.
    utc_offset: dt.timedelta = KAZAKHSTAN  # Of the register, where an answer names none.
    connect_s: float = 3.0
    write_s: float = 30.0  # The time limit of the public clients.
    read_s: float = 10.0
    tls_seclevel: int | None = None  # OpenSSL security level, for builds that fail with "wrong signature type".
    env_proxy: bool = False  # Use the proxy of the environment.

    def mark(self, mark: Mark) -> str:
        text = mark.ki if self.registry_key else mark.full
        return text if self.keep_gs else text.replace(GS, "")


def cloud_settings(o: Options) -> CloudSettings:
    """Read the common options. RegisterUrlError says which is wrong."""
    defaults = CloudSettings()
    return CloudSettings(
        dedup=o.yes("dedup", defaults.dedup),
        late_s=o.seconds("late_s", defaults.late_s, 86_400),
        keep_gs=o.choice("gs", ("keep", "strip"), "keep") == "keep",
        registry_key=o.choice("mark_form", ("full", "ki"), "full") == "ki",
        mark_on_return=o.yes("mark_on_return", defaults.mark_on_return),
        utc_offset=o.utc_offset("utc_offset", defaults.utc_offset),
        connect_s=o.seconds("connect_s", defaults.connect_s, 60),
        write_s=o.seconds("write_s", defaults.write_s, 300),
        read_s=o.seconds("read_s", defaults.read_s, 300),
        tls_seclevel=o.integer("tls_seclevel", 0, 5),
        env_proxy=o.yes("env_proxy", defaults.env_proxy),
    )
