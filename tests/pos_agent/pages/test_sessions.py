"""Who is let in to the pages: codes that work once, cookies that outlive the agent, and those that no longer count."""

from __future__ import annotations

import json
import random
import stat
from pathlib import Path

import pytest

from pos_agent.clock import NS_PER_S, VirtualClock
from pos_agent.pages.sessions import (
    CODE_TTL_S,
    FAILURES_MAX,
    LIVES_S,
    SESSIONS_MAX,
    CodeRefused,
    Role,
    Sessions,
    SessionsUnusable,
)

START_NS = 1_800_000_000 * NS_PER_S


class Desk:
    """Sessions over one file, restartable, with a clock moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pages.json"
        self.clock = VirtualClock(START_NS)
        self._rng = random.Random(4)
        self.sessions = self.restart()

    def restart(self) -> Sessions:
        self.sessions = Sessions(self.path, self.clock.now_ns, self._rng.randbytes)
        return self.sessions

    def signed_in(self, role: Role = Role.TILL, name: str = "Касса 1") -> str:
        token, _ = self.sessions.redeem(self.sessions.offer(role, name))
        return token


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_code_signs_one_browser_in_and_no_second(desk: Desk) -> None:
    code = desk.sessions.offer(Role.IT, "ноутбук")
    assert len(code) == 8
    token, session = desk.sessions.redeem(code)
    assert desk.sessions.find(token) == session
    assert (session.role, session.name) == (Role.IT, "ноутбук")
    with pytest.raises(CodeRefused):
        desk.sessions.redeem(code)


def test_a_code_is_void_after_ten_minutes(desk: Desk) -> None:
    code = desk.sessions.offer(Role.TILL, "x")
    desk.clock.sleep(CODE_TTL_S)
    with pytest.raises(CodeRefused):
        desk.sessions.redeem(code)


def test_a_guesser_makes_every_open_code_void_and_a_pause_lets_people_in_again(desk: Desk) -> None:
    code = desk.sessions.offer(Role.TILL, "x")
    for _ in range(FAILURES_MAX):
        with pytest.raises(CodeRefused):
            desk.sessions.redeem("not a code")
    with pytest.raises(CodeRefused):
        desk.sessions.redeem(code)
    desk.clock.sleep(CODE_TTL_S + 1)
    assert desk.signed_in()


def test_a_browser_stays_signed_in_over_a_restart_and_its_cookie_is_not_in_the_file(desk: Desk) -> None:
    token = desk.signed_in()
    found = desk.sessions.find(token)
    assert desk.restart().find(token) == found
    assert token not in desk.path.read_text()
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("role", list(Role))
def test_a_browser_that_stays_away_is_signed_out(desk: Desk, role: Role) -> None:
    token = desk.signed_in(role)
    desk.clock.sleep(LIVES_S[role] - 1)
    assert desk.sessions.find(token) is not None
    desk.clock.sleep(LIVES_S[role])
    assert desk.sessions.find(token) is None


def test_a_browser_in_daily_use_never_has_to_sign_in_again(desk: Desk) -> None:
    token = desk.signed_in()
    for _ in range(9):
        desk.clock.sleep(LIVES_S[Role.TILL] - 1)
        assert desk.sessions.find(token) is not None
        desk.restart()


def test_a_revoked_browser_is_out_at_once_and_after_a_restart(desk: Desk) -> None:
    mine, other = desk.signed_in(name="Касса 1"), desk.signed_in(name="Касса 2")
    assert desk.sessions.revoke(name="Касса 1") == 1
    assert desk.sessions.find(mine) is None
    assert desk.restart().find(mine) is None
    assert desk.sessions.find(other) is not None
    assert desk.sessions.revoke(name="Касса 1") == 0


def test_the_oldest_browser_makes_room_when_there_are_too_many(desk: Desk) -> None:
    first = desk.signed_in()
    for _ in range(SESSIONS_MAX):
        desk.clock.sleep(1)
        desk.signed_in()
    assert desk.sessions.find(first) is None
    assert len(desk.sessions.all()) == SESSIONS_MAX


@pytest.mark.parametrize("text", ["", "[", "{}x", '[{"name": 1}]', '[{"role": "king"}]'])
def test_a_damaged_file_is_an_error_that_names_it_and_is_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pages.json"
    path.write_text(text)
    with pytest.raises(SessionsUnusable, match=r"pages\.json"):
        Desk(tmp_path)
    assert path.read_text() == text


def test_what_cannot_be_kept_does_not_count(desk: Desk) -> None:
    token = desk.signed_in()
    desk.path.with_suffix(".new").mkdir()
    with pytest.raises(SessionsUnusable):
        desk.sessions.revoke()
    assert desk.sessions.find(token) is not None
    assert len(json.loads(desk.path.read_text())) == 1
