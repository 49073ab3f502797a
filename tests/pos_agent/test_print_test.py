"""`pos-agent print-test` at the printers of hw_sim: what comes out on paper, and what the technician is told."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from po_files import keys
from typer.testing import CliRunner, Result

from fiscal.escpos.address import parse_url
from fiscal.escpos.sample import MARK, QR
from fiscal.escpos.text import Method
from hw_sim.printer import Interpreter, model_named, render
from hw_sim.printer.pty import PtyPrinter
from hw_sim.printer.tcp import PrinterServer
from pos_agent.cli.main import app
from pos_agent.cli.print_test_words import Speech, Words, speech_of

KAZAKH = "ӘҒҚҢӨҰҮҺІ әғқңөұүһі"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["print-test", *(str(one) for one in arguments)])


@contextmanager
def printer(model: str, profile: str, options: str = "", **changes: Any) -> Iterator[tuple[PrinterServer, str]]:
    """A network printer and its URL."""
    with PrinterServer(replace(model_named(model), **changes)) as server:
        yield server, f"escpos+tcp://127.0.0.1:{server.port}?profile={profile}&timeout_s=10{options}"


def lines_of(server: PrinterServer) -> list[str]:
    with server.printer() as simulated:
        return simulated.paper.lines


def facts(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["exit"] == result.exit_code
    return found


def steps(result: Result) -> dict[str, dict[str, Any]]:
    return {step["step"]: step for step in facts(result)["steps"]}


def test_the_numbered_lines_stand_on_paper_and_the_right_one_is_there_to_see() -> None:
    with printer("epson", "epson-tm-t20") as (server, url):
        result = run("--url", url, "--language", "ru")
        assert result.exit_code == 0, result.output
        lines = lines_of(server)
    assert "=2= kz1048 53 АБЖЯабжя№" in lines
    assert f"    {KAZAKH}" in lines
    assert "=3= cp1251 46 АБЖЯабжя№" in lines
    assert "Состояние: принтер на связи; крышка закрыта; бумага есть" in result.output
    assert "модель TM-T20II" in result.output
    assert "--pick N" in result.output


def test_a_wrong_page_number_shows_as_boxes_beside_lines_that_read_right() -> None:
    with printer("xprinter", "xprinter") as (server, url):
        run("--url", url)
        lines = lines_of(server)
    assert "=2= cp866 17 АБЖЯабжя№" in lines
    assert "=5= cp1251 23 □□□□□□□□□" in lines
    assert "=7= utf-8 АБЖЯабжя№" in lines


@pytest.mark.parametrize(
    ("model", "profile", "number", "options"),
    [
        ("epson", "generic", 2, {"page": "kz1048", "page_number": "53"}),
        ("posiflex", "generic", 3, {"page": "posiflex224", "page_number": "224"}),
        ("rongta", "rongta", 2, {"page": "cp1251", "page_number": "6", "glyphs": "no"}),
        ("rongta", "rongta", 4, {"page": "cp1251", "page_number": "6", "glyphs": "yes"}),
        ("xprinter", "xprinter", 7, {"utf8": "yes"}),
        ("nt-80", "clone-80", 1, {"raster": "all"}),
    ],
)
def test_a_picked_line_says_the_options_and_prints_the_letters_with_them(
    model: str, profile: str, number: int, options: dict[str, str]
) -> None:
    with printer(model, profile) as (server, url):
        result = run("--url", url, "--pick", number, "--json")
        told = steps(result)
        assert told["pick"]["options"] == options
        assert told["pick"]["url"] == facts(result)["url"]
        assert list(told) == ["status", "pick", "check"], "the list is not printed again"
        drawn = options.get("raster") == "all"
        with server.printer() as simulated:
            assert bool(simulated.paper.images) == (drawn or options.get("glyphs") == "no")
            assert drawn or simulated.paper.lines[0] == "АБЖЯабжя№"
    learnt = parse_url(told["pick"]["url"], lambda: 0.0, lambda _: None).profile
    assert (learnt.page, str(learnt.page_number)) == (
        options.get("page", learnt.page),
        options.get("page_number", str(learnt.page_number)),
    )
    assert (Method.GLYPHS in learnt.methods) == (options.get("glyphs") == "yes")
    assert (Method.UTF8 in learnt.methods) == ("utf8" in options)


def test_a_new_pick_takes_back_what_an_earlier_one_had_set() -> None:
    with printer("xprinter", "xprinter", "&utf8=yes&raster=all&qr=raster") as (_, url):
        told = steps(run("--url", url, "--pick", 2, "--json"))["pick"]
    assert told["url"].partition("?")[2] == ("profile=xprinter&timeout_s=10&qr=raster&page=cp866&page_number=17")


def test_a_number_that_is_not_on_the_paper_is_refused_with_the_next_step() -> None:
    with printer("epson", "epson-tm-t20") as (_, url):
        result = run("--url", url, "--pick", 9, "--language", "en")
    assert result.exit_code == 2
    assert "There is no line 9: 1 to 4" in result.output
    assert "next: Give a number from the paper" in result.output


def test_both_qr_read_alike_in_the_right_dialect() -> None:
    for profile, model in {
        "epson-tm-t20": "epson",
        "rongta": "rongta",
        "oa-48": "oa48",
        "posiflex": "posiflex",
    }.items():
        with printer(model, profile) as (server, url):
            assert run("--url", url).exit_code == 0
            with server.printer() as simulated:
                found = zxingcpp.read_barcodes(render(simulated.paper))
        assert [symbol.text for symbol in found] == [QR, QR], model


@pytest.mark.parametrize("profile", ["rongta", "xprinter"])
def test_a_wrong_dialect_shows_on_paper_and_does_not_swallow_the_next_job(profile: str) -> None:
    with printer("epson", profile) as (server, url):
        result = run("--url", url, "--receipt")
        with server.printer() as simulated:
            found = zxingcpp.read_barcodes(render(simulated.paper))
            lines = simulated.paper.lines
    assert [symbol.text for symbol in found] == [QR]
    assert "=C= end" in lines
    assert MARK.ki in "".join(lines[lines.index("=C= end") :]), "the receipt follows"
    assert "qr=raster" in result.output


def test_the_sample_receipt_is_whole_and_says_that_it_is_none() -> None:
    with printer("epson", "epson-tm-t20") as (server, url):
        told = steps(run("--url", url, "--receipt", "--json"))
        text = "\n".join(lines_of(server))
    assert text.count("ОБРАЗЕЦ: НЕ ФИСКАЛЬНЫЙ ЧЕК") == 2
    assert text.count("ҮЛГІ: ФИСКАЛДЫ ЧЕК ЕМЕС") == 2
    assert set(KAZAKH + "№«»") <= set(text)
    assert MARK.full.replace("\x1d", "") in text.replace("\n", "")
    assert told["receipt"]["kind"] == "receipt"
    assert told["receipt"]["exact"] is True


def test_letters_that_would_be_replaced_are_a_warning_with_the_way_out() -> None:
    with printer("nt-80", "clone-80", "&raster=never") as (_, url):
        result = run("--url", url, "--receipt", "--json")
    told = steps(result)["receipt"]
    assert (result.exit_code, told["grade"], told["kind"]) == (1, "warning", "replaced")
    assert "Қ" in told["text"]
    assert "raster=always" in told["next"]


@pytest.mark.parametrize(
    ("options", "reversed_", "kind", "said"),
    [
        ("", False, "drawer_learnt", "drawer_open=high"),
        ("", True, "drawer_learnt", "drawer_open=low"),
        ("&drawer_open=high", False, "drawer_known", None),
        ("&drawer_open=high", True, "drawer_reversed", "drawer_open=low"),
        ("&drawer_pin=5&drawer_now=yes", False, "drawer_learnt", "drawer_open=high"),
    ],
)
def test_the_drawer_says_which_level_means_open(options: str, reversed_: bool, kind: str, said: str | None) -> None:
    with printer("epson", "epson-tm-t20", options) as (server, url):
        with server.printer() as simulated:
            simulated.condition.drawer_reversed = reversed_
        result = run("--url", url, "--drawer", "--json")
        with server.printer() as simulated:
            (kick,) = simulated.paper.kicks
    told = steps(result)["drawer"]
    assert (told["kind"], kick.pin) == (kind, 5 if "drawer_pin=5" in options else 2)
    assert (said is None and told["next"] is None) or str(said) in told["next"]
    assert result.exit_code == (1 if kind == "drawer_reversed" else 0)


def test_a_drawer_that_does_not_move_and_one_that_nobody_hears_are_warnings() -> None:
    with printer("epson", "epson-tm-t20") as (server, url):
        with server.printer() as simulated:
            simulated.condition.drawer_open = True
        moved = steps(run("--url", url, "--drawer", "--json"))["drawer"]
    with printer("epson", "epson-tm-t20") as (server, url):
        with server.printer() as simulated:
            simulated.condition.silent = True
        result = run("--url", url, "--drawer", "--json")
        heard = steps(result)["drawer"]
        with server.printer() as simulated:
            assert len(simulated.paper.kicks) == 1
    assert (moved["kind"], moved["grade"]) == ("drawer_unmoved", "warning")
    assert (heard["kind"], heard["before"], result.exit_code) == ("drawer_silent", "unknown", 1)


def test_silence_is_a_warning_and_everything_is_printed_all_the_same() -> None:
    with printer("pos-5890", "clone-58") as (server, url):
        result = run("--url", url, "--all", "--json")
        with server.printer() as simulated:
            assert any("=C= end" in line for line in simulated.paper.lines)
            assert simulated.paper.kicks
    told = steps(result)
    assert result.exit_code == 1
    assert told["status"]["kind"] == "silent"
    assert set(told["status"]["states"].values()) == {"unknown"}
    assert told["status"]["answers"] == {"1": None, "2": None, "3": None, "4": None}


@pytest.mark.parametrize(
    ("condition", "cause", "state"),
    [
        ({"rows_left": 0}, "paper_out", ("paper", "paper_out")),
        ({"cover_open": True}, "cover_open", ("cover", "cover_open")),
        ({"cutter_jammed": True}, "cutter", ("cutter", "jammed")),
        ({"overheated": True}, "head_hot", ("head", "hot")),
    ],
)
def test_a_printer_that_cannot_print_is_a_failure_and_gets_nothing(
    condition: dict[str, Any], cause: str, state: tuple[str, str]
) -> None:
    with printer("epson", "epson-tm-t20") as (server, url):
        with server.printer() as simulated:
            for name, value in condition.items():
                setattr(simulated.condition, name, value)
        result = run("--url", url, "--all", "--json")
        assert lines_of(server) == []
    told = steps(result)
    assert result.exit_code == 2
    assert list(told) == ["status"], "nothing more is tried"
    assert told["status"]["kind"] == cause
    assert told["status"]["states"][state[0]] == state[1]
    assert told["status"]["next"]


def test_paper_that_ends_under_the_lines_stops_the_test() -> None:
    with printer("epson", "epson-tm-t20") as (server, url):
        with server.printer() as simulated:
            simulated.condition.rows_left = 3
        result = run("--url", url, "--json")
    assert result.exit_code == 2
    assert steps(result)["pages"]["kind"] == "paper_out"
    assert "qr" not in steps(result)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("escpos+tcp://127.0.0.1:9100?profil=generic", "bad_url"),
        ("escpos+tcp://127.0.0.1:9100?profile=clone-58&font=/none.ttf", "bad_url"),
        ("escpos+serial:///dev/ttyNOPE9?profile=epson-tm-t20", "not_found"),
        ("escpos+usb://04b8:ffff?profile=epson-tm-t20", "not_found"),
    ],
)
def test_a_printer_that_is_not_there_is_a_failure_with_a_next_step(url: str, kind: str) -> None:
    result = run("--url", url, "--json")
    (told,) = facts(result)["steps"]
    assert (result.exit_code, told["kind"]) == (2, kind)
    assert told["next"]


def test_the_configured_printer_is_taken_and_without_one_the_key_is_named(tmp_path: Path) -> None:
    target = tmp_path / "paper.bin"
    config = tmp_path / "agent.toml"
    config.write_text(f'[printer]\nurl = "escpos+file://{target}?profile=epson-tm-t20"\n', encoding="utf-8")
    assert run("--config", config).exit_code == 0
    simulated = Interpreter(model_named("epson"))
    simulated.receive(target.read_bytes())
    assert "=2= kz1048 53 АБЖЯабжя№" in simulated.paper.lines
    config.write_text("", encoding="utf-8")
    result = run("--config", config, "--language", "kk")
    assert result.exit_code == 2
    assert "printer.url" in result.output
    assert "Принтер көрсетілмеген" in result.output


def test_a_preview_needs_no_printer(tmp_path: Path) -> None:
    target = tmp_path / "receipt.png"
    result = run("--url", "escpos+tcp://127.0.0.1:1?profile=clone-58", "--preview", target, "--json")
    assert steps(result)["preview"]["path"] == str(target)
    with Image.open(target) as image:
        assert image.mode == "1"
        assert image.width == 384 + 32
        assert [found.text for found in zxingcpp.read_barcodes(image.convert("L"))] == [QR]
    failed = run("--url", "escpos+tcp://host", "--preview", tmp_path / "none" / "receipt.png", "--language", "en")
    assert failed.exit_code == 2
    assert "next: Name a file that can be written" in failed.output


def test_the_sample_looks_as_the_receipts_of_the_shop_will(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    target = tmp_path / "paper.bin"
    look = '[receipt]\nmark_on_paper = "symbol"\ntenge = "теңге"\n'
    printer_section = f'[printer]\nurl = "escpos+file://{target}?profile=epson-tm-t20-58"\npaper = "58"\n'
    config.write_text(printer_section + look, encoding="utf-8")
    assert run("--config", config, "--pick", 2, "--receipt").exit_code == 0
    simulated = Interpreter(model_named("epson-58"))
    simulated.receive(target.read_bytes())
    assert "=" * 32 in simulated.paper.lines
    assert any(line.endswith("45 955,00 теңге") for line in simulated.paper.lines)
    assert MARK.full.encode() in {found.bytes for found in zxingcpp.read_barcodes(render(simulated.paper))}
    config.write_text(printer_section.replace('"58"', '"80"') + look, encoding="utf-8")
    wrong = run("--config", config, "--json")
    assert (wrong.exit_code, facts(wrong)["steps"][0]["kind"]) == (2, "bad_config")
    assert "printer.paper" in facts(wrong)["steps"][0]["text"]


def test_a_slow_line_is_told_with_the_seconds_it_takes() -> None:
    with PtyPrinter(model_named("pos-5890")) as device:
        url = f"escpos+serial://{device.path}?profile=clone-58&baud=9600&flow=none&raster=always"
        told = steps(run("--url", url, "--receipt", "--pick", 2, "--json"))["receipt"]
    assert told["kind"] == "slow"
    assert told["drawn"] > 30
    assert told["line_s"] > 30
    assert "baud=115200" in told["next"]


def test_a_technician_at_a_terminal_is_asked_for_the_line() -> None:
    with printer("epson", "generic") as (server, url):
        ours, theirs = pty.openpty()
        command = [
            sys.executable,
            "-c",
            "from pos_agent.cli import main; main()",
            "print-test",
            "--url",
            url,
            "--language",
            "en",
        ]
        child = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.close(theirs)
        os.write(ours, b"77\n2\n")
        output = child.communicate(timeout=60)[0].decode()
        os.close(ours)
        lines = lines_of(server)
    assert child.returncode == 0, output
    assert "There is no line 77" in output
    assert "page=kz1048&page_number=53" in output
    assert f"    {KAZAKH}".strip() in [line.strip() for line in lines]


def test_every_failure_and_warning_says_what_to_do_next() -> None:
    good = {"printer", "status", "printed", "receipt", "drawer_known", "preview", "ask_line", "ask_shut"}
    kinds = {key for key in keys("pos_agent", "print_test") if "." not in key}
    assert {kind for kind in kinds if f"{kind}.next" not in keys("pos_agent", "print_test")} == good


@pytest.mark.parametrize(
    ("environment", "speech"),
    [
        ({"LANG": "kk_KZ.UTF-8"}, Speech.KK),
        ({"LANG": "ru_KZ.UTF-8"}, Speech.RU),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, Speech.EN),
        ({"LC_ALL": "", "LANG": "ru_RU.UTF-8"}, Speech.RU),
        ({}, Speech.EN),
    ],
)
def test_the_language_is_that_of_the_terminal(environment: dict[str, str], speech: Speech) -> None:
    assert speech_of(environment) is speech


def test_a_word_is_told_in_the_language_asked_for() -> None:
    assert [Words(speech).word("paper_out") for speech in Speech] == ["жоқ", "нет", "out"]


def test_the_command_is_loaded_only_when_it_is_called() -> None:
    script = "import sys, pos_agent.cli.main; assert not {'escpos', 'PIL', 'qrcode', 'serial'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
