"""Data Matrix ECC 200, from bytes to modules: an encoder that shares no line with any reader.

Sources: ISO/IEC 16022 (the symbol); GS1 General Specifications 5.6 (FNC1 leading and as separator).
"""

from __future__ import annotations

from typing import Literal

from hw_sim.optics.encodation import FNC1, Mode, encoded
from hw_sim.optics.placement import Modules, place
from hw_sim.optics.reed_solomon import protect
from hw_sim.optics.symbol_sizes import Shape, exact

_GS = 0x1D


def encode(
    data: bytes,
    *,
    gs1: bool,
    shape: Literal["square", "rect"] = "square",
    mode: Literal["ascii", "c40", "text", "auto"] = "ascii",
    separator: Literal["fnc1", "gs"] = "fnc1",
    size: tuple[int, int] | None = None,
) -> Modules:
    """Modules of the symbol, True = dark, without quiet zone.

    `data` holds a separator as byte 1Dh; with `gs1` FNC1 leads, and separators are printed as FNC1 or, as some print
    software does, as a literal GS. Without `gs1` byte 1Dh is data. `size` in modules (rows, columns) asks for one
    symbol, padded; otherwise the smallest of the shape. Raises DoesNotFit, and KeyError for a size that does not exist.
    """
    tokens = list(data)
    if gs1:
        tokens = [FNC1, *(FNC1 if byte == _GS and separator == "fnc1" else byte for byte in data)]
    codewords, chosen = encoded(tokens, Mode(mode), Shape(shape), exact(*size) if size else None)
    return place(protect(codewords, chosen), chosen)
