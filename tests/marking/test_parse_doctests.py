"""The examples in the docstrings of the parsing modules are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ["charset", "elements", "gs1", "keymaps", "linear", "parse", "report", "traced"]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"marking.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
