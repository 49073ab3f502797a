"""Under which names the agent may be called, as browsers write them."""

from __future__ import annotations

import pytest

from pos_agent.api.guard import GuardRules, rules_for


def rules(host: str, port: int) -> GuardRules:
    return rules_for({}, host, port, body_bytes_max=1, calls_per_s=1.0, burst=1)


def test_a_name_with_capitals_is_known_as_browsers_send_it() -> None:
    assert "till-1.shop.local:8765" in rules("Till-1.Shop.local", 8765).hosts
    assert "http://till-1.shop.local:8765" in rules("Till-1.Shop.local", 8765).origins


@pytest.mark.parametrize(("port", "known"), [(80, True), (8765, False)])
def test_an_origin_without_a_port_is_of_port_80_alone(port: int, *, known: bool) -> None:
    assert ("http://till-1" in rules("till-1", port).origins) is known
    assert "till-1" in rules("till-1", port).hosts
