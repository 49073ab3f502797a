"""Every family of simulated cash registers in one table: what it is, how it is reached, what can be chosen.

The name of a family is the first word of its register URL.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hw_sim import atol, datecs, ofd203, options, rekassa, shtrih, ukassa, webkassa
from hw_sim.atol.making import SERIAL as ATOL_SERIAL
from hw_sim.atol.profile import MODELS as ATOL_MODELS
from hw_sim.atol.profile import Profile as AtolProfile
from hw_sim.atol.web_profile import WebProfile
from hw_sim.console import Hand
from hw_sim.datecs.profiles import USUAL
from hw_sim.device.machine import Machine
from hw_sim.device.memory import Identity
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock
from hw_sim.faults import FaultQueue
from hw_sim.journal import Told
from hw_sim.ofd203.desk import RECEIPT_PAGE
from hw_sim.options import Option
from hw_sim.reach import Reach
from hw_sim.server import Server
from hw_sim.service_console import ServiceConsole
from hw_sim.shtrih.models import Ffxx

Service = webkassa.Webkassa | rekassa.Rekassa | ukassa.Ukassa

TCP, SERIAL, HTTP = "tcp", "serial", "http"
LINES, SOCKET, WEB = (TCP, SERIAL), (TCP,), (HTTP,)
CODE_PAGES = ("cp1251", "kz1048")

# Fields of a profile both links share that say nothing over HTTP.
_LEVEL_3_ONLY = frozenset(
    {
        "access_password",
        "asks_again",
        "buffer_tasks",
        "crc_over",
        "do_not_print_flag",
        "document_block_bytes",
        "kept_results",
        "lacks",
        "last_task",
        "lasting_stop",
        "mode_passwords",
        "network",
        "work_s",
        "z_print_s",
    }
)


@dataclass(frozen=True, slots=True)
class Played:
    """A register that is made and stands on no line yet.

    Attributes:
        answers: what answers: on a line of bytes, or over HTTP.
        behind: the register behind a server of its own.
    """

    greeting: tuple[str, ...]
    reach: Reach
    faults: FaultQueue
    console: Hand
    answers: Machine | Server
    behind: Machine | None = None

    def listen(self, tell: Callable[[Told], object]) -> None:
        """Have every line of the journal told as it is written, by whoever moves the register at that moment."""
        if isinstance(self.answers, Server):
            self.answers.listeners.append(tell)
        machine = self.answers if isinstance(self.answers, Machine) else self.behind
        if machine is not None:
            machine.listeners.append(tell)


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Attributes:
        about: what it is, in one line.
        links: how a program can reach it.
        make: makes one; what stands in the options is its keyword arguments.
        profiles: objects whose fields are options, each with what stands before their names ("": nothing).
        more: further arguments of `make`.
        choices: values of options whose type does not tell them.
        left_out: fields that are no options here.
        given: arguments of `make` that make this family.
        on_cable: arguments that differ on a serial line, unless they are chosen.
    """

    name: str
    about: str
    links: tuple[str, ...]
    make: Callable[..., Simulated | Service]
    profiles: Sequence[tuple[str, Any]]
    more: tuple[Option, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    given: Mapping[str, Any] = field(default_factory=dict)
    on_cable: Mapping[str, Any] = field(default_factory=dict)

    def options(self) -> tuple[Option, ...]:
        """Everything that can be chosen, with its default and its meaning."""
        fields = [one for group, profile in self.profiles for one in options.of(profile, group, self.choices)]
        return (*self.more, *(one for one in fields if one.name not in self.left_out))

    def start(self, now: Clock, rng: random.Random, chosen: Mapping[str, str], link: str = TCP) -> Played:
        """Make one. Raises ValueError for an option it does not have and for a value that will not do."""
        known = self.options()
        values = {name: options.find(known, name, self.name).read(text) for name, text in chosen.items()}
        cable = self.on_cable if link == SERIAL else {}
        made = self.make(now, rng, **self.given, **options.grouped({**cable, **values}, dict(self.profiles)))
        if isinstance(made, Simulated):
            told = made.greeting, made.reach, made.machine.faults, made.console()
            if isinstance(made, atol.SimulatedWeb):
                return Played(*told, made.server, made.machine)
            return Played(*told, made.machine)
        profiles = (made.profile, *(made.cashboxes.values() if isinstance(made, webkassa.Webkassa) else ()))
        return Played(made.greeting, made.reach, made.faults, ServiceConsole(made, *profiles), made)


def _datecs(protocol: datecs.Protocol, models: str) -> Family:
    usual = USUAL[protocol]
    names = tuple(name for name, model in datecs.MODELS.items() if model.protocol is protocol)
    return Family(
        f"datecs-{protocol}",
        f"Datecs fiscal printers of protocol {protocol.upper()}: {models}",
        LINES,
        datecs.make,
        (("", datecs.MODELS[usual]), ("past", datecs.Past())),
        (
            Option("model", str, usual, "Which printer it is; the defaults below are those of this one.", names),
            Option("last_seq", int, None, "SEQ of the last frame of an earlier program, 32 to 127 (P), 255 (X)."),
        ),
        choices={"code_page": CODE_PAGES},
        left_out=frozenset({"protocol"}),
        given={"protocol": protocol.value},
    )


_ATOL_SERIAL = Option("serial", str, ATOL_SERIAL, "Factory number, at most 8 digits.")

_ALL = (
    Family(
        "shtrih",
        "Shtrih-M registers: ШТРИХ-ФР-Ф, ON-LINE, with a storage",
        LINES,
        shtrih.make,
        (("", shtrih.Options()), ("identity", Identity())),
        choices={"model": tuple(shtrih.MODELS), "ffxx": tuple(Ffxx)},
    ),
    _datecs(datecs.Protocol.P, "FP-800, FP-650"),
    _datecs(datecs.Protocol.X, "FP-700X, DP-150X"),
    Family(
        "atol",
        "ATOL registers, protocol of level 3",
        LINES,
        atol.make,
        (("", AtolProfile()),),
        (
            Option("model", str, next(iter(ATOL_MODELS)), "Version of the fiscal data format.", tuple(ATOL_MODELS)),
            _ATOL_SERIAL,
        ),
        on_cable={"network": False},
    ),
    Family(
        "atol-json",
        "ATOL registers behind the web server of driver 10",
        WEB,
        atol.make_json,
        (("", AtolProfile()), ("", WebProfile())),
        (_ATOL_SERIAL,),
        left_out=_LEVEL_3_ONLY,
    ),
    Family(
        "ofd",
        "the operator (OFD 2.0.3) of a register in software",
        SOCKET,
        ofd203.make,
        (("", ofd203.Rules()), ("identity", Identity()), ("papers", ofd203.Papers())),
        (
            Option("device_id", int, 203001, "Number of the register at the operator."),
            Option("token", int, 0x12345678, "Its first token."),
            Option("first_shift", int, 1, "Number of its first shift."),
            Option("receipt_page", str, RECEIPT_PAGE, "Page behind the QR."),
        ),
    ),
    Family(
        "webkassa",
        "Webkassa v4, a cloud register, with one cashbox",
        WEB,
        webkassa.make,
        (
            ("", webkassa.Profile()),
            ("cashbox", webkassa.Cashbox()),
            ("user", webkassa.User("till-1", "till-1-password")),
        ),
        left_out=frozenset({"cashbox.busy_until_ns", "user.token", "user.token_ns", "user.cashboxes"}),
    ),
    Family(
        "rekassa",
        "reKassa, a cloud register, as public clients show it",
        WEB,
        rekassa.make,
        (("", rekassa.Profile()), ("identity", Identity(serial="RK00000001"))),
    ),
    Family(
        "ukassa",
        "uKassa, a cloud register, as public clients show it",
        WEB,
        ukassa.make,
        (("", ukassa.Profile()), ("identity", Identity(serial="UK00000001"))),
    ),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _ALL}


def family(name: str) -> Family:
    """The family of this name. Raises ValueError that names the nearest one."""
    if name not in FAMILIES:
        near = difflib.get_close_matches(name, FAMILIES, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(FAMILIES)}"
        raise ValueError(f"there is no register of family {name!r}{hint}")
    return FAMILIES[name]
