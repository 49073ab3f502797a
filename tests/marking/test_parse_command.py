"""`pos-agent parse`: one JSON object per code, and a status a script can use."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pos_agent.cli.parse import parse_command

SHORT7 = "0104870000000128213hB?7tR\x1d93aB9+"
PACK = "04870249811936t1Xrb-xQWhpeGhG"


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
    app = typer.Typer()
    app.command()(parse_command)
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, [json.loads(line) for line in result.stdout_bytes.decode().split("\n") if line]


def test_codes_of_the_command_line_are_described_one_a_line() -> None:
    status, found = run(SHORT7, PACK)
    assert status == 0
    assert [code["template"] for code in found] == ["SHORT-7", "PACK29"]
    assert found[0] == {
        "template": "SHORT-7",
        "kind": "unit",
        "gtin": "04870000000128",
        "serial": "3hB?7tR",
        "ki": "0104870000000128213hB?7tR",
        "elements": {"01": "04870000000128", "21": "3hB?7tR", "93": "aB9+"},
        "symbology": None,
        "repairs": [],
        "confirm": False,
        "issuer": "KZ",
        "readable": "(01)04870000000128(21)3hB?7tR(93)aB9+",
        "text": SHORT7,
        "raw": base64.b64encode(SHORT7.encode()).decode(),
    }


def test_lines_of_standard_input_keep_their_separators() -> None:
    status, found = run(stdin=SHORT7.encode() + b"\r\n\x1d" + SHORT7.encode() + b"\n" + PACK.encode())
    assert (status, [code["template"] for code in found]) == (0, ["SHORT-7", "SHORT-7", "PACK29"])


def test_gs_is_escaped_and_letters_are_not() -> None:
    app = typer.Typer()
    app.command()(parse_command)
    result = CliRunner().invoke(app, [SHORT7, "Ж"])
    lines = result.stdout_bytes.decode().splitlines()
    assert "\\u001d93aB9+" in lines[0]
    assert "\x1d" not in lines[0]


def test_hex_and_base64_lines_are_decoded() -> None:
    assert run("--hex", SHORT7.encode().hex())[1][0]["template"] == "SHORT-7"
    encoded = base64.b64encode(SHORT7.encode())
    assert run("--base64", stdin=encoded + b"\r\n")[1][0]["template"] == "SHORT-7"


@pytest.mark.parametrize(("option", "bad"), [("--hex", b"01zz"), ("--base64", b"MDE=x!"), ("--hex", "қ".encode())])
def test_a_line_that_does_not_decode_is_named_and_the_rest_is_read(option: str, bad: bytes) -> None:
    good = PACK.encode().hex().encode() if option == "--hex" else base64.b64encode(PACK.encode())
    status, found = run(option, stdin=good + b"\n" + bad + b"\n" + good + b"\n")
    assert status == 1
    assert (found[1]["error"]["kind"], found[1]["error"]["line"]) == ("encoding", 2)
    assert found[0]["template"] == found[2]["template"] == "PACK29"


def test_an_unusable_code_has_kind_place_and_line_and_the_status_is_one() -> None:
    status, found = run(stdin=PACK.encode() + b"\n04870249811937t1Xrb-xQWhpeGhG\n")
    assert status == 1
    error = found[1]["error"]
    assert (error["kind"], error["position"], error["line"]) == ("check_digit", 13, 2)
    assert base64.b64decode(found[1]["raw"]) == b"04870249811937t1Xrb-xQWhpeGhG"


def test_a_line_of_ten_megabytes_is_too_long_and_the_next_is_read() -> None:
    status, found = run(stdin=b"x" * 10_000_000 + b"\n" + PACK.encode())
    assert status == 1
    assert (found[0]["error"]["kind"], found[0]["error"]["line"]) == ("too_long", 1)
    assert "10000000" in found[0]["error"]["text"]
    assert found[1]["template"] == "PACK29"


def test_the_source_decides_whether_a_bare_code_is_read() -> None:
    assert run("0104850013000162215aBcDe!")[0] == 1
    status, found = run("--source", "manual", "0104850013000162215aBcDe!")
    assert (status, found[0]["template"], found[0]["ki"]) == (0, "KI", "0104850013000162215aBcDe!")


def test_a_template_of_the_catalogue_decides_a_doubt_and_asks_to_confirm() -> None:
    text = "0104870000000128213hB?7tR*93aB9+"
    assert run(text)[1][0]["error"]["kind"] == "ambiguous"
    status, found = run("--catalogue-template", "4870000000128=SHORT-7", text)
    assert (status, found[0]["repairs"], found[0]["confirm"]) == (0, ["D4"], True)
    assert found[0]["candidates"] == ["0104870000000128213hB?7tR"]


def test_bad_options_are_refused() -> None:
    assert run("--hex", "--base64", "00")[0] == 2
    assert run("--catalogue-template", "nonsense", PACK)[0] == 2


def test_nothing_to_read_is_no_error() -> None:
    assert run(stdin=b"") == (0, [])
