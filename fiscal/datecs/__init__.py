"""Datecs fiscal printers on a serial line or TCP, protocols P and X."""
