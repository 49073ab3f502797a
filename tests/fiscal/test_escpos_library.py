"""What importing python-escpos does to the program around it: nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

PRINTERS = len(json.loads((files("escpos") / "capabilities.json").read_text(encoding="utf-8"))["profiles"])
LOOK = """
import json, logging, os
before = dict(os.environ)
from fiscal.escpos.library import Dummy
from escpos.capabilities import CAPABILITIES
printer = Dummy()
printer.charcode("RK1048")
printer._raw("Қ".encode(CAPABILITIES["encodings"]["RK1048"]["python_encode"]))
print(json.dumps({
    "handlers": len(logging.getLogger().handlers),
    "environment": dict(os.environ) == before,
    "printers": len(CAPABILITIES["profiles"]),
    "kazakh": printer.output[-1],
}))
"""


def imported(folder: Path, **chosen: str) -> dict[str, object]:
    environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), **chosen}
    answer = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=True)
    told: dict[str, object] = json.loads(answer.stdout)
    return told


def test_importing_leaves_no_handler_no_variable_and_no_directory(tmp_path: Path) -> None:
    told = imported(tmp_path)
    assert told == {"handlers": 0, "environment": True, "printers": PRINTERS, "kazakh": "Қ".encode("kz1048")[0]}
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_somebody_chose_is_used_and_the_place_it_is_kept_in_stays(tmp_path: Path) -> None:
    kept, temporary = tmp_path / "kept", tmp_path / "temporary"
    kept.mkdir()
    temporary.mkdir()
    told = imported(temporary, ESCPOS_CAPABILITIES_PICKLE_DIR=str(kept))
    assert told["printers"] == PRINTERS
    assert [file.suffix for file in kept.iterdir()] == [".pickle"]


@pytest.mark.parametrize("module", ["pos_agent.wiring", "pos_agent.runner"])
def test_a_till_without_a_printer_loads_no_printer_library(module: str) -> None:
    look = f"import sys, {module}; print([name for name in ('escpos', 'PIL', 'yaml') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
