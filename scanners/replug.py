"""Under which name a device is now that was plugged in again: one rule for serial ports and device nodes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Present(Protocol):
    """A port or node that is there now."""

    @property
    def device(self) -> str: ...

    @property
    def vid(self) -> int | None: ...

    @property
    def pid(self) -> int | None: ...


P = TypeVar("P", bound=Present)
Seen = TypeVar("Seen", bound=Present, contravariant=True)


class Identity(Protocol[Seen]):
    """What told the device apart when it was open last."""

    @property
    def vid(self) -> int: ...

    @property
    def pid(self) -> int: ...

    @property
    def serial_number(self) -> str | None: ...

    def matches(self, port: Seen, /) -> bool: ...


def name_now(address: str, identity: Identity[P] | None, here: P | None, present: Sequence[P]) -> str | None:
    """Return the name to open, or None where `address` is the name of another device now and the old one is gone.

    `here` is what has the name `address` now; `identity` is None before the first opening.
    """
    if identity is None or (here is not None and identity.matches(here)):
        return address
    # The name is gone, or another device has it now.
    moved = [port.device for port in present if identity.matches(port)]
    if moved:
        return moved[0]
    if here is None or here.vid is None:
        return address
    # Without a serial number only the place told it apart, and a scanner may be put into another socket.
    same_model = (here.vid, here.pid) == (identity.vid, identity.pid)
    return address if identity.serial_number is None and same_model else None
