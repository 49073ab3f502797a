"""`pos-agent sim fiscal` at the hands of a person: faults, switches, the journal, the console, and its ends."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import pty
import signal
import socket
import subprocess
import threading
import time
import tty
from contextlib import ExitStack
from pathlib import Path

import pytest
from sim_command import COMMAND, PATIENCE_S, SimCommand
from typer.testing import CliRunner, Result

from fiscal.orders import Line, Mark, Operation, Payment, PaymentKind, Receipt
from fiscal.register import Done
from fiscal.registry import open_register
from hw_sim.families import family
from pos_agent.cli.main import app
from pos_agent.demo.register_running import Where, fault_words, running
from pos_agent.demo.register_session import Screen

PACK = "04870000000135kR4_vZ8AbCd9xYz"
LOGIN = {"number": "RK00000001", "password": "integration"}


def run(*arguments: object, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["sim", "fiscal", *map(str, arguments)], input=stdin)


def login(port: int) -> int:
    """One request of the reKassa service; 0: the connection broke."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/api/auth/login?apiKey=sim-partner-key&format=json", json.dumps(LOGIN))
        answer = connection.getresponse()
        answer.read()
    except (ConnectionError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    return answer.status


def test_a_fault_is_written_as_name_match_and_values_with_commas_of_their_own() -> None:
    assert fault_words("answer_lost") == ["answer_lost"]
    assert fault_words("answer_late,85,seconds=30") == ["answer_late", "85", "seconds=30"]
    assert fault_words("answer_late,seconds=30, count=2") == ["answer_late", "seconds=30", "count=2"]
    assert fault_words("status_bits,4A,set=2.3,0.5,clear=4.1") == ["status_bits", "4A", "set=2.3,0.5", "clear=4.1"]


def test_faults_of_the_start_strike_first_and_more_can_be_ordered_by_hand() -> None:
    with SimCommand(
        "rekassa", "--fault", "http_503,login,count=2", "--fault", "answer_lost_before,match=login,skip=2"
    ) as command:
        waiting = "http_503 login count=2\nanswer_lost_before login count=1 skip=2"
        assert command.say("faults") == waiting
        assert [login(command.port) for _ in range(4)] == [503, 503, 0, 200]
        assert command.say("faults") == "none"
        assert command.say("fault http_500 login") == "http_500 waits"
        assert [login(command.port) for _ in range(2)] == [500, 200]
        command.say("fault http_500 login count=9")
        assert command.say("clear") == "cleared" and login(command.port) == 200
        assert command.say("fault nonsense").startswith("fault: no fault 'nonsense'")
        assert "http_500" in command.say("frames") and "! http_500" in command.say("frames 10")


def test_a_lost_answer_is_found_again_by_the_driver_and_the_receipt_is_one() -> None:
    sale = Receipt(
        "till7-S1",
        Operation.SALE,
        (Line("Сигареты", 90_000, 1_000, 796, 1_600, marks=(Mark(PACK, PACK[:25]),)),),
        (Payment(PaymentKind.CASH, 90_000),),
    )
    with SimCommand("datecs-p") as command:
        register = open_register(
            command.url,
            secret={}.__getitem__,
            transport=None,
            now=time.time_ns,
            monotonic=time.monotonic,
            sleep=time.sleep,
        )
        prepared, baseline = register.prepare(sale), register.baseline()
        assert command.say("fault answer_lost 38 count=2") == "answer_lost waits"
        outcome = register.execute(prepared, baseline)
        register.close()
        assert isinstance(outcome, Done)
        assert command.say("faults") == "none"
        assert len(command.say("documents").splitlines()) == 2
        assert command.say("frames 200").count("! answer_lost") == 2


def test_switches_of_a_service_are_set_by_word() -> None:
    with SimCommand("rekassa") as command:
        switches = command.say("switches")
        assert "repeats answer" in switches and "ofd_down" in switches and "blocked" in switches
        assert command.say("switch repeats refuse") == "repeats is refuse"
        assert command.say("switch token_life_s 60") == "token_life_s is 60"
        assert "repeats refuse" in command.say("switches") and "token_life_s 60" in command.say("switches")
        assert command.say("switch ofd_down on") == "ofd_down is on"
        assert command.say("switch repeats often").endswith("one of answer, refuse, register")
        assert command.say("switch ofd_down perhaps").endswith("on or off")
        assert command.say("switch repeat refuse") == "switch: no switch 'repeat', did you mean 'repeats'?"
        assert command.say("switch repeats") == "usage: switch NAME VALUE"
    with SimCommand("webkassa") as command:
        assert command.say("switch licensed off") == "licensed is off" and "licensed off" in command.say("switches")


def test_a_word_nobody_knows_is_answered_with_those_there_are() -> None:
    with SimCommand("shtrih") as command:
        assert command.say("papper out").startswith("papper: no such command, did you mean 'paper'? Known: help,")
        helped = command.say("help")
        assert all(f"\n{word} " in helped for word in ("paper", "cover", "power", "fault", "frames", "quit", "drawer"))
        assert command.say("paper out") == "done" and "(no paper)" in command.say("mode")
    with SimCommand("ofd") as command:
        helped = command.say("help")
        assert "\npaper " not in helped and "\nblock [TEXT] " in helped
        assert command.say("block Төлем жоқ") == "blocked"
        assert '"blocked": true' in command.say("device")


def test_documents_go_into_a_spreadsheet(tmp_path: Path) -> None:
    with SimCommand("atol-json") as command:
        command.say("foreign sale 187575")
        path = tmp_path / "documents of today.csv"
        assert command.say(f"documents --csv {path}") == f"1 documents written to {path}"
    head, row = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")
    read = dict(zip(head, row, strict=True))
    assert (read["kind"], read["total"], read["marks_count"]) == ("sale", "1875,75", "0")


def test_the_journal_comes_live_and_into_a_file_whole(tmp_path: Path) -> None:
    log = tmp_path / "frames.log"
    log.write_text("what was there before\n", encoding="utf-8")
    frame = bytes.fromhex("FE 01 00 06 C4 58")
    with SimCommand("atol", "--frames", "--log", str(log)) as command:
        with socket.create_connection(("127.0.0.1", command.port), timeout=10) as line:
            line.sendall(frame)
            assert line.recv(64)
        host, register = command.out.readline(), command.out.readline()
        assert f" > C4       {frame.hex(' ').upper()}  abort" in host
        assert " < C4       FE 01 00 06 A3 74  result" in register
        assert command.end() == (0, "")
    assert log.read_text(encoding="utf-8") == f"what was there before\n{host}{register}"
    with SimCommand("rekassa", "--frames") as command:
        assert login(command.port) == 200
        told = "".join(command.out.readline() for _ in range(6))
        assert "> login  POST /api/auth/login" in told and '      "number": "RK00000001"' not in told.splitlines()
        assert '\n      "number": "RK00000001",\n' in told and " < login  200" in told


def test_a_log_that_cannot_go_on_is_told_once_and_the_register_goes_on() -> None:
    with SimCommand("rekassa", "--log", "/dev/full") as command:
        assert [login(command.port) for _ in range(2)] == [200] * 2
        assert command.out.readline() == "The log ends here: No space left on device\n"
        assert command.say("faults") == "none"
        assert command.end() == (0, "")


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (signal.SIGINT, ()),
        (signal.SIGTERM, ()),
        (signal.SIGINT, ("--no-console",)),
        (signal.SIGTERM, ("--no-console",)),
    ],
)
@pytest.mark.parametrize("name", ["shtrih", "rekassa"])
def test_a_signal_ends_it_well(name: str, number: signal.Signals, arguments: tuple[str, ...]) -> None:
    with SimCommand(name, *arguments) as command:
        assert command.interrupt(number) == (0, "")


