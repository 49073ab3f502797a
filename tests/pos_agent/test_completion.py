"""Completion as typed: a real bash on a terminal of its own, the Tab key, and what stands in the line after it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 60


class Bash:
    """An interactive bash that knows `pos-agent`, with its completion loaded."""

    def __init__(self, folder: Path) -> None:
        shim = folder / "bin/pos-agent"
        shim.parent.mkdir()
        # As the installed script: the name of the program decides which variable asks for completion.
        shim.write_text(f"#!{sys.executable}\nfrom pos_agent.cli import main\nmain()\n")
        shim.chmod(0o755)
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
            start_new_session=True,
            env={"PATH": f"{shim.parent}:/usr/bin:/bin", "TERM": "dumb", "PS1": "> ", "HOME": str(folder),
                 "INPUTRC": "/dev/null", "COLUMNS": "200"},
        )  # fmt: skip
        os.close(slave)
        self.type('eval "$(_POS_AGENT_COMPLETE=source_bash pos-agent)"; echo lo""aded\n', "loaded")

    def type(self, text: str, until: str) -> str:
        """Type, and read what the terminal shows until `until` is there."""
        os.write(self._master, text.encode())
        shown = ""
        ends = time.monotonic() + PATIENCE_S
        while until not in shown:
            assert time.monotonic() < ends, shown
            if select.select([self._master], [], [], 0.5)[0]:
                shown += os.read(self._master, 4096).decode("utf-8", "replace")
        return shown

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    made = Bash(tmp_path)
    yield made
    made.close()


def test_tab_completes_commands_options_and_the_file_of_the_configuration(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / "kassa-agent.toml").write_text("")
    bash.type("pos-agent sup\t", "support-bundle ")
    bash.type("--conf\t", "--config ")
    bash.type("kas\t", "kassa-agent.toml ")
