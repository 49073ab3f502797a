"""python-escpos 3.1, imported without what its import does to the program around it.

Importing it configures the root logger, leaves a temporary directory with a pickle behind, reads its database of
printers, a JSON file, with a YAML reader written in Python (0.15 s, 1.5 MB that stay), and knows the Kazakh page RK1048
(KZ-1048) only by name, so that its own `text()` prints `?` for Kazakh letters. All four are put right here, once;
every other module takes the transports from this one.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import Any

# The library's own names. Where somebody chose a database, or a directory to keep it in, both stay as chosen.
DATABASE = "ESCPOS_CAPABILITIES_FILE"
KEPT_IN = "ESCPOS_CAPABILITIES_PICKLE_DIR"


def _load() -> Any:
    root = logging.getLogger()
    before = list(root.handlers)
    chosen = DATABASE in os.environ or KEPT_IN in os.environ
    database: AbstractContextManager[dict[str, Any]] = nullcontext({}) if chosen else _small_database()
    with database as others:
        printers = importlib.import_module("escpos.printer")
        capabilities = importlib.import_module("escpos.capabilities")
    capabilities.CAPABILITIES["profiles"].update(others)
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
    if KEPT_IN not in os.environ:
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    capabilities.CAPABILITIES["encodings"]["RK1048"]["python_encode"] = "kz1048"
    return printers


@contextmanager
def _small_database() -> Iterator[dict[str, Any]]:
    """Inside, the library finds its database with only the profile that it asks for by itself. Gives all profiles."""
    whole = json.loads((files("escpos") / "capabilities.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="escpos-") as folder:
        small = Path(folder, "capabilities.json")
        small.write_text(json.dumps({**whole, "profiles": {"default": whole["profiles"]["default"]}}), encoding="utf-8")
        os.environ[DATABASE] = str(small)
        try:
            yield dict(whole["profiles"])
        finally:
            del os.environ[DATABASE]


_printers = _load()
Network: Any = _printers.Network
Serial: Any = _printers.Serial
File: Any = _printers.File
Dummy: Any = _printers.Dummy
DeviceNotFoundError: type[Exception] = importlib.import_module("escpos.exceptions").DeviceNotFoundError
