"""What must not leave the till does not: out of texts, the log file and the log in memory."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from pos_agent import log_file
from pos_agent.log_file import newest, open_log_file, read_line
from pos_agent.recent_log import RecentLog
from pos_agent.redaction import cleaned, redactor

KEY, SIGNATURE = "KZF1", "Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
HEAD = "0104870000000104213kZ7q_W<2hT9m"
MARK = f"{HEAD}\x1d91{KEY}\x1d92{SIGNATURE}"
BOTTLE = "0104870000000128213hB?7tR\x1d93aB9+"
PACK = "04870249811936t1Xrb-xQWhpeGhG"
HASH = "5d0c" * 16


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (MARK, [KEY, SIGNATURE]),
        (f"scan {MARK.replace(chr(29), '␝')} refused", [KEY, SIGNATURE]),
        (json.dumps({"code": MARK}), [KEY, SIGNATURE]),
        (repr(MARK), [KEY, SIGNATURE]),
        (MARK.replace("\x1d", "%1D"), [KEY, SIGNATURE]),
        (MARK.replace("\x1d", ""), [KEY, SIGNATURE]),
        (f"(01)04870000000104(21)3kZ7q_W(91){KEY}(92){SIGNATURE}", [KEY, SIGNATURE]),
        (BOTTLE, ["aB9+"]),
        (BOTTLE.replace("\x1d", ""), ["aB9+"]),
        (BOTTLE.replace("aB9+", "a,9+"), [",9+", "9+"]),
        (BOTTLE.replace("aB9+", "';9+") + " refused", [";9+", "9+"]),
        (json.dumps({"code": BOTTLE.replace("aB9+", 'a"9+')}), ["9+"]),
        ("(01)04870000000128(21)3hB?7tR(93)a(9+", ["(9+"]),
        (PACK, ["hpeGhG"]),
        ('"data": "MDEwNDg3MDAwMDAwMDEyODIxM2hCPzd0UjkzYUI5Kw=="', ["MDEwNDg3"]),
        ("Authorization: Bearer abc.def-ghi", ["abc.def-ghi"]),
        ("password=swordfish&x=1", ["swordfish"]),
        ("wrong: 3kXb0Zr5n1v7tQ9yWcUe2aLs8dMf4gHj6pRiTo-_AbC", ["3kXb0Zr5n1v7"]),
        ('{"webkassa_api_key": "0123-key"}', ["0123-key"]),
        ("X-Api-Key: 0123-key", ["0123-key"]),
        ("https://till:swordfish@hq.shop.kz/v1", ["swordfish"]),
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ\n-----END PRIVATE KEY-----", ["MC4CAQAwBQ"]),
        ("taxpayer 850101400123, ИИН:990140000385.", ["850101400123", "990140000385"]),
    ],
)
def test_what_must_not_be_seen_is_taken_out(text: str, gone: list[str]) -> None:
    shown = redactor()(text)
    assert [one for one in gone if one in shown] == []


@pytest.mark.parametrize(
    "text",
    [
        "row 1834, head " + HASH,
        "goods 04870000000104 are not in the catalogue",
        "2026-11-30T10:15:00.123456Z WARNING register: no answer in 5 s at 192.168.1.60:7778",
        'password = "env:ISMPT_PASSWORD"',
        "token: file:/etc/pos-agent/hq-token",
        "serial://usb/05e0:1701?serial=S123",
        "/var/lib/pos-agent/a-folder-of-the-shop/with-a-long-name/and-another-one/journal.sqlite",
        "/home/kassa2/pos-agent/tests/pos_agent/support/a/long/way/down/to/the/file",
        "1784088000000000000 ns",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert redactor()(text) == text


def test_a_known_secret_goes_wherever_it_stands_and_a_short_one_cannot_spoil_words() -> None:
    clean = redactor(["Кассаның-құпия-сөзі", "a"])
    assert clean("answer: Кассаның-құпия-сөзі!") == "answer: <hidden>!"
    assert cleaned({"a": ["Кассаның-құпия-сөзі", 5]}, clean) == {"a": ["<hidden>", 5]}


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[logging.Logger]:
    handler = open_log_file(tmp_path)
    logger = logging.getLogger(f"test.{tmp_path.name}")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    handler.close()


def test_the_log_file_has_one_clean_object_a_line(logged: logging.Logger, tmp_path: Path) -> None:
    logged.info("scan %s", MARK)
    try:
        int("password=swordfish")
    except ValueError:
        logged.exception("a fault")
    lines = [json.loads(line) for line in newest(tmp_path, 10)]
    assert [line["level"] for line in lines] == ["INFO", "ERROR"]
    assert "ValueError" in lines[1]["exception"]
    assert "swordfish" not in str(lines) and SIGNATURE not in str(lines)


def test_the_log_file_stays_within_its_bound_and_the_newest_lines_span_files(
    logged: logging.Logger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = next(one for one in logged.handlers if isinstance(one, RotatingFileHandler))
    monkeypatch.setattr(handler, "maxBytes", 2_000)
    for number in range(200):
        logged.info("line %d", number)
    files = list(tmp_path.glob("agent.log*"))
    assert len(files) == log_file.OLDER_MAX + 1
    assert sum(path.stat().st_size for path in files) <= 2_000 * len(files)
    assert [read_line(line).text for line in newest(tmp_path, 40)] == [f"line {n}" for n in range(160, 200)]


def test_a_foreign_line_is_shown_as_it_is_at_every_level() -> None:
    line = read_line("Traceback (most recent call last):\n")
    assert (line.text, line.is_at_least("ERROR")) == ("Traceback (most recent call last):", True)
    assert not read_line('{"level": "INFO", "text": "x"}').is_at_least("WARNING")


def test_the_log_in_memory_keeps_the_newest_and_counts_all() -> None:
    log = RecentLog(kept=3)
    logger = logging.getLogger("test.recent")
    logger.propagate = False
    logger.addHandler(log)
    for number in range(5):
        logger.warning("line %d", number)
    logger.info("nothing to keep")
    logger.error("scan %s", MARK)
    logger.removeHandler(log)
    assert [(entry.level, entry.text[:6]) for entry in log.entries()] == [
        ("ERROR", "scan 0"), ("WARNING", "line 4"), ("WARNING", "line 3"),
    ]  # fmt: skip
    assert log.counts() == {"WARNING": 5, "ERROR": 1}
    assert SIGNATURE not in log.entries()[0].text
