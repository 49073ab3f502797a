"""Receipts on paper: layout in Kazakh and Russian, text encoding, ESC/POS bytes, printers over TCP, serial and file.

`layout_receipt` and its sisters make lines (pure); `open_printer` gives a Printer that renders and prints them.
Import from the modules; this package imports nothing by itself, because python-escpos takes half a second to load.
"""