def test_quit_and_the_end_of_input_end_it_well() -> None:
    for words in ("quit\n", "exit\nfault nonsense\n", "documents\n", ""):
        result = run("datecs-x", stdin=words)
        assert result.exit_code == 0 and "fault:" not in result.stdout


def test_without_a_console_nothing_is_read_and_it_goes_on() -> None:
    with SimCommand("rekassa", "--no-console") as command:
        assert command.process.stdin is not None
        command.process.stdin.close()
        assert login(command.port) == 200
        command.process.stdin = None
        assert command.interrupt() == (0, "")


def read_until(terminal: int, end: bytes) -> bytes:
    data = b""
    while end not in data:
        data += os.read(terminal, 4096)
    return data


def test_on_a_terminal_it_prompts_for_each_line() -> None:
    ours, theirs = pty.openpty()
    tty.setcbreak(theirs)  # No echo: only what the command writes comes back.
    with subprocess.Popen(
        (*COMMAND, "shtrih"), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as shell:
        watchdog = threading.Timer(PATIENCE_S, shell.kill)
        watchdog.start()
        try:
            assert read_until(ours, b"> ").endswith(b"> ")
            os.write(ours, b"documents\n")
            assert read_until(ours, b"> ").replace(b"\r", b"").endswith(b"none\n> ")
            os.write(ours, b"\n")
            assert read_until(ours, b"> ").endswith(b"> ")
            shell.send_signal(signal.SIGINT)
            assert shell.wait() == 0
        finally:
            watchdog.cancel()
            os.close(ours)
            os.close(theirs)


def test_lines_of_the_journal_stand_above_the_prompt() -> None:
    out = io.StringIO()
    screen = Screen(out, prompts=True)
    screen.say("hello")
    screen.ask()
    screen.say("a frame")
    screen.heard()
    screen.say("an answer")
    screen.ask()
    assert out.getvalue() == "hello\n> \na frame\n> an answer\n> "


def test_nobody_reading_is_no_reason_to_stop() -> None:
    with SimCommand("rekassa", "--frames") as command:
        port = command.port
        command.out.close()
        assert [login(port) for _ in range(3)] == [200] * 3
        assert command.process.poll() is None
        assert command.interrupt() == (0, "")


def test_the_console_and_the_line_take_turns() -> None:
    lost: list[int] = []
    frame = bytes.fromhex("FE 01 00 06 C4 58")
    with ExitStack() as stack:
        register = stack.enter_context(running(family("atol"), {}, Where()))
        line = stack.enter_context(socket.create_connection(("127.0.0.1", int(register.place.rpartition(":")[2])), 10))

        def hand() -> None:
            for number in range(200):
                if "waits" not in register.run("fault answer_twice C4"):
                    lost.append(number)
                register.run("clear")

        thread = threading.Thread(target=hand)
        thread.start()
        heard = 0
        for _ in range(200):
            line.sendall(frame)
            answer = line.recv(64)
            assert answer[:6].hex(" ").upper() == "FE 01 00 06 A3 74"
            heard += len(answer) // 6
        thread.join(PATIENCE_S)
        asked = register.run("frames 20000").count(" > C4")
    assert lost == [] and asked == 200 and heard >= 190


def test_the_same_seed_gives_the_same_signs() -> None:
    def signs(seed: int) -> list[str]:
        with running(family("ofd"), {}, Where(), seed=seed) as register:
            return [register.run("token") for _ in range(3)]

    assert signs(5) == signs(5) != signs(6)
