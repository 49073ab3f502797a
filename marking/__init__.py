"""The language of identification codes: read them, judge them. Pure: no I/O, no clock, no state."""

from __future__ import annotations

from marking.code import Catalogue, CodeKind, IdentificationCode, ReadContext, Source, no_catalogue
from marking.errors import CodeError, ErrorKind
from marking.gs1 import gtin14
from marking.join import join, split
from marking.parse import confirmed, parse
from marking.report import report

__all__ = [
    "Catalogue",
    "CodeError",
    "CodeKind",
    "ErrorKind",
    "IdentificationCode",
    "ReadContext",
    "Source",
    "confirmed",
    "gtin14",
    "join",
    "no_catalogue",
    "parse",
    "report",
    "split",
]
