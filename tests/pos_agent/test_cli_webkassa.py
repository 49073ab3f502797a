"""`pos-agent webkassa` as store IT meets it, against the simulated service on real sockets."""

from __future__ import annotations

import csv
import json
import os
import pty
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fiscal.register import (
    CashDirection,
    CashMove,
    Done,
    Line,
    Mark,
    Operation,
    Payment,
    PaymentKind,
    Receipt,
    ShiftClose,
)
from hw_sim.http import Serving, serve
from hw_sim.ofd import Ofd
from hw_sim.webkassa import Cashbox, User, Webkassa
from pos_agent.cli.webkassa import app
from pos_agent.cli.webkassa_cells import BOM, Column, Many, Moment, Money, Quantity, Rate, exported, shown, spreadsheet
from pos_agent.clock import VirtualClock
from pos_agent.config import RegisterSection
from pos_agent.registers import open_configured

NINE_OCLOCK_NS = 1_784_088_000 * 10**9  # 15.07.2026 09:00:00 in Almaty, UTC+5.
SECRETS = {"WK_PASSWORD": "till-1-password", "WK_KEY": "sim-api-key", "WK_READER": "reader-password"}
MARK = "0104870249811936213abc"


class Service:
    """The simulated service with one cashbox, its address, and the register of the till that sells there."""

    def __init__(self, clock: VirtualClock, serving: Serving, webkassa: Webkassa) -> None:
        self.clock, self.webkassa = clock, webkassa
        self.url = f"webkassa+{serving.url}?cashbox=SWK00000001&login=till-1"
        secrets = {"webkassa_password": "env:WK_PASSWORD", "webkassa_api_key": "env:WK_KEY"}
        section = RegisterSection(url=self.url, secrets=secrets)
        values = {f"env:{name}": value for name, value in SECRETS.items()}
        self.till: Any = open_configured(section, secret=values.__getitem__, transport=None, clock=clock)

    def run(self, order: Any) -> None:
        outcome = self.till.execute(self.till.prepare(order), self.till.baseline())
        assert isinstance(outcome, Done), outcome
        self.clock.sleep(60)

    def sell(self, count: int = 1, name: str = "Сыр «Қазақ»") -> None:
        for _ in range(count):
            number = len(self.webkassa.cashboxes["SWK00000001"].documents) + 1
            line = Line(name, 90000, 1000, 796, 1600, gtin="04870249811936", marks=(Mark(MARK, MARK),))
            cash = Payment(PaymentKind.CASH, 90000)
            self.run(Receipt(f"till-1-{number}", Operation.SALE, (line,), (cash,)))

    def logins(self) -> int:
        return sum(1 for entry in self.webkassa.journal if entry.operation == "authorize")


@pytest.fixture
def service() -> Iterator[Service]:
    clock = VirtualClock(NINE_OCLOCK_NS)
    rng = random.Random(3)
    users = [User("till-1", "till-1-password"), User("reader", "reader-password")]
    webkassa = Webkassa(clock.now_ns, rng, Ofd(clock.now_ns, rng), [Cashbox()], users)
    with serve(webkassa) as serving:
        service = Service(clock, serving, webkassa)
        yield service
        service.till.close()


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    def write(url: str, **secrets: str) -> Path:
        named = {"webkassa_password": "env:WK_PASSWORD", "webkassa_api_key": "env:WK_KEY"} | secrets
        lines = ["[register]", f'url = "{url}"', "[register.secrets]", *(f'{k} = "{v}"' for k, v in named.items())]
        path = tmp_path / "agent.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def command(service: Service, config: Callable[..., Path]) -> Callable[..., Result]:
    path = config(service.url)

    def run(*arguments: object) -> Result:
        pause = ["--pause-s", "0"] if arguments[0] in ("shifts", "receipts", "z") else []
        words = [str(one) for one in (*arguments, *pause, "--config", path)]
        return CliRunner().invoke(app, words, env=SECRETS)

    return run


