"""`pos-agent logs`: last lines, levels, following over a change of files, and systemd's journal when asked for."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pos_agent.cli.logs import Level
from pos_agent.cli.main import app
from pos_agent.log_file import PlainLines, open_log_file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(f"[till]\ndata = {json.dumps(str(tmp_path / 'data'))}\n")
    return path


@pytest.fixture
def logger(tmp_path: Path, config: Path) -> Iterator[logging.Logger]:
    made = logging.getLogger(f"test.{tmp_path.name}")
    made.propagate = False
    made.setLevel(logging.DEBUG)
    handler = open_log_file(tmp_path / "data")
    made.addHandler(handler)
    yield made
    made.removeHandler(handler)
    handler.close()


def logs(config: Path, *arguments: object) -> Result:
    return CliRunner().invoke(app, ["logs", "--config", str(config), "--source", "file", *map(str, arguments)])


def test_the_last_lines_are_shown_from_a_level_on(config: Path, logger: logging.Logger) -> None:
    for number in range(10):
        logger.info("line %d", number)
    logger.warning("paper is low")
    assert [line.rsplit("  ", 1)[1] for line in logs(config, "-n", 3).output.splitlines()] == [
        "line 8", "line 9", "paper is low",
    ]  # fmt: skip
    worse = logs(config, "-n", 100, "--level", "warning").output.splitlines()
    assert (len(worse), "WARNING" in worse[0]) == (1, True)
    assert json.loads(logs(config, "-n", 1, "--json").stdout)["level"] == "WARNING"


def test_as_many_lines_of_a_level_are_shown_as_were_asked_for(config: Path, logger: logging.Logger) -> None:
    for number in range(5):
        logger.error("fault %d", number)
    for number in range(100):
        logger.info("line %d", number)
    shown = logs(config, "-n", 3, "--level", "error").output.splitlines()
    assert [line.rsplit("  ", 1)[1] for line in shown] == ["fault 2", "fault 3", "fault 4"]


def test_a_reader_that_has_enough_ends_the_command_quietly(config: Path, logger: logging.Logger) -> None:
    for number in range(20_000):
        logger.info("line %d", number)
    command = [sys.executable, "-c", "from pos_agent.cli import main; main()", "logs", "--config", str(config)]
    with subprocess.Popen(
        [*command, "--source", "file", "-n", "20000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as shown:
        assert shown.stdout is not None and shown.stderr is not None
        assert "line 0" in shown.stdout.readline()
        shown.stdout.close()
        assert (shown.wait(60), shown.stderr.read()) == (0, "")


def test_no_log_is_told_with_its_place(config: Path) -> None:
    answer = logs(config, "--lang", "en")
    assert (answer.exit_code, str(config.parent / "data/agent.log") in answer.output) == (2, True)


def test_following_shows_what_comes_over_a_change_of_files(config: Path, logger: logging.Logger) -> None:
    handler = next(one for one in logger.handlers if isinstance(one, RotatingFileHandler))
    logger.info("before")
    process = subprocess.Popen(
        [sys.executable, "-c", "from pos_agent.cli import main; main()", "logs", "--config", str(config), "-f",
         "-n", "1", "--source", "file"],
        stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert "before" in process.stdout.readline()
        logger.info("in the old file")
        handler.doRollover()
        logger.info("in the new file")
        assert ["in the old file" in process.stdout.readline(), "in the new file" in process.stdout.readline()] == [
            True, True,
        ]  # fmt: skip
    finally:
        process.kill()
        process.communicate()


def from_journal(tmp_path: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    fake = tmp_path / "bin/journalctl"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-c", "from pos_agent.cli import main; main()", "logs", "--source", "journal", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": str(fake.parent) + ":/bin:/usr/bin"},
    )  # fmt: skip


def test_systemds_journal_is_asked_for_our_unit(tmp_path: Path) -> None:
    done = from_journal(tmp_path, 'echo "$@"', "-n", "7", "--level", "error")
    assert done.returncode == 0
    assert done.stdout.split() == [
        "--unit", "pos-agent", "--lines", "7", "--priority", "err", "--no-pager", "--output", "short-iso",
    ]  # fmt: skip


# journalctl(1), -p: "emerg" (0) to "debug" (7). Seen with journalctl 252, which calls any other word unknown.
SYSLOG = frozenset({"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"})


@pytest.mark.parametrize("level", list(Level))
def test_journalctl_is_asked_for_a_level_by_a_word_it_knows(tmp_path: Path, level: Level) -> None:
    script = 'while [ "$1" != --priority ]; do shift; done; echo "$2"'
    assert from_journal(tmp_path, script, "--level", level).stdout.strip() in SYSLOG


def test_a_journal_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    assert from_journal(tmp_path, "exit 1").returncode == 2


def test_under_systemd_each_line_carries_its_priority_and_no_secret() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "password=swordfish", (), None)
    assert PlainLines({"JOURNAL_STREAM": "8:1"}).format(record).startswith("<4>")
    plain = PlainLines({}).format(record)
    assert plain.endswith("WARNING x password=<hidden>")
