"""Registers that build a receipt command by command on a line of bytes: what their families share."""