def a_day(service: Service) -> None:
    service.run(CashMove("in-1", CashDirection.IN, 500000))
    service.sell(2)
    service.run(ShiftClose("z-1", 1))
    service.sell()


def test_shifts_are_a_table(service: Service, command: Any) -> None:
    a_day(service)
    result = command("shifts")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["shift", "opened", "closed", "state", "not_told"],
        ["1", "15.07.2026", "09:00:00", "15.07.2026", "09:03:00", "closed"],
        ["2", "15.07.2026", "09:04:00", "open"],
    ]


def test_receipts_are_of_the_newest_shift_or_the_one_named(service: Service, command: Any) -> None:
    a_day(service)
    newest, first = command("receipts"), command("receipts", "--shift", 1)
    assert [result.exit_code for result in (newest, first)] == [0, 0]
    assert len(newest.stdout.splitlines()) == 2
    rows = first.stdout.splitlines()
    assert len(rows) == 3
    assert rows[1].split()[:5] == ["2", "15.07.2026", "09:01:00", "sale", "900,00"]
    assert "till-1-2" in rows[1]


def test_json_has_every_field_the_raw_answers_and_the_place(service: Service, command: Any) -> None:
    a_day(service)
    data = json.loads(command("receipts", "--shift", 1, "--json").stdout)
    assert (data["list"], data["total"], data["next_skip"], data["ended"], data["problem"]) == (
        "receipts", 2, 2, True, None,
    )  # fmt: skip
    row = data["rows"][1]
    assert row["place"] == {"path": "/api/v4/Check/History", "index": 1, "shift": 1}
    assert (row["seen"]["total_tiyn"], row["positions"][0]["marks"]) == (90000, [MARK])
    assert row["raw"]["ExternalCheckNumber"] == "till-1-3"
    for words in (("shifts",), ("z",), ("tape", "--shift", 1)):
        assert len(json.loads(command(*words, "--json").stdout)["rows"]) >= 1


def test_csv_opens_in_a_spreadsheet_of_this_country(service: Service, command: Any, tmp_path: Path) -> None:
    service.sell(name="=HYPERLINK(1)")
    target = tmp_path / "receipts.csv"
    result = command("receipts", "--csv", target)
    assert (result.exit_code, result.stdout) == (0, "")
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfnumber;at;kind;total;")
    (row,) = csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";")
    assert (row["total"], row["tax"], row["at"], row["marks"]) == ("900,00", "124,14", "15.07.2026 09:00:00", MARK)
    positions = command("receipt", "till-1-1", "--key", "--csv", "-").stdout
    assert "'=HYPERLINK(1);1;796;900,00" in positions


def test_a_csv_that_cannot_be_written_is_told(service: Service, command: Any, tmp_path: Path) -> None:
    service.sell()
    result = command("receipts", "--csv", tmp_path / "none" / "receipts.csv")
    assert result.exit_code == 2
    assert "name another file with --csv" in result.stderr


