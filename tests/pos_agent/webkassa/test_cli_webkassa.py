"""`pos-agent webkassa` as store IT meets it, against the simulated service on real sockets."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from webkassa_desk import SECRETS, a_day, sell
from webkassa_shop import MARK, Shop


def test_shifts_are_a_table(shop: Shop, command: Any) -> None:
    a_day(shop)
    result = command("shifts")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["shift", "opened", "closed", "state", "not_told"],
        ["1", "15.07.2026", "09:00:00", "15.07.2026", "09:03:00", "closed"],
        ["2", "15.07.2026", "09:04:00", "open"],
    ]


def test_receipts_are_of_the_newest_shift_or_the_one_named(shop: Shop, command: Any) -> None:
    a_day(shop)
    newest, first = command("receipts"), command("receipts", "--shift", 1)
    assert [result.exit_code for result in (newest, first)] == [0, 0]
    assert len(newest.stdout.splitlines()) == 2
    rows = first.stdout.splitlines()
    assert len(rows) == 3
    assert rows[1].split()[:5] == ["2", "15.07.2026", "09:01:00", "sale", "900,00"]
    assert "t-1" in rows[1]


def test_json_has_every_field_the_raw_answers_and_the_place(shop: Shop, command: Any) -> None:
    a_day(shop)
    data = json.loads(command("receipts", "--shift", 1, "--json").stdout)
    assert (data["list"], data["total"], data["next_skip"], data["ended"], data["problem"]) == (
        "receipts", 2, 2, True, None,
    )  # fmt: skip
    row = data["rows"][1]
    assert row["place"] == {"path": "/api/v4/Check/History", "index": 1, "shift": 1}
    assert (row["seen"]["total_tiyn"], row["positions"][0]["marks"]) == (90000, [MARK])
    assert row["raw"]["ExternalCheckNumber"] == "t-2"
    for words in (("shifts",), ("z",), ("tape", "--shift", 1)):
        assert len(json.loads(command(*words, "--json").stdout)["rows"]) >= 1


def test_csv_opens_in_a_spreadsheet_of_this_country(shop: Shop, command: Any, tmp_path: Path) -> None:
    shop.sell(MARK, name="=HYPERLINK(1)")
    target = tmp_path / "receipts.csv"
    result = command("receipts", "--csv", target)
    assert (result.exit_code, result.stdout) == (0, "")
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfnumber;at;kind;total;")
    (row,) = csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";")
    assert (row["total"], row["tax"], row["at"], row["marks"]) == ("900,00", "124,14", "15.07.2026 09:00:00", MARK)
    positions = command("receipt", "t-1", "--key", "--csv", "-").stdout
    assert "'=HYPERLINK(1);1;796;900,00" in positions


def test_one_receipt_is_shown_by_its_sign_or_our_key(shop: Shop, command: Any) -> None:
    a_day(shop)
    sign = shop.documents[1].sign
    for words in ((sign,), (sign, "--shift", 1), ("t-1", "--key")):
        result = command("receipt", *words)
        assert result.exit_code == 0, result.stderr
        assert ["fiscal", "sign", sign] in [line.split() for line in result.stdout.splitlines()]
        assert MARK in result.stdout
    assert json.loads(command("receipt", sign, "--json").stdout)["row"]["seen"]["fiscal_sign"] == sign


def test_z_reports_come_as_a_list_or_one_by_one(shop: Shop, command: Any) -> None:
    a_day(shop)
    listed, one = command("z"), command("z", 1)
    assert listed.stdout.splitlines()[1].split()[:2] == ["1", "1"]
    assert "1 800,00" in listed.stdout
    assert ["cash", "6", "800,00"] in [line.split() for line in one.stdout.splitlines()]
    assert command("z", 1, "--csv", "-").stdout.lstrip("\ufeff").startswith("shift;report;")


def test_the_tape_shows_cash_moves_too(shop: Shop, command: Any) -> None:
    a_day(shop)
    assert [line.split()[2] for line in command("tape", "--shift", 1).stdout.splitlines()[1:]] == [
        "sale", "sale", "cash_in",
    ]  # fmt: skip


def test_units_that_agree_exit_0_and_others_1(shop: Shop, command: Any) -> None:
    sell(shop)
    good = command("units")
    assert good.exit_code == 0
    assert "known: OKEI has 5 for the decimetre" in good.stdout
    shop.service.profile.more_units = ((9999, "парсек"),)
    other = command("units")
    assert other.exit_code == 1
    assert ["9999", "only", "at", "the", "vendor", "парсек"] in [line.split() for line in other.stdout.splitlines()]
    assert json.loads(command("units", "--json").stdout)["agrees"] is False


def test_info_warns_of_terms_that_end_and_of_a_cashbox_that_is_not_active(shop: Shop, command: Any) -> None:
    sell(shop)
    good = command("info")
    assert (good.exit_code, good.stderr) == (0, "")
    assert "active" in good.stdout
    soon = time.strftime("%Y-%m-%dT00:00:00+05:00", time.gmtime(time.time() + 5 * 86400))
    shop.service.profile.licence_until = soon
    shop.service.profile.ofd_until = "2020-01-01T00:00:00+05:00"
    result = command("info")
    assert result.exit_code == 1
    assert "The licence of the cashbox ends in" in result.stderr
    assert "The OFD contract of the cashbox has ended" in result.stderr


def test_a_limit_ends_at_the_row(shop: Shop, command: Any) -> None:
    sell(shop, 5)
    result = command("receipts", "--limit", 2, "--skip", 1, "--json")
    data = json.loads(result.stdout)
    assert [row["seen"]["number"] for row in data["rows"]] == [2, 3]
    assert (data["next_skip"], data["ended"], result.exit_code) == (3, False, 0)
    whole = json.loads(command("receipts", "--limit", 5, "--json").stdout)
    assert (len(whole["rows"]), whole["ended"]) == (5, True)


def test_on_a_terminal_a_table_is_drawn_and_progress_is_cleared(shop: Shop, config: Any) -> None:
    sell(shop, 2)
    main, child = pty.openpty()
    start = "from pos_agent.cli import main; main()"
    words = [sys.executable, "-c", start, "webkassa", "receipts", "--config", str(config(shop.url))]
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
    assert "t-2" in text
