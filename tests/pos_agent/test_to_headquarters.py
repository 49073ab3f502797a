"""The till's end of the line to headquarters: its key, its heartbeat, and what its configuration says of both."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from shop_till import ShopTill
from typer.testing import CliRunner

from pos_agent import __version__
from pos_agent.cli.main import app
from pos_agent.config import ConfigError, from_mapping
from pos_agent.heartbeat import Vitals
from pos_agent.to_headquarters import open_delivery, open_heartbeat
from pos_agent.wiring import World
from sync.delivery_state import DeliveryState, DeliveryStatus
from sync.signing import Signer, read_public


class Delivering:
    """As far as a heartbeat looks at it."""

    def status(self) -> DeliveryStatus:
        return DeliveryStatus(DeliveryState.WAITING, 3, "", 0.0, None)


def _vitals(agent: Any) -> Vitals:
    return Vitals(
        agent.clock,
        agent.journal,
        agent.till,
        agent.cache,
        agent.queue,
        agent.register_watch,
        agent.intake,
        agent.printing,
        Delivering(),  # type: ignore[arg-type]
    )


def test_a_heartbeat_tells_how_the_till_is(tmp_path: Path) -> None:
    till = ShopTill(tmp_path)
    agent = till.agent
    told = _vitals(agent)()
    assert (told.version, told.epoch, (told.head, told.head_hash)) == (
        __version__,
        agent.journal.epoch,
        agent.journal.head(),
    )
    assert (told.shift, told.register, told.problems, told.delivery) == (None, None, (), "waiting")
    assert told.unsent == told.head
    assert told.cache_age_s == 0
    agent.register_watch.look()
    till.clock.sleep(60)
    told = _vitals(agent)()
    assert told.register is not None
    assert told.register["reachable"] is True
    assert (told.oldest_age_s, told.cache_age_s) == (60, 60)
    till.close()


def _config(**sync: Any) -> Any:
    return from_mapping({"sync": {"url": "https://hq.shop.kz", **sync}}, environment={})


def test_a_till_signs_with_its_key_and_shows_its_token_where_there_is_none() -> None:
    signer = Signer.from_seed(bytes(32))
    secrets = {"env:KEY": signer.pem(), "env:TOKEN": "swordfish", "env:BAD": "no key"}
    world = World(secret=secrets.__getitem__)
    queue: Any = None
    vitals: Any = None
    for keys in ({"key": "env:KEY", "token": "env:TOKEN"}, {"token": "env:TOKEN"}):
        config = _config(**keys)
        for worker in (open_delivery(config, world, queue), open_heartbeat(config, world, vitals)):
            assert worker is not None
            worker.close()
    assert open_heartbeat(_config(token="env:TOKEN", heartbeat_every_s=0), world, vitals) is None
    for wrong, said in (({}, "sync.token"), ({"key": "env:BAD"}, "sync.key: no private key")):
        with pytest.raises(ConfigError, match=said):
            open_delivery(_config(**wrong), world, queue)
    with pytest.raises(ConfigError, match="ca_file"):
        open_delivery(_config(token="env:TOKEN", ca_file="/nowhere/ca.pem"), world, queue)


def test_the_command_makes_a_key_once_and_shows_its_public_half(tmp_path: Path) -> None:
    key, config = tmp_path / "hq-key", tmp_path / "agent.toml"
    config.write_text(f'[till]\nname = "t-2"\n[sync]\nkey = "file:{key}"\n', encoding="utf-8")
    first, second = (CliRunner().invoke(app, ["sync-key", "--config", str(config)]) for _ in range(2))
    assert (first.exit_code, second.exit_code, first.stdout) == (0, 0, second.stdout)
    name, _, value = first.stdout.strip().partition(" = ")
    signer = Signer.from_pem(key.read_text(encoding="utf-8"))
    assert (name, read_public(value.strip('"'))) == ("t-2", signer.public)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE" not in first.output + second.output


def test_the_command_says_why_there_is_no_key(tmp_path: Path) -> None:
    config, other = tmp_path / "agent.toml", tmp_path / "other"
    config.write_text('[sync]\ntoken = "env:TOKEN"\n', encoding="utf-8")
    other.write_text("swordfish", encoding="utf-8")
    for options, said in (
        ([], "--file"),
        (["--file", str(tmp_path / "none" / "key")], "No such file"),
        (["--file", str(other)], "no private key"),
    ):
        answer = CliRunner().invoke(app, ["sync-key", "--config", str(config), *options])
        assert answer.exit_code == 2
        assert said in answer.output
        assert "swordfish" not in answer.output
    assert other.read_text(encoding="utf-8") == "swordfish"