def test_one_receipt_is_shown_by_its_sign_or_our_key(service: Service, command: Any) -> None:
    a_day(service)
    sign = service.webkassa.cashboxes["SWK00000001"].documents[1].sign
    for words in ((sign,), (sign, "--shift", 1), ("till-1-2", "--key")):
        result = command("receipt", *words)
        assert result.exit_code == 0, result.stderr
        assert ["fiscal", "sign", sign] in [line.split() for line in result.stdout.splitlines()]
        assert MARK in result.stdout
    assert json.loads(command("receipt", sign, "--json").stdout)["row"]["seen"]["fiscal_sign"] == sign


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("receipt", "123"), "no receipt 123 in shifts 1 to 2"),
        (("receipt", "123", "--shift", 1), "no receipt 123 in shifts 1 to 1"),
        (("receipt", "no-such", "--key"), "no document has the key no-such"),
        (("receipt", "in-1", "--key"), "in-1 is no receipt but cash_in in shift 1"),
        (("receipts", "--shift", 99), "webkassa:15"),
        (("tape", "--shift", 99), "webkassa:15"),
        (("z", 2), "webkassa:1014"),
    ],
)
def test_what_is_not_there_is_told_with_exit_1(service: Service, command: Any, words: Any, told: str) -> None:
    a_day(service)
    result = command(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert "pos-agent webkassa" in result.stderr


def test_a_cashbox_without_a_shift_has_no_receipts(command: Any) -> None:
    result = command("receipts")
    assert result.exit_code == 1
    assert "no shift yet" in result.stderr


def test_z_reports_come_as_a_list_or_one_by_one(service: Service, command: Any) -> None:
    a_day(service)
    listed, one = command("z"), command("z", 1)
    assert listed.stdout.splitlines()[1].split()[:2] == ["1", "1"]
    assert "1 800,00" in listed.stdout
    assert ["cash", "6", "800,00"] in [line.split() for line in one.stdout.splitlines()]
    assert command("z", 1, "--csv", "-").stdout.lstrip("\ufeff").startswith("shift;report;")


def test_the_tape_shows_cash_moves_too(service: Service, command: Any) -> None:
    a_day(service)
    assert [line.split()[2] for line in command("tape", "--shift", 1).stdout.splitlines()[1:]] == [
        "sale", "sale", "cash_in",
    ]  # fmt: skip


def test_units_that_agree_exit_0_and_others_1(service: Service, command: Any) -> None:
    service.sell()
    good = command("units")
    assert good.exit_code == 0
    assert "known: OKEI has 5 for the decimetre" in good.stdout
    service.webkassa.profile.more_units = ((9999, "парсек"),)
    other = command("units")
    assert other.exit_code == 1
    assert ["9999", "only", "at", "the", "vendor", "парсек"] in [line.split() for line in other.stdout.splitlines()]
    assert json.loads(command("units", "--json").stdout)["agrees"] is False


def test_info_warns_of_terms_that_end_and_of_a_cashbox_that_is_not_active(service: Service, command: Any) -> None:
    service.sell()
    good = command("info")
    assert (good.exit_code, good.stderr) == (0, "")
    assert "active" in good.stdout
    soon = time.strftime("%Y-%m-%dT00:00:00+05:00", time.gmtime(time.time() + 5 * 86400))
    service.webkassa.profile.licence_until = soon
    service.webkassa.profile.ofd_until = "2020-01-01T00:00:00+05:00"
    result = command("info")
    assert result.exit_code == 1
    assert "The licence of the cashbox ends in" in result.stderr
    assert "The OFD contract of the cashbox has ended" in result.stderr


def test_a_long_list_breaks_off_in_good_order_and_goes_on(service: Service, command: Any) -> None:
    service.sell(70)
    service.webkassa.faults.add("html_page", "check_history", skip=1)
    broken = command("receipts", "--json")
    data = json.loads(broken.stdout)
    assert broken.exit_code == 2
    assert (len(data["rows"]), data["next_skip"], data["ended"]) == (50, 50, False)
    assert "answer" in data["problem"]
    assert "go on with --skip 50" in broken.stderr
    rest = json.loads(command("receipts", "--json", "--skip", 50).stdout)
    assert [row["seen"]["number"] for row in rest["rows"]] == list(range(51, 71))


def test_a_list_that_changed_while_it_was_read_is_told(service: Service, command: Any) -> None:
    """The newest stands first, and the till sells between two pages."""
    service.sell(60)
    service.webkassa.profile.newest_first = True
    documents = service.webkassa.cashboxes["SWK00000001"].shifts[0].documents

    def sell_once() -> None:
        if service.webkassa.journal[-1].operation == "check_history" and len(documents) == 60:
            documents.append(replace(documents[0], sign="9999999999", order_number=61, external_number="till-1-61"))

    service.webkassa.before_each.append(sell_once)
    result = command("receipts")
    assert result.exit_code == 1
    assert "60 of 61 rows: the list changed while it was read; read it again" in result.stderr
    assert len(result.stdout.splitlines()) == 61


def test_a_limit_ends_at_the_row(service: Service, command: Any) -> None:
    service.sell(5)
    result = command("receipts", "--limit", 2, "--skip", 1, "--json")
    data = json.loads(result.stdout)
    assert [row["seen"]["number"] for row in data["rows"]] == [2, 3]
    assert (data["next_skip"], data["ended"], result.exit_code) == (3, False, 0)
    whole = json.loads(command("receipts", "--limit", 5, "--json").stdout)
    assert (len(whole["rows"]), whole["ended"]) == (5, True)


def test_a_row_that_cannot_be_read_is_told_and_the_others_are_shown(service: Service, command: Any) -> None:
    service.sell(3)
    shift = service.webkassa.cashboxes["SWK00000001"].shifts[0]
    shift.documents[1] = replace(shift.documents[1], positions=({"TaxPercent": 16, "Sum": "lots"},))
    result = command("receipts", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["place"]["index"] for row in data["rows"]] == [0, 2]
    assert (data["bad"][0]["place"]["index"], data["bad"][0]["field"]) == (1, "Positions[0].Sum")
    assert "row 1 Positions[0].Sum" in result.stderr


def test_a_read_takes_the_session_once_and_never_back(service: Service, command: Any) -> None:
    """The till sells between two pages: the read ends, and the till's sale is not disturbed a second time."""
    service.sell(70)
    before = service.logins()
    seen: list[int] = []
    pages = service.webkassa.before_each

    def sell_once() -> None:
        newest = service.webkassa.journal[-1].operation
        if newest == "check_history" and not seen:
            seen.append(service.logins())
            service.webkassa.users["till-1"].token = ""  # The till has logged in: ours is dead.

    pages.append(sell_once)
    result = command("receipts")
    assert result.exit_code == 2
    assert "session_taken" in result.stderr
    assert "--login" in result.stderr
    assert "go on with --skip 50" in result.stderr
    assert service.logins() == before + 1


def test_another_user_reads_without_touching_the_till_s_session(service: Service, command: Any) -> None:
    service.sell()
    before = service.webkassa.users["till-1"].token
    result = command("receipts", "--login", "reader", "--password", "env:WK_READER")
    assert result.exit_code == 0, result.stderr
    assert service.webkassa.users["till-1"].token == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--login", "reader"), "--login and --password go together"),
        (("--password", "env:WK_READER"), "--login and --password go together"),
        (("--login", "reader", "--password", "hunter2"), "--password: a secret is given as env:NAME"),
        (("--login", "reader", "--password", "env:WK_NONE"), "WK_NONE"),
        (("--login", "reader", "--password", "env:WK_PASSWORD"), "Check login"),
    ],
)
def test_a_reader_who_is_told_wrongly_is_told_what_is_missing(command: Any, words: Any, told: str) -> None:
    result = command("info", *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("code", [4, 5, 6, 7, 10, 1404, 9999])
def test_every_refusal_of_the_service_comes_with_the_next_step(service: Service, command: Any, code: int) -> None:
    service.webkassa.faults.add("code", "client_info", code=code, text="слова\x1b[2J сервиса")
    result = command("info")
    assert (result.exit_code, result.stdout) == (2, "")
    words, step = result.stderr.splitlines()
    assert words == f"webkassa:{code}: слова␛[2J сервиса (/api-portal/v4/cashbox/client-info)"
    assert len(step) > 20


def test_a_wrong_password_and_a_wrong_key_are_told_apart(service: Service, config: Any) -> None:
    path = config(service.url)
    wrong = CliRunner().invoke(app, ["info", "--config", str(path)], env={**SECRETS, "WK_PASSWORD": "other"})
    assert wrong.exit_code == 2
    assert "webkassa:1" in wrong.stderr
    assert "register.secrets.webkassa_password" in wrong.stderr
    key = CliRunner().invoke(app, ["info", "--config", str(path)], env={**SECRETS, "WK_KEY": "other"})
    assert key.exit_code == 2
    assert "register.secrets.webkassa_api_key" in key.stderr


def test_a_service_that_is_not_there_is_told_with_the_next_step(config: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        path = config(f"webkassa+http://127.0.0.1:{unused.getsockname()[1]}?cashbox=SWK00000001&login=a")
        result = CliRunner().invoke(app, ["shifts", "--config", str(path)], env=SECRETS)
    assert result.exit_code == 2
    assert "Check the network" in result.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "register.url is empty"),
        ("shtrih+serial:///dev/ttyACM0", "family shtrih: this command reads webkassa cashboxes only"),
        ("webkassa+https://kkm.kz?cashbox=SWK00000001", "option login: is required"),
        ("webkassa+https://kkm.kz?cashbox=SWK00000001&login=a&login=b&cashbox=SWK2", "option login: is given twice"),
    ],
)
def test_a_register_that_is_none_of_these_is_told_clearly(config: Any, url: str, told: str) -> None:
    result = CliRunner().invoke(app, ["info", "--config", str(config(url))], env=SECRETS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_on_a_terminal_a_table_is_drawn_and_progress_is_cleared(service: Service, config: Any) -> None:
    service.sell(2)
    main, child = pty.openpty()
    start = "from pos_agent.cli import main; main()"
    words = [sys.executable, "-c", start, "webkassa", "receipts", "--config", str(config(service.url))]
    environment = {**os.environ, **SECRETS, "COLUMNS": "150", "TERM": "xterm"}
    running = subprocess.Popen(words, stdout=child, stderr=child, stdin=child, env=environment)
    os.close(child)
    output = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # The other end is closed: Linux tells it so.
            break
        if not piece:
            break
        output += piece
    os.close(main)
    assert running.wait(30) == 0
    text = output.decode()
    assert "receipts: 2 of 2" in text
    assert "fiscal sign" in text
    assert "till-1-2" in text


CELLS: list[tuple[Any, str, str]] = [
    (None, "", ""),
    ("", "", ""),
    (0, "0", "0"),
    (False, "", ""),
    (True, "yes", "yes"),
    (Money(123456), "1 234,56", "1234,56"),
    (Money(-500), "-5,00", "-5,00"),
    (Quantity(1500), "1,5", "1,5"),
    (Rate(1600), "16%", "16%"),
    (Moment("2026-07-15T10:30:00+05:00"), "15.07.2026 10:30:00", "15.07.2026 10:30:00"),
    (Moment(""), "", ""),
    (Many(("a", "b")), "2", "a b"),
    (("a", "b"), "a, b", "a, b"),
    ("a\x1b[2J", "a␛[2J", "a\x1b[2J"),
    ("=1+1", "=1+1", "'=1+1"),
    ("-5", "-5", "'-5"),
    (("@a",), "@a", "'@a"),
    (Many(("+a",)), "1", "'+a"),
]


@pytest.mark.parametrize(("cell", "eyes", "sheet"), CELLS)
def test_a_cell_is_shown_and_exported(cell: Any, eyes: str, sheet: str) -> None:
    assert (shown(cell), exported(cell)) == (eyes, sheet)


def test_a_spreadsheet_keeps_semicolons_quotes_and_lines_inside_their_cells() -> None:
    column: Column[str] = Column("a;b", lambda row: row)
    data = spreadsheet([column], ['x;"y"\nz', "қ"])
    assert data == BOM + b"a;b\r\n".replace(b"a;b", b'"a;b"') + '"x;""y""\nz"\r\nқ\r\n'.encode()
