"""Every family started by `pos-agent sim fiscal`, and reached by the very URL and configuration it greets with."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import socket
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import serial
from sim_command import SimCommand

from fiscal.orders import Line, Mark, Operation, Payment, PaymentKind, Receipt, ShiftOpen
from fiscal.register import Ability, Done, FiscalDocument
from fiscal.registry import OpenRegister, open_register
from hw_sim.families import FAMILIES
from pos_agent.requirements import unmet
from sync.secret_reference import read_secret

PACK = "04870000000135kR4_vZ8AbCd9xYz"
UNIT = "0104870000000104215000000000012\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
SALE = Receipt(
    "till7-S1",
    Operation.SALE,
    (
        Line("Сигареты", 90_000, 1_000, 796, 1_600, gtin="04870000000135", marks=(Mark(PACK, PACK[:25]),)),
        Line("Аяқ киім", 75_050, 1_000, 796, 1_600, gtin="04870000000104", marks=(Mark(UNIT, UNIT[:31]),)),
    ),
    (Payment(PaymentKind.CASH, 200_000),),
    "Айгүл",
)


@dataclass(frozen=True)
class Driven:
    """A family whose driver is here. `marks`: how many codes its fiscal memory knows of; the others are text."""

    arguments: tuple[str, ...]
    marks: int = 2

    def __str__(self) -> str:
        return " ".join(self.arguments)


QUICK = ("--option", "print_s=0")
# A driver that comes gets a row here, and its family leaves RAW.
DRIVEN = (
    Driven(("shtrih", *QUICK), marks=0),
    Driven(("shtrih", *QUICK, "--pty"), marks=0),
    Driven(("shtrih", *QUICK, "--option", "model=on-line")),
    Driven(("shtrih", *QUICK, "--option", "model=fn-old"), marks=0),
    Driven(("shtrih", *QUICK, "--option", "model=fn", "--option", "layer=numbered")),
    Driven(("datecs-p",)),
    Driven(("datecs-p", "--pty")),
    Driven(("datecs-p", "--option", "passwords=1:4321")),
    Driven(("datecs-x", "--option", "model=fmp-350x")),
    Driven(("ofd",)),
    Driven(("webkassa",)),
    Driven(("webkassa", "--option", "cashbox.unique_number=SWK00000077", "--option", "user.login=other@shop.kz")),
)


def opened(command: SimCommand, monkeypatch: pytest.MonkeyPatch) -> OpenRegister:
    """The driver of what was greeted with: the block as configuration, the exports as environment."""
    config = command.config
    assert config.register_.url == command.url
    for name, value in command.variables.items():
        monkeypatch.setenv(name, value)
    register = open_register(
        command.url,
        secret=lambda name: read_secret(config.register_.secrets[name]),
        transport=None,
        now=time.time_ns,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    assert unmet(config, register.capabilities) == [], "the agent starts with what was pasted"
    return register


def made(register: OpenRegister, order: Receipt | ShiftOpen) -> FiscalDocument | None:
    outcome = register.execute(register.prepare(order), register.baseline())
    assert isinstance(outcome, Done), outcome
    return outcome.document if isinstance(outcome.document, FiscalDocument) else None


def sold(register: OpenRegister, sale: Receipt = SALE) -> FiscalDocument:
    try:
        if Ability.SHIFT_OPEN in register.capabilities.can:
            made(register, ShiftOpen("till7-open", 1, "Айгүл"))
        document = made(register, sale)
    finally:
        register.close()
    assert document is not None
    return document


@pytest.mark.parametrize("case", DRIVEN, ids=str)
def test_the_driver_sells_by_what_the_greeting_says_and_the_console_shows_it(
    case: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimCommand(*case.arguments) as command:
        document = sold(opened(command, monkeypatch))
        head, row = command.say("documents").splitlines()
        assert head.split() == ["number", "kind", "total", "sign", "marks", "shift"]
        _number, kind, total, sign, marks, shift = re.split(r"\s{2,}", row.strip())
        assert (kind, total, marks, shift) == ("sale", "1 650.50", str(case.marks), str(document.shift))
        assert document.fiscal_sign in ("", sign)
        whole = command.say("document")
        if case.marks:
            assert PACK in whole and UNIT.replace("\x1d", "") in whole.replace("<GS>", "")
        assert "sale" in command.say("totals") and "none" not in command.say("frames")
        assert command.end() == (0, "")


def test_every_family_is_sold_with_or_spoken_to() -> None:
    assert {case.arguments[0] for case in DRIVEN} | set(RAW) == set(FAMILIES)
    assert {case.arguments[0] for case in DRIVEN}.isdisjoint(RAW)


def test_the_operator_keeps_its_register_in_a_new_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with SimCommand("ofd") as command:
        folder = Path(command.url.partition("store=")[2]).parent
        assert folder.is_dir() and list(folder.iterdir()) == []
        assert command.end() == (0, "")
        assert not folder.exists(), "nobody used it"
    with SimCommand("ofd") as command:
        store = Path(command.url.partition("store=")[2])
        sold(opened(command, monkeypatch))
        assert command.end() == (0, "")
    assert store.is_file(), "the register is the agent's, not the simulator's"


def golden_exchange(port: int) -> str:
    """The abort of level 3 and its answer (tests/vectors/atol.toml)."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(bytes.fromhex("FE 01 00 06 C4 58"))
        return line.recv(64).hex(" ").upper()


