"""Tills are mostly Windows: what no Linux test can run there is at least kept importable."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("marking", "scanners", "fiscal", "sync", "pos_agent")
# Headquarters is a service on Linux; no till imports these, and the test below sees to that.
OF_HEADQUARTERS = ("sync/hq/cli/", "sync/hq/embedded.py", "sync/hq/lake/")
POSIX_ONLY = {"fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "readline", "posix", "crypt"}


def imported(path: Path) -> set[str]:
    """Top-level names a file imports, wherever the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", PRODUCT)
def test_no_room_of_the_product_imports_a_module_that_windows_lacks(room: str) -> None:
    files = [file for file in (ROOT / room).rglob("*.py") if not of_headquarters(file)]
    assert files
    guilty = {str(file.relative_to(ROOT)): found for file in files if (found := imported(file) & POSIX_ONLY)}
    assert guilty == {}


def of_headquarters(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(OF_HEADQUARTERS)


def test_a_till_starts_without_what_runs_at_headquarters_alone() -> None:
    program = "import sys; import pos_agent.wiring, pos_agent.cli.main, pos_agent.demo.headless; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    met = [f"{name.replace('.', '/')}.py" for name in done.stdout.split() if name.startswith("sync.hq")]
    assert met
    assert [path for path in met if path.startswith(OF_HEADQUARTERS)] == []
