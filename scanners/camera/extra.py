"""The optional extra `camera`: asked for when a camera or a picture is, and not before."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

REMEDY: Final = "pip install 'pos-agent[camera]'"

# Read by OpenCV while it is imported. Its lines on standard error repeat what we tell with the remedy; with hardware
# transforms Media Foundation takes half a minute to open a camera.
_ENVIRONMENT: Final = {
    "OPENCV_LOG_LEVEL": "SILENT",
    **({"OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0"} if sys.platform == "win32" else {}),
}


class ExtraMissing(Exception):
    """A library of the extra is not there, or does not load: the text names it and the remedy."""


def require() -> None:
    """Import what every use of pictures needs. ExtraMissing."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for module in ("numpy", "cv2", "zxingcpp"):
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ExtraMissing(f"the camera needs the extra: {REMEDY} ({module}: {error})") from error
