"""The end of an agent: everything is let go of, also after something that cannot be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shop_till import ShopTill

from pos_agent.config import ConfigError
from pos_agent.demo.shop import SECRETS
from pos_agent.journal.journal import Journal
from pos_agent.wiring import World, build


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


class Stuck:
    """A scanner whose driver fails when it is let go of."""

    name = "hand"

    def __init__(self, text: str, closed: list[str]) -> None:
        self._text = text
        self._closed = closed

    def close(self) -> None:
        self._closed.append(self._text)
        raise OSError(self._text)


def journal_is_free(till: ShopTill) -> bool:
    """Whether another agent could take the journal: its lock is given back."""
    path = till.folder / "journal.sqlite"
    Journal(path, till_name="demo-1", now=till.clock.now_ns, new_epoch=lambda: "never").close()
    return True


def world_with(till: ShopTill, scanners: list[Any], printer: Callable[[Any], Any] = lambda _config: None) -> World:
    return World(
        clock=till.clock,
        secret=SECRETS.__getitem__,
        register_transport=till.register,
        printer=printer,
        scanners=lambda _config, _around: scanners,
    )


def test_a_scanner_that_fails_to_close_leaves_nothing_open_and_the_first_failure_is_told(
    till: ShopTill, caplog: pytest.LogCaptureFixture
) -> None:
    till.agent.close()
    closed: list[str] = []
    agent = build(till.agent.config, world_with(till, [Stuck("first", closed), Stuck("second", closed)]))
    with caplog.at_level(logging.ERROR), pytest.raises(OSError, match="second"):  # They are closed backwards.
        agent.close()
    assert closed == ["second", "first"]
    assert [record.exc_info is not None and str(record.exc_info[1]) for record in caplog.records] == closed
    assert journal_is_free(till)


def test_every_closer_is_called_whichever_fails(till: ShopTill) -> None:
    called: list[int] = []

    def closer(number: int, bad: int) -> Callable[[], None]:
        def close() -> None:
            called.append(number)
            if number == bad:
                raise RuntimeError(f"closer {number}")

        return close

    for bad in range(3):
        called.clear()
        agent = replace(till.agent, closers=tuple(closer(number, bad) for number in range(3)))
        with pytest.raises(RuntimeError, match=f"closer {bad}"):
            agent.close()
        assert called == [0, 1, 2]


def test_a_start_that_fails_says_why_although_closing_fails_too(till: ShopTill) -> None:
    till.agent.close()
    closed: list[str] = []
    config = till.agent.config.model_copy(
        update={"sync": till.agent.config.sync.model_copy(update={"url": "https://hq.shop.kz", "token": None})}
    )
    with pytest.raises(ConfigError, match=r"sync\.token"):
        build(config, world_with(till, [Stuck("hand", closed)]))
    assert closed == ["hand"]
    assert journal_is_free(till)
