"""Hooks for the whole run. They stand here because a process that hands tests out to others loads no deeper one."""

from recovery_print import pytest_runtest_logreport, pytest_terminal_summary

__all__ = ["pytest_runtest_logreport", "pytest_terminal_summary"]
