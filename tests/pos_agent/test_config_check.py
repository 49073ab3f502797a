"""`pos-agent config`: every mistake with its line, every value with its source, no secret shown."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from commented_toml import leaves
from typer.testing import CliRunner, Result

from pos_agent.cli.main import app
from pos_agent.config import from_mapping, load
from pos_agent.config_check import check, check_file
from pos_agent.config_lines import line_of, lines_of

DELIVERED = Path(__file__).parents[2] / "docs" / "agent.toml"
GOOD = """[till]
name = "till-1"

[register]
url = "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=a@b.kz"
secrets.webkassa_password = "env:POS_TEST_PASSWORD"
secrets.webkassa_api_key = "file:/nowhere/key"

[[scanners]]
name = "counter"
url = "serial://usb/05e0:1701"

[[api.clients]]
name = "till"
token = "env:POS_TEST_TOKEN"
"""

HOOK = '[[webhooks]]\nname = "erp"\nurl = "https://erp.shop.kz/"\nsecret = "env:POS_TEST_TOKEN"\n'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["config", *map(str, arguments)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_a_byte_order_mark_as_notepad_writes_it_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(GOOD.replace("\n", "\r\n"), encoding="utf-8-sig")
    assert check_file(path, {}).mistakes == check(GOOD, {}).mistakes
    assert load(path, {}).till == from_mapping(tomllib.loads(GOOD), "", {}).till


@pytest.mark.parametrize("text", [DELIVERED.read_text(encoding="utf-8"), GOOD])
def test_every_key_is_found_in_the_line_that_holds_it(text: str) -> None:
    lines, rows = lines_of(text), text.splitlines()
    for key, _ in leaves(tomllib.loads(text)):
        parts = key.split(".")
        places = [place for place in lines if [part for part in place if not part.isdigit()] == parts]
        assert places, key
        assert all(parts[-1] in rows[lines[place] - 1] for place in places)


def test_lists_of_tables_many_lines_and_quoted_keys_are_told_apart() -> None:
    text = 'a = [\n  1,  # ]\n  2,\n]\n"b.c" = """\nx = 1\n"""\n'
    text += "[[t]]\nn = 1\n[[t]]\nn = 2\n[t.u]\nv.w = 3\n[[t.l]]\nz = 1\n"
    lines = lines_of(text)
    assert {".".join(place): line for place, line in lines.items()} == {
        "a": 1, "b.c": 5, "t.0": 8, "t.0.n": 9, "t.1": 10, "t.1.n": 11, "t.1.u": 12, "t.1.u.v": 13, "t.1.u.v.w": 13,
        "t.1.l.0": 14, "t.1.l.0.z": 15,
    }  # fmt: skip
    assert line_of(("t", "1", "u", "v", "w", "deeper"), lines) == 13
    assert line_of(("nothing",), lines) is None


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[till]", "[til]", 1, "did you mean till?"),
        ('name = "till-1"', 'nmae = "till-1"', 2, "did you mean name?"),
        ("webkassa+https", "webkasa+https", 5, "webkasa"),
        ("cashbox=SWK00000001&", "", 5, "cashbox"),
        ("secrets.webkassa_api_key", "secrets.webkassa_key", 6, "driver needs it"),
        ('"env:POS_TEST_PASSWORD"', '"swordfish"', 6, "never as its value"),
        ('"serial://usb', '"seriall://usb', 11, "serial"),
        ('name = "till"\n', 'name = "till"\nnaem = 1\n', 15, "did you mean name?"),
        ("[till]", "[till\n", 1, "Expected"),
        ("[till]", '[policy]\noffline.sale_policy = "perhaps"\n[till]', 2, "one of"),
        ("[till]", '[ismpt]\nurl = "https://x.kz"\n[till]', 1, "env:, file:"),
        ("[till]", '[sync]\nurl = "ftp://x"\n[till]', 1, "headquarters"),
        ("[till]", '[printer]\nurl = "escpos+tcp://h?profile=epsonn"\n[till]', 2, "epson"),
        ("[[api", '[[scanners]]\nname = "counter"\nurl = "camera:0"\n[[api', 14, "counter"),
        ("[[api", f"{HOOK}{HOOK}[[api", 18, "two webhooks are called erp"),
        ("[[api", f'{HOOK}ca_file = "/nowhere/ca.pem"\n[[api', 17, "/nowhere/ca.pem: [Errno 2]"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_way_out(old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    found = check(GOOD.replace(old, new, 1), {})
    assert any(one.line == line and words in one.text for one in found.mistakes), found.mistakes
    assert not found.is_usable
    assert "swordfish" not in str(found.mistakes)


def test_all_mistakes_are_told_at_once_and_those_of_variables_by_their_name(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(GOOD.replace("name = ", "nmae = ", 1).replace("url = ", "ulr = "), encoding="utf-8")
    monkeypatch.setenv("POS_AGENT__SYNC__EVERY_S", "soon")
    answer = run("check", "--config", config, "--json")
    facts = json.loads(answer.stdout)
    assert answer.exit_code == facts["exit"] == 2
    assert {(one["key"], one["line"]) for one in facts["mistakes"]} >= {("till.nmae", 2), ("register.ulr", 5)}
    (variable,) = [one for one in facts["mistakes"] if one["variable"]]
    assert (variable["variable"], variable["line"]) == ("POS_AGENT__SYNC__EVERY_S", None)
    plain = run("check", "--config", config, "--lang", "en")
    assert f"{config}:2: till.nmae: there is no such key; did you mean name?".replace(" ", "") in plain.output.replace(
        "\n  ", ""
    ).replace(" ", "")


def test_a_good_file_and_the_delivered_one_pass_and_a_thin_one_only_warns(config: Path, tmp_path: Path) -> None:
    assert run("check", "--config", config).exit_code == 0
    assert run("check", "--config", DELIVERED).exit_code == 0
    thin = tmp_path / "thin.toml"
    thin.write_text("[till]\n")
    answer = run("check", "--config", thin, "--json")
    assert answer.exit_code == 1
    assert [one["key"] for one in json.loads(answer.stdout)["mistakes"]] == ["register.url", "api.clients"]


def test_a_missing_file_is_told_with_the_command_that_makes_one(tmp_path: Path) -> None:
    for command in ("check", "show"):
        answer = run(command, "--config", tmp_path / "none.toml", "--lang", "en")
        assert (answer.exit_code, "sudo pos-agent init" in answer.output) == (2, True)


def test_a_register_whose_model_only_it_knows_is_not_asked(config: Path) -> None:
    config.write_text('[register]\nurl = "shtrih+serial:///dev/nowhere?model=auto"\n[api]\nclients = []\n')
    assert run("check", "--config", config).exit_code == 1  # Only that there is no client.


def values(config: Path) -> dict[str, Any]:
    return {row["key"]: row for row in json.loads(run("show", "--config", config, "--json").stdout)["values"]}


def test_each_value_has_its_source_and_a_secret_only_its_place(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POS_TEST_PASSWORD", "swordfish")
    monkeypatch.setenv("POS_AGENT__API__PORT", "9000")
    monkeypatch.delenv("POS_TEST_TOKEN", raising=False)
    shown = values(config)
    assert (shown["till.name"]["value"], shown["till.name"]["source"]["line"]) == ("till-1", 2)
    assert shown["api.port"]["value"] == 9000
    assert shown["api.port"]["source"] == {
        "kind": "environment", "file": None, "line": None, "variable": "POS_AGENT__API__PORT",
    }  # fmt: skip
    assert shown["till.cashier"]["source"]["kind"] == shown["policy.offline.sale_policy"]["source"]["kind"] == "default"
    assert shown["scanners.0.url"]["source"]["line"] == 11
    assert shown["register.secrets.webkassa_password"]["secret"] == {"resolves": True, "problem": None}
    assert "/nowhere/key" in shown["register.secrets.webkassa_api_key"]["secret"]["problem"]
    assert "POS_TEST_TOKEN" in shown["api.clients.0.token"]["secret"]["problem"]
    plain = run("show", "--config", config, "--lang", "en")
    assert plain.exit_code == 1
    assert "swordfish" not in plain.output
    assert 'till.name = "till-1"' in plain.output and "# line 2" in plain.output


def test_only_what_was_changed_is_shown_when_asked_for(config: Path) -> None:
    rows = json.loads(run("show", "--config", config, "--json", "--changed").stdout)["values"]
    assert {row["source"]["kind"] for row in rows} == {"file"}
    assert len(rows) == 8


@pytest.mark.parametrize("content", [b"[till\n", b'[till]\nname = "\xff"\n'])
def test_show_names_the_file_that_cannot_be_understood(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "agent.toml"
    path.write_bytes(content)
    answer = run("show", "--config", path)
    assert (answer.exit_code, str(path) in answer.output) == (2, True)
