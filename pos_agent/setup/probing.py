"""Which cash register is behind a serial port: asked by the drivers themselves, with questions that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fiscal.device.links import LineAddress, Link, Opener, open_link
from fiscal.options import RegisterUrlError
from fiscal.registry import open_register
from fiscal.shtrih import model_there
from fiscal.shtrih.models import MODELS
from pos_agent.clock import Clock

PATIENCE_S: Final = 2.0  # For each family: a register on a cable answers in a tenth of that.
# Options that only a person knows (codes of VAT rates); they stand in the file with a remark to look at them.
FAMILIES: Final = {"shtrih": "", "datecs-x": "", "datecs-p": "", "atol": "tax_16=1"}


class Impatient:
    """A line that gives up: drivers wait long for a register that prints, set-up only wants to know who is there."""

    def __init__(self, link: Link, monotonic: Callable[[], float], until: float) -> None:
        self._link = link
        self._monotonic = monotonic
        self._until = until

    def open(self) -> None:
        self._check()
        self._link.open()

    def write(self, data: bytes) -> None:
        self._check()
        self._link.write(data)

    def read(self, timeout_s: float) -> bytes:
        left_s = self._check()
        return self._link.read(min(timeout_s, left_s))

    def close(self) -> None:
        self._link.close()

    def _check(self) -> float:
        left_s = self._until - self._monotonic()
        if left_s <= 0:
            raise TimeoutError("nobody answers")
        return left_s


@dataclass(frozen=True, slots=True)
class Answering:
    """A register that told who it is."""

    family: str
    query: str  # Options of its URL.


def ask(port: str, clock: Clock, link: Opener = open_link) -> Answering | None:
    """Ask one serial port, family by family. None: no register of ours answers there."""
    for family, options in FAMILIES.items():
        until = clock.monotonic() + PATIENCE_S
        url = f"{family}+serial://{port}" + (f"?{options}" if options else "")

        def opener(address: LineAddress, until: float = until) -> Link:
            return Impatient(link(address), clock.monotonic, until)

        try:
            query = _shtrih(url, clock, opener) if family == "shtrih" else _other(url, options, clock, opener)
        except (RegisterUrlError, OSError):  # Nobody answers, or somebody whom this family does not know.
            continue
        if query is not None:
            return Answering(family, query)
    return None


def _shtrih(url: str, clock: Clock, link: Opener) -> str:
    model = model_there(
        urlsplit(f"{url}?model=auto"), secret=_no_secret, link=link, monotonic=clock.monotonic, sleep=clock.sleep
    )
    differs = model.marks is not MODELS[model.name].marks
    return f"model={model.name}" + (f"&marks={model.marks}" if differs else "")


def _other(url: str, options: str, clock: Clock, link: Opener) -> str | None:
    register = open_register(
        url, secret=_no_secret, transport=None, now=clock.now_ns, monotonic=clock.monotonic, sleep=clock.sleep,
        link=link,
    )  # fmt: skip
    try:
        return options if register.status().reachable else None
    finally:
        register.close()


def _no_secret(name: str) -> str:
    raise RegisterUrlError(f"secret {name}", "set-up knows factory passwords only")