def asked(port: int, method: str, path: str, body: Mapping[str, str] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def rekassa_login(port: int) -> tuple[int, str]:
    login = {"number": "RK00000001", "password": "integration"}
    status, answer = asked(port, "POST", "/api/auth/login?apiKey=sim-partner-key&format=json", login)
    return status, answer["serialNumber"]


def ukassa_login(port: int) -> tuple[int, bool]:
    login = {"email": "till@example.kz", "password": "integration", "hashline": "UK00000001"}
    status, answer = asked(port, "POST", "/api/auth/login/", login)
    return status, bool(answer["auth_token"])


# Families whose driver is not here yet: one exchange by hand, and what comes of it.
RAW: Mapping[str, tuple[Callable[[int], Any], Any]] = {
    "atol": (golden_exchange, "FE 01 00 06 A3 74"),
    "atol-json": (lambda port: asked(port, "GET", "/api/v2/serverInfo")[0], 200),
    "rekassa": (rekassa_login, (200, "RK00000001")),
    "ukassa": (ukassa_login, (200, True)),
}


@pytest.mark.parametrize("name", RAW)
def test_a_family_without_a_driver_answers_at_the_place_of_its_url(name: str) -> None:
    ask, answer = RAW[name]
    with SimCommand(name) as command:
        assert command.url.startswith(f"{name}+") and command.config.register_.url == command.url
        assert set(command.variables) == {
            reference.removeprefix("env:") for reference in command.config.register_.secrets.values()
        }
        assert ask(command.port) == answer
        assert "none" not in command.say("frames")
        assert command.end() == (0, "")


CHOICES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "shtrih": (
        {"flags": "0", "fine_quantity": "on", "zone_s": "10800"},
        {"tax_rates": "1600,1200,1000,500,0,0"},
        {"ffxx": "marking"},
        {"layer": "auto"},
    ),
    "datecs-p": ({"code_page": "kz1048", "columns": "32", "utc_offset_h": "-3"}, {"taxes": "none,1600,0"}),
    "datecs-x": ({"passwords": "1:77", "taxes": "0,0,0,1600,none,none,none,none"},),
}


@pytest.mark.parametrize("name", CHOICES)
def test_whatever_is_chosen_the_url_is_one_the_driver_takes(name: str) -> None:
    models = next(option.choices for option in FAMILIES[name].options() if option.name == "model")
    for chosen in (*({"model": model} for model in models), *CHOICES[name]):
        reach = FAMILIES[name].start(time.time_ns, random.Random(1), chosen).reach
        for url in (reach.url("tcp", "127.0.0.1:9"), reach.url("serial", "/dev/pts/9")):
            register = open_register(
                url,
                secret=reach.secrets.__getitem__,
                transport=None,
                now=time.time_ns,
                monotonic=time.monotonic,
                sleep=time.sleep,
            )
            assert (Ability.MARKS in register.capabilities.can) == (reach.marks == "field"), url
            register.close()


def test_a_terminal_is_a_serial_line_and_goes_with_the_command() -> None:
    with SimCommand("atol", "--pty") as command:
        assert f"Terminal: {command.place}" in command.greeting and command.url.startswith("atol+serial:///dev/")
        assert stat.S_ISCHR(os.stat(command.place).st_mode)  # noqa: PTH116 (a device)
        with serial.Serial(command.place, 115_200, timeout=10) as line:
            line.write(bytes.fromhex("FE 01 00 06 C4 58"))
            assert line.read(6).hex(" ").upper() == "FE 01 00 06 A3 74"
        assert command.end() == (0, "")
    assert not Path(command.place).exists()
