"""python-escpos 3.1, imported without what its import does to the program around it.

Importing it configures the root logger, leaves a temporary directory with a pickle behind, and knows the Kazakh page
RK1048 (KZ-1048) only by name, so that its own `text()` prints `?` for Kazakh letters. All three are put right here,
once; every other module takes the transports from this one. It loads in about half a second.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
from typing import Any


def _load() -> Any:
    root = logging.getLogger()
    before = list(root.handlers)
    printers = importlib.import_module("escpos.printer")
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
    capabilities = importlib.import_module("escpos.capabilities")
    if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:  # A directory somebody chose is somebody's cache.
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    capabilities.CAPABILITIES["encodings"]["RK1048"]["python_encode"] = "kz1048"
    return printers


_printers = _load()
Network: Any = _printers.Network
Serial: Any = _printers.Serial
File: Any = _printers.File
Dummy: Any = _printers.Dummy
DeviceNotFoundError: type[Exception] = importlib.import_module("escpos.exceptions").DeviceNotFoundError
