"""What a supervisor is told: READY once, WATCHDOG while all is alive, the reason when not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from played_systemd import NotifySocket
from shop_till import ShopTill

from pos_agent.clock import VirtualClock
from pos_agent.lifesigns import INTAKE_LATE_S, Beat, Watchdog, ailment, answers
from pos_agent.notify import Notifier, watchdog_s
from pos_agent.runner import Runner, Told, run_until_told


@pytest.fixture(params=["path", "abstract"])
def notify(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotifySocket]:
    name = f"n-{os.getpid()}-{threading.get_ident()}"
    opened = NotifySocket(f"@{name}" if request.param == "abstract" else f"/tmp/{name}")  # noqa: S108 - short enough
    yield opened
    opened.close()
    if not opened.address.startswith("@"):
        Path(opened.address).unlink()


def test_states_come_as_one_message_of_lines(notify: NotifySocket) -> None:
    Notifier.of({"NOTIFY_SOCKET": notify.address}).tell(READY="1", STATUS="two\nlines")
    assert notify.wait("READY") == {"READY": "1", "STATUS": "two lines"}


def test_without_a_supervisor_nothing_is_said_and_nothing_fails() -> None:
    Notifier.of({}).tell(READY="1")


def test_a_supervisor_that_went_away_stops_no_till_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    gone = Notifier("@pos-agent-nobody-listens-here")
    gone.tell(WATCHDOG="1")
    gone.tell(WATCHDOG="1")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize(
    ("environment", "term_s"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_term_is_in_seconds_and_meant_for_one_process(environment: dict[str, str], term_s: float | None) -> None:
    assert watchdog_s(environment, pid=7) == term_s


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def alive() -> list[threading.Thread]:
    return [threading.current_thread()]


def test_a_well_agent_is_alive(till: ShopTill) -> None:
    assert ailment(till.agent, alive(), Beat(till.agent.clock.monotonic), lambda: True) is None


def test_a_journal_that_cannot_be_written_is_not_alive(till: ShopTill) -> None:
    till.agent.journal._broken = "the disk failed"
    assert "journal" in str(ailment(till.agent, alive(), Beat(till.agent.clock.monotonic), lambda: True))


def test_a_loop_that_ended_is_named(till: ShopTill) -> None:
    ended = threading.Thread(target=lambda: None, name="scanner-counter")
    ended.start()
    ended.join()
    assert "scanner-counter" in str(ailment(till.agent, [ended], Beat(till.agent.clock.monotonic), lambda: True))


def test_an_intake_that_hangs_and_an_api_that_is_silent_are_not_alive(till: ShopTill) -> None:
    clock = VirtualClock(0)
    beat = Beat(clock.monotonic)
    clock.sleep(INTAKE_LATE_S + 1)
    assert "scans" in str(ailment(till.agent, alive(), beat, lambda: True))
    beat()
    assert "API" in str(ailment(till.agent, alive(), beat, lambda: False))


def test_the_loop_that_looks_at_scans_tells_that_it_came_round(till: ShopTill) -> None:
    runner, came = Runner(till.agent), threading.Event()
    runner._intake = came.set  # type: ignore[assignment]
    runner.start()
    assert came.wait(60)
    runner.stop()
    till.restart()


def test_the_watchdog_feeds_the_well_and_says_once_why_it_does_not_feed_the_ill() -> None:
    notify = NotifySocket(f"@watchdog-{os.getpid()}")
    state: list[str | None] = [None, "the API does not answer", "the API does not answer", None]
    watchdog = Watchdog(Notifier(notify.address), lambda: state.pop(0), 60.0, "API at http://x")
    for _ in range(4):
        watchdog.look()
    assert [notify.wait("STATUS") for _ in range(3)] == [
        {"WATCHDOG": "1", "STATUS": "API at http://x"},
        {"STATUS": "Not well: the API does not answer"},
        {"WATCHDOG": "1", "STATUS": "API at http://x"},
    ]
    notify.close()


def test_a_running_agent_is_ready_when_it_answers_and_says_that_it_stops(till: ShopTill) -> None:
    notify = NotifySocket(f"@running-{os.getpid()}")
    told = Told()
    environment = {"NOTIFY_SOCKET": notify.address, "WATCHDOG_USEC": "600000"}
    api = till.agent.config.api.model_copy(update={"port": 0, "clients": ()})
    object.__setattr__(till.agent, "config", till.agent.config.model_copy(update={"api": api}))
    thread = threading.Thread(target=run_until_told, args=(till.agent, told, environment))
    thread.start()
    try:
        place = notify.wait("READY")["STATUS"].removeprefix("API at http://")
        host, port = place.rsplit(":", 1)
        assert answers(host, int(port))
        notify.wait("WATCHDOG")
    finally:
        told.by = signal.SIGTERM
        thread.join(60)
    notify.wait("STOPPING")
    assert not answers(host, int(port))
    notify.close()
