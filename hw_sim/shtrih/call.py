"""One command on its way through the register: what a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hw_sim.faults import Fault
from hw_sim.shtrih import errors
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.layout import Values
from hw_sim.shtrih.register import Register
from hw_sim.shtrih.storage import Storage


@dataclass(frozen=True, slots=True)
class Call:
    """`fault` takes one waiting fault of a name if it meets this command."""

    register: Register
    code: str
    operator: int
    values: Values
    fault: Callable[[str], Fault | None]

    @property
    def storage(self) -> Storage:
        """The fiscal storage.

        Raises:
            Refused: this model has none.
        """
        if self.register.storage is None:
            raise Refused(errors.NOT_SUPPORTED)
        return self.register.storage


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows the error byte (and the operator). `about`: in words. `after_s`: later than usual.

    `error`: the command is done, and yet this code is answered.
    """

    data: bytes = b""
    about: str = ""
    after_s: float = 0.0
    error: int = errors.OK


Handler = Callable[[Call], Answer]
Handlers = Mapping[str, Handler]


def whole(value: int, size: int) -> bytes:
    """A number on the line; what does not fit loses its high bytes, as in the registers."""
    return (value % (1 << 8 * size)).to_bytes(size, "little")


def money(value: int) -> str:
    """A sum for a person."""
    return f"{value // 100}.{value % 100:02}"
