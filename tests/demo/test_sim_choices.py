"""`pos-agent sim fiscal` before it runs: what can be chosen, and what is said to a choice that cannot be."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sim_command import PATIENCE_S
from typer.testing import CliRunner, Result

from hw_sim import atol, datecs, ofd203, rekassa, shtrih, ukassa, webkassa
from hw_sim.atol.profile import Profile as AtolProfile
from hw_sim.atol.web_profile import WebProfile
from hw_sim.device.memory import Identity
from hw_sim.families import FAMILIES, family
from pos_agent.cli.main import app
from pos_agent.demo.register_running import CannotStart, Where, is_loopback, running

EVERYWHERE = "0.0.0.0"  # noqa: S104 (what is warned of)


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["sim", "fiscal", *map(str, arguments)], input=stdin)


def test_the_families_are_listed_with_a_line_each_and_without_one_too() -> None:
    listed = run("--list")
    assert (listed.exit_code, listed.output) == (0, run().output)
    lines = listed.output.splitlines()
    for name, known in FAMILIES.items():
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert line.endswith(known.about) and ("HTTP" in line) == ("http" in known.links)
    assert max(map(len, lines)) <= 80


# Whose fields are the options of a family, and which of them nobody can choose, with the reason.
PROFILES: dict[str, tuple[Any, ...]] = {
    "shtrih": (shtrih.Options,),
    "datecs-p": (datecs.Profile,),
    "datecs-x": (datecs.Profile,),
    "atol": (AtolProfile,),
    "atol-json": (WebProfile,),
    "ofd": (ofd203.Rules,),
    "webkassa": (webkassa.Profile,),
    "rekassa": (rekassa.Profile,),
    "ukassa": (ukassa.Profile,),
}
NOT_CHOSEN = {
    ("datecs-p", "protocol"),  # It is the family.
    ("datecs-x", "protocol"),
    ("shtrih", "identity"),  # Its fields are: identity.serial and so on.
}
GROUPED = {
    "shtrih": [f"identity.{field.name}" for field in fields(Identity)],
    "datecs-p": [f"past.{field.name}" for field in fields(datecs.Past)],
    "ofd": ["papers.organisation", "identity.serial", "device_id", "token"],
    "webkassa": ["cashbox.unique_number", "cashbox.licensed", "user.password"],
    "rekassa": ["identity.serial"],
}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_option_is_listed_with_its_meaning_and_its_default(name: str) -> None:
    listed = run(name, "--options")
    assert listed.exit_code == 0 and max(map(len, listed.output.splitlines())) <= 80
    words = [line.split()[0] for line in listed.output.splitlines() if line and not line.startswith(" ")]
    wanted = [field.name for profile in PROFILES[name] for field in fields(profile)]
    missing = [one for one in (*wanted, *GROUPED.get(name, ())) if one not in words and (name, one) not in NOT_CHOSEN]
    assert missing == []
    assert len(words) == len(set(words))
    for option in FAMILIES[name].options():
        assert option.about, option.name
    assert listed.output.count("Default: ") + listed.output.count("Default:\n") == len(words) - 1


def test_the_options_say_what_the_simulator_says_of_them() -> None:
    shown = " ".join(run("shtrih", "--options").output.split())
    assert "model Which register it is. [kz-fr, on-line, fn, fn-old] Default: kz-fr" in shown
    assert "print_s How long a document takes to print. Default: 1.5" in shown  # From the docstring.
    shown = " ".join(run("rekassa", "--options").output.split())
    assert "repeat_window_s How long a key is remembered; 0: for ever. Default: 0" in shown  # Behind the field.
    assert "[answer, refuse, register] Default: answer" in shown
    shown = " ".join(run("webkassa", "--options").output.split())
    assert "processing_s How long the service works on one request of a cashbox;" in shown  # Above the field.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shtrikh",), "there is no register of family 'shtrikh'; did you mean shtrih?"),
        (("datecs",), "did you mean datecs-"),
        (("kassa9000", "--options"), "there is no register of family 'kassa9000'"),
        (("shtrih", "--option", "lyer=numbered"), "shtrih has no option 'lyer'; did you mean layer?"),
        (("shtrih", "--option", "zzz=1"), "shtrih has no option 'zzz'; known: model, layer"),
        (("shtrih", "--option", "layer=slow"), "option layer: 'slow' will not do: one of standard, numbered, auto"),
        (("shtrih", "--option", "model=kz"), "option model: 'kz' will not do: one of kz-fr, on-line, fn, fn-old"),
        (("shtrih", "--option", "cash=much"), "option cash: 'much' will not do: a whole number is wanted"),
        (("shtrih", "--option", "work=inf"), "option work: 'inf' will not do: a number is wanted"),
        (("shtrih", "--option", "idle_ff=maybe"), "option idle_ff: 'maybe' will not do: on or off"),
        (("shtrih", "--option", "receipt_numbers=1,2"), "4 values are wanted, with , between them"),
        (("shtrih", "--option", "layer"), "--option layer: NAME=VALUE is wanted"),
        (("shtrih", "--option", "cash=1", "--option", "cash=2"), "--option cash is given twice"),
        (("datecs-p", "--option", "model=fp-700x"), "option model: 'fp-700x' will not do: one of fp-800, fp-650"),
        (("datecs-p", "--option", "busy_s=45"), "option busy_s: '45' will not do: 45: key:value is wanted"),
        (("atol", "--option", "serial=AB"), "serial 'AB': at most 8 digits"),
        (("webkassa", "--option", "cashbox.nme=x"), "webkassa has no option 'cashbox.nme'; did you mean cashbox.name?"),
        (("webkassa", "--option", "history_container=x"), "one of Items, Rows, (empty)"),
        (("shtrih", "--fault", "answer_lst"), "no fault 'answer_lst' here, did you mean 'answer_lost'?"),
        (("shtrih", "--fault", "answer_late,85,seconds=soon"), "seconds=soon will not do"),
        (("shtrih", "--fault", ""), "no fault ''"),
        (("webkassa", "--pty"), "webkassa is reached over HTTP, not over a serial line: leave out --pty"),
        (("ofd", "--pty"), "ofd is reached over TCP"),
        (("shtrih", "--pty", "--port", "7778"), "a pseudo-terminal has no port"),
        (("shtrih", "--host", "256.1.1.1"), "cannot listen at 256.1.1.1:0"),
        (("webkassa", "--host", "a..b"), "cannot listen at a..b:0"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_2(arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == "" and told in result.stderr.splitlines()[-1] and "Traceback" not in result.stderr


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name in ("shtrih", "rekassa"):
            result = run(name, "--port", port)
            assert result.exit_code == 2
            assert result.stderr == f"port {port} is taken by another program: choose another --port, or 0\n"
    assert run("shtrih", "--port", 70_000).exit_code == 2
    result = run("shtrih", "--log", tmp_path / "none" / "log.txt")
    assert (result.exit_code, result.stderr) == (
        2,
        f"--log {tmp_path / 'none' / 'log.txt'}: No such file or directory\n",
    )


def test_windows_has_no_terminals_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    result = run("shtrih", "--pty")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Windows has no pseudo-terminals: leave out --pty, and use the TCP port\n"
    assert "$env:SIM_REKASSA_PIN = '1234'" in run("rekassa").stdout


def test_what_windows_lacks_is_not_needed_for_a_port() -> None:
    lacking = ("termios", "tty", "pty", "fcntl", "pwd", "grp", "resource", "readline")
    code = f"import sys; sys.modules.update(dict.fromkeys({lacking!r})); from pos_agent.cli import main; main()"
    for name in ("shtrih", "ofd", "webkassa"):
        done = subprocess.run(
            [sys.executable, "-c", code, "sim", "fiscal", name],
            input="documents\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.endswith("\nnone\n")


def test_a_port_others_can_reach_is_warned_of() -> None:
    result = run("shtrih", "--host", EVERYWHERE)
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: at 0.0.0.0 other machines reach it too")
    assert "shtrih+tcp://127.0.0.1:" in result.stdout
    plain = run("rekassa", "--host", EVERYWHERE)
    assert "without TLS on its own machine only" in " ".join(plain.stderr.split())
    assert run("shtrih").stderr == run("shtrih", "--host", "localhost").stderr == ""
    with running(family("atol-json"), {}, Where(EVERYWHERE)) as register:
        assert "lan=yes" in register.url
    assert [is_loopback(host) for host in ("127.0.0.9", "::1", "localhost", "10.0.0.1", "till")] == [True] * 3 + [
        False
    ] * 2


def test_an_option_reaches_the_register_it_is_meant_for() -> None:
    chosen = {"model": "fn", "identity.serial": "00077777", "identity.taxpayer_xin": "880101300123"}
    with running(family("shtrih"), chosen, Where()) as register:
        assert "ШТРИХ-СМАРТПОС-Ф (fn)" in register.played.greeting[
            0
        ] and "serial              00077777" in register.run("totals")
    with running(family("datecs-x"), {"past.z": "41", "amounts": "minor"}, Where()) as register:
        machine = register.played.answers
        assert isinstance(machine, datecs.Datecs)
        assert machine.state.z_next == 42 and machine.state.profile.amounts is datecs.Amounts.MINOR
    with running(family("atol"), {"tax_rates": "1:1600"}, Where()) as register:
        assert "1 16 %, 2 10 %" in register.played.greeting[1] and "tax_16=1&" in register.url
    with pytest.raises(CannotStart, match="has no option"), running(family("atol"), {"api": "v1"}, Where()):
        pass


def test_a_terminal_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> tuple[int, int]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "openpty", none)
    result = run("shtrih", "--pty")
    assert (result.exit_code, result.stderr) == (2, "no pseudo-terminal can be opened: No space left on device\n")


def test_atol_on_a_cable_keeps_late_answers_and_on_the_network_does_not() -> None:
    with running(family("atol"), {}, Where(pty=True)) as cable, running(family("atol"), {}, Where()) as network:
        kept = [register.played.answers for register in (cable, network)]
    assert [one.profile.network for one in kept if isinstance(one, atol.making.AtolRegister)] == [False, True]
