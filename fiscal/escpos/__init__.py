"""Receipts on paper: layout in Kazakh and Russian, text encoding, ESC/POS bytes, printers over TCP, serial and file.

`layout_receipt` and its sisters make lines (pure); `open_printer` gives a Printer that renders and prints them.
Import from the modules; this package imports nothing by itself, because python-escpos takes 10 MB and a
fifth of a second to load.
"""
