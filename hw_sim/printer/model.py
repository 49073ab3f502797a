"""Printer models as data: width, pages, dialects. One row is one firmware, because page numbers belong to firmware.

Page numbers and widths: python-escpos 3.1 capability profiles; Posiflex, Rongta, XPrinter and OA-48 from the Shtrih-M
OPOS driver for Webkassa (github VitalyKravtsov2016/OposWebkassa, src/Shared/EscPrinter*.pas). Which models start in
Chinese mode, how far the cutter is and what they answer to GS I is not published: the values here are choices, replace
them freely. Letters of the TH230: its Programmers Guide (July 2013), ESC SYN.
`confirms`: Epson ESC/POS command reference, list of models of GS ( H, function 48.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hw_sim.printer.pages import POSIFLEX_KAZAKH, UNDRAWN
from hw_sim.printer.paper import FONTS


class QrDialect(StrEnum):
    """How a firmware wants its QR symbols."""

    EPSON = "epson"  # GS ( k pL pH 31 fn ...
    PRIVATE = "private"  # GS ( k 30 67|69|80|81 ..., without length bytes: XPrinter, OA-48.
    RONGTA = "rongta"  # GS Z 1 chooses QR, then ESC Z version level module lo hi data.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PrinterModel:
    """One firmware. Dots are 1/8 mm (203 dpi) unless the model says otherwise.

    `pages` maps the n of `ESC t n` to a page of `hw_sim.printer.pages`; the printer ignores a number missing here.
    """

    name: str
    dots: int
    pages: Mapping[int, str] = field(repr=False)
    qr: QrDialect = QrDialect.EPSON
    chinese_by_default: bool = False
    cutter: bool = True
    head_to_cutter_dots: int = 120  # Paper between the print line and the blade.
    line_dots: int = 30  # Default line spacing, ESC 2.
    letters: Mapping[str, tuple[int, int]] = field(default_factory=lambda: dict(FONTS))  # Dots of fonts A and B.
    utf8_mode: bool = False  # Private 1F 1B commands.
    user_glyphs: bool = True
    realtime_status: bool = True
    graphics: bool = True  # GS ( L and GS 8 L.
    raster: bool = True  # GS v 0.
    confirms: bool = False  # GS ( H process id response.
    maker: str = ""
    identity: str = ""  # GS I 67; empty: not answered.
    buffer_bytes: int = 65_536  # Network and USB boards; serial ones of the same firmware often have 4096 or less.

    @property
    def columns(self) -> int:
        """Characters of font A in a line."""
        return self.dots // self.letters["A"][0]


# fmt: off
_COMMON = {0: "cp437", 1: "cp932", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865"}
_EPSON_OLD = {**_COMMON, 16: "cp1252", 17: "cp866", 18: "cp862", 19: "cp858"}
_ZJ = {**_COMMON, 16: "cp1252", 17: "cp866", 18: "cp852"}
_EPSON = {
    **_COMMON,
    11: UNDRAWN, 12: UNDRAWN, 13: "cp857", 14: "cp737", 15: "iso8859-7", 16: "cp1252", 17: "cp866", 18: "cp852",
    19: "cp858", 21: "cp874", 30: UNDRAWN, 31: UNDRAWN, 32: "cp720", 33: "cp775", 34: "cp855", 35: "cp861",
    36: "cp862", 37: "cp864", 38: "cp869", 39: "iso8859-2", 40: "iso8859-15", 41: UNDRAWN, 42: UNDRAWN, 43: UNDRAWN,
    44: "cp1125", 45: "cp1250", 46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257",
    52: "cp1258", 53: "kz1048",
}
_POSIFLEX = {**_COMMON, 16: "cp1252", 17: "cp866", 28: "cp1251", 36: "cp855", 224: POSIFLEX_KAZAKH}
_RONGTA = {
    **_COMMON,
    6: "cp1251", 7: "cp866", 15: "cp862", 16: "cp1252", 17: "cp1253", 18: "cp852", 19: "cp858", 23: "iso8859-1",
    24: "cp737", 25: "cp1257", 27: "cp720", 28: "cp855", 29: "cp857", 30: "cp1250", 31: "cp775", 32: "cp1254",
    33: "cp1255", 34: "cp1256", 35: "cp1258", 36: "iso8859-2", 39: "iso8859-5", 41: "iso8859-7", 47: "cp874",
}
_CLONE = {
    **_COMMON,
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 23: UNDRAWN, 24: UNDRAWN, 25: "cp1257", 27: "cp1258",
    28: "cp864", 32: "cp1255", 50: "cp437", 52: "cp437", 53: "cp858", 54: "cp852", 55: "cp860", 56: "cp861",
    57: "cp863", 58: "cp865", 59: "cp866", 60: "cp855", 61: "cp857", 62: "cp862", 63: "cp864", 64: "cp737",
    65: UNDRAWN, 66: "cp869", 68: UNDRAWN, 69: UNDRAWN, 71: "cp1252", 72: "cp1250", 73: "cp1251", 90: "cp1253",
    91: "cp1254", 92: "cp1256", 93: "cp720", 94: "cp1258", 95: "cp775",
}
_OA48 = {
    **_COMMON,
    11: "cp1252", 12: "cp866", 13: "cp852", 14: "cp858", 18: UNDRAWN, 19: UNDRAWN, 23: "cp864", 27: "cp1255",
    28: "cp437", 30: "cp437", 31: "cp858", 32: "cp852", 33: "cp860", 34: "cp861", 35: "cp863", 36: "cp865",
    37: "cp866", 38: "cp855", 39: "cp857", 40: "cp862", 41: "cp864", 42: "cp737", 44: "cp869", 48: "cp874",
    49: "cp1252", 50: "cp1250", 51: "cp1251", 70: "cp1256",
}
_STAR = {
    0: "cp437", 1: "cp437", 2: "cp932", 3: "cp437", 4: "cp858", 5: "cp852", 6: "cp860", 7: "cp861", 8: "cp863",
    9: "cp865", 10: "cp866", 11: "cp855", 12: "cp857", 13: "cp862", 14: "cp864", 15: "cp737", 16: UNDRAWN, 17: "cp869",
    18: UNDRAWN, 19: UNDRAWN, 20: UNDRAWN, 21: "cp874", 32: "cp1252", 33: "cp1250", 34: "cp1251", 64: UNDRAWN,
    65: UNDRAWN, 72: UNDRAWN, 78: UNDRAWN,
}
_CITIZEN = {
    0: "cp437", 1: "cp932", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 6: "cp852", 7: "cp866", 8: "cp857",
    9: "cp1252", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 30: UNDRAWN, 31: UNDRAWN, 40: "cp864",
}
_TH230 = {
    0: "cp437", 1: "cp850", 2: "cp852", 3: "cp860", 4: "cp863", 5: "cp865", 6: "cp858", 7: "cp866", 8: "cp1252",
    9: "cp862", 10: "cp737", 11: "cp874", 12: "cp857", 16: "cp1254", 17: "cp1250", 22: "cp864", 23: "cp720",
    24: "cp1256", 27: "cp775", 28: "cp1257",
}
_RP_F10 = {n: _EPSON[n] for n in (*range(6), 13, 14, 16, 17, 18, 19, 34, 37, 45, 46, 47, 48)}
_SUNMI = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859-7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 21: "cp874", 33: "cp775", 34: "cp855", 36: "cp862",
    37: "cp864", 254: "cp855",
}
# fmt: on

MODELS: Mapping[str, PrinterModel] = {
    model.name: model
    for model in (
        PrinterModel("epson", 576, _EPSON, confirms=True, maker="EPSON", identity="TM-T20II"),
        PrinterModel("epson-58", 384, _EPSON, confirms=True, maker="EPSON", identity="TM-T20II"),
        PrinterModel("epson-t88ii", 512, _EPSON, maker="EPSON", identity="TM-T88II"),
        PrinterModel("epson-t88iii", 512, _EPSON_OLD, maker="EPSON", identity="TM-T88III"),
        PrinterModel("epson-t88iv", 512, _EPSON_OLD, confirms=True, maker="EPSON", identity="TM-T88IV"),
        PrinterModel("epson-t88v", 512, _EPSON, confirms=True, maker="EPSON", identity="TM-T88V"),
        PrinterModel("epson-l90", 576, _EPSON, confirms=True, maker="EPSON", identity="TM-L90"),
        PrinterModel("epson-p80", 576, _EPSON, confirms=True, maker="EPSON", identity="TM-P80"),
        PrinterModel("tep-200m", 512, _EPSON),
        PrinterModel("posiflex", 576, _POSIFLEX, graphics=False, identity="PP-6900"),
        PrinterModel("rongta", 576, _RONGTA, QrDialect.RONGTA, graphics=False, identity="RP326"),
        PrinterModel(
            "xprinter", 576, _CLONE, QrDialect.PRIVATE, chinese_by_default=True, utf8_mode=True, graphics=False
        ),
        PrinterModel(
            "oa48", 576, _OA48, QrDialect.PRIVATE, chinese_by_default=True, utf8_mode=True, graphics=False
        ),
        PrinterModel(
            "pos-5890", 384, _CLONE, QrDialect.NONE, chinese_by_default=True, cutter=False, graphics=False,
            realtime_status=False,
        ),
        PrinterModel("nt-80", 576, _CLONE, chinese_by_default=True),
        PrinterModel("zj-5870", 384, _ZJ, QrDialect.NONE, cutter=False, graphics=False, realtime_status=False),
        PrinterModel("sunmi-v2", 384, _SUNMI, cutter=False, graphics=False),
        PrinterModel("rp-f10", 432, _RP_F10),
        PrinterModel("rp-f10-80", 576, _RP_F10),
        PrinterModel("star-tsp600", 576, _STAR),
        PrinterModel(
            "th230", 576, _TH230, QrDialect.NONE, raster=False, letters={"A": (13, 24), "B": (10, 24)}
        ),
        PrinterModel("ct-s651", 576, _CITIZEN),
    )
}  # fmt: skip


def model_named(name: str) -> PrinterModel:
    """Look a model up.

    Raises:
        ValueError: no such model; the message names the nearest one.
    """
    model = MODELS.get(name)
    if model is None:
        near = difflib.get_close_matches(name, MODELS, 1)
        raise ValueError(f"no printer model {name!r}" + (f", did you mean {near[0]!r}?" if near else ""))
    return model
