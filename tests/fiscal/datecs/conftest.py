"""A printer of either protocol and the driver on its line."""

from __future__ import annotations

import pytest
from datecs_printer import Printer, driver_of

from fiscal.device.driver import DeviceRegister


@pytest.fixture(params=["P", "X"])
def printer(request: pytest.FixtureRequest) -> Printer:
    return Printer(request.param)


@pytest.fixture
def driver(printer: Printer) -> DeviceRegister:
    return driver_of(printer)
