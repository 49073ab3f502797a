"""`pos-agent webkassa` when something is wrong: clear words, what to do next, the right exit code."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from webkassa_desk import SECRETS, a_day, sell
from webkassa_shop import Shop

from pos_agent.cli.webkassa import app


def test_a_csv_that_cannot_be_written_is_told(shop: Shop, command: Any, tmp_path: Path) -> None:
    sell(shop)
    result = command("receipts", "--csv", tmp_path / "none" / "receipts.csv")
    assert result.exit_code == 2
    assert "name another file with --csv" in result.stderr


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
def test_what_is_not_there_is_told_with_exit_1(shop: Shop, command: Any, words: Any, told: str) -> None:
    a_day(shop)
    result = command(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert "pos-agent webkassa" in result.stderr


def test_a_cashbox_without_a_shift_has_no_receipts(command: Any) -> None:
    result = command("receipts")
    assert result.exit_code == 1
    assert "no shift yet" in result.stderr


def test_a_long_list_breaks_off_in_good_order_and_goes_on(shop: Shop, command: Any) -> None:
    sell(shop, 70)
    shop.service.faults.add("html_page", "check_history", skip=1)
    broken = command("receipts", "--json")
    data = json.loads(broken.stdout)
    assert broken.exit_code == 2
    assert (len(data["rows"]), data["next_skip"], data["ended"]) == (50, 50, False)
    assert "answer" in data["problem"]
    assert "go on with --skip 50" in broken.stderr
    rest = json.loads(command("receipts", "--json", "--skip", 50).stdout)
    assert [row["seen"]["number"] for row in rest["rows"]] == list(range(51, 71))


def test_a_list_that_changed_while_it_was_read_is_told(shop: Shop, command: Any) -> None:
    """The newest stands first, and the till sells between two pages."""
    sell(shop, 60)
    shop.service.profile.newest_first = True
    documents = shop.shifts[0].documents

    def sell_once() -> None:
        if shop.service.journal[-1].operation == "check_history" and len(documents) == 60:
            documents.append(replace(documents[0], sign="9999999999", order_number=61, external_number="t-61"))

    shop.service.before_each.append(sell_once)
    result = command("receipts")
    assert result.exit_code == 1
    assert "60 of 61 rows: the list changed while it was read; read it again" in result.stderr
    assert len(result.stdout.splitlines()) == 61


def test_a_row_that_cannot_be_read_is_told_and_the_others_are_shown(shop: Shop, command: Any) -> None:
    sell(shop, 3)
    shift = shop.shifts[0]
    shift.documents[1] = replace(shift.documents[1], positions=({"TaxPercent": 16, "Sum": "lots"},))
    result = command("receipts", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["place"]["index"] for row in data["rows"]] == [0, 2]
    assert (data["bad"][0]["place"]["index"], data["bad"][0]["field"]) == (1, "Positions[0].Sum")
    assert "row 1 Positions[0].Sum" in result.stderr


def test_a_read_takes_the_session_once_and_never_back(shop: Shop, command: Any) -> None:
    """The till sells between two pages: the read ends, and the till's sale is not disturbed a second time."""
    sell(shop, 70)
    before = shop.logins()
    seen: list[int] = []
    pages = shop.service.before_each

    def sell_once() -> None:
        newest = shop.service.journal[-1].operation
        if newest == "check_history" and not seen:
            seen.append(shop.logins())
            shop.service.users["till-1"].token = ""  # The till has logged in: ours is dead.

    pages.append(sell_once)
    result = command("receipts")
    assert result.exit_code == 2
    assert "session_taken" in result.stderr
    assert "--login" in result.stderr
    assert "go on with --skip 50" in result.stderr
    assert shop.logins() == before + 1


def test_another_user_reads_without_touching_the_till_s_session(shop: Shop, command: Any) -> None:
    sell(shop)
    before = shop.service.users["till-1"].token
    result = command("receipts", "--login", "reader", "--password", "env:WK_READER")
    assert result.exit_code == 0, result.stderr
    assert shop.service.users["till-1"].token == before


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
def test_every_refusal_of_the_service_comes_with_the_next_step(shop: Shop, command: Any, code: int) -> None:
    shop.service.faults.add("code", "client_info", code=code, text="слова\x1b[2J сервиса")
    result = command("info")
    assert (result.exit_code, result.stdout) == (2, "")
    words, step = result.stderr.splitlines()
    assert words == f"webkassa:{code}: слова␛[2J сервиса (/api-portal/v4/cashbox/client-info)"
    assert len(step) > 20


def test_a_wrong_password_and_a_wrong_key_are_told_apart(shop: Shop, config: Any) -> None:
    path = config(shop.url)
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
