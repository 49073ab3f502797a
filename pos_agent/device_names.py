"""Which configured scanner a read came from.

Scanners that call the agent share one address, so each connection adds where it comes from: `hand@192.168.1.31`,
`hand@192.168.1.31#2`. They are devices of their own wherever reads are compared, and one scanner of the configuration.
"""

from __future__ import annotations

from collections.abc import Container


def configured_name(device: str, names: Container[str]) -> str | None:
    """The one of `names` that `device` belongs to, or None.

    >>> [configured_name(device, {"hand", "a@b"}) for device in ("hand", "hand@192.168.1.31#2", "a@b", "till")]
    ['hand', 'hand', 'a@b', None]
    """
    if device in names:
        return device
    name = device.rpartition("@")[0]
    return name if name in names else None
