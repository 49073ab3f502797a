"""Tills are mostly Windows: what no Linux test can run there is at least kept importable."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("marking", "scanners", "fiscal", "sync", "pos_agent")
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
    files = list((ROOT / room).rglob("*.py"))
    assert files
    guilty = {str(file.relative_to(ROOT)): found for file in files if (found := imported(file) & POSIX_ONLY)}
    assert guilty == {}
