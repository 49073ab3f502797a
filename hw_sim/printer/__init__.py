"""A simulated ESC/POS receipt printer: bytes in, paper (as data and as PNG), status answers and a readable log out."""

from hw_sim.printer.condition import Condition
from hw_sim.printer.fonts import FontMissing
from hw_sim.printer.interpreter import Entry, Interpreter
from hw_sim.printer.model import MODELS, PrinterModel, QrDialect, model_named
from hw_sim.printer.paper import Bitmap, Cell, Cut, ImageRow, Kick, Paper, Picture, Row, Style, SymbolRow, TextRow
from hw_sim.printer.render import render, render_png

__all__ = [
    "MODELS", "Bitmap", "Cell", "Condition", "Cut", "Entry", "FontMissing", "ImageRow", "Interpreter", "Kick", "Paper",
    "Picture", "PrinterModel", "QrDialect", "Row", "Style", "SymbolRow", "TextRow", "model_named", "render",
    "render_png",
]  # fmt: skip
