"""What a till gets is a part of what everything was tested with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {"agent.txt": (), "agent-camera.txt": ("camera",)}


def blocks(name: str) -> dict[str, str]:
    """Package -> its version, marker and hashes."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if (head := re.match(r"[a-z0-9-]+(?===)", block)) is not None:
            found.setdefault(head[0], []).append(block.strip())
    return {package: "\n".join(several) for package, several in found.items()}


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~! ]", one)[0].lower().replace("_", "-") for one in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_a_tills_packages_are_those_of_the_whole_lock_version_by_version_and_hash_by_hash(name: str) -> None:
    whole, till = blocks("all.txt"), blocks(name)
    assert {package for package in till if whole.get(package) != till[package]} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_till_gets_what_the_agent_needs_and_nothing_of_headquarters_or_of_tests(name: str) -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = named(PROJECT["dependencies"]) | named([one for extra in LOCKS[name] for one in extras[extra]])
    unwanted = named([one for extra in ("hq", "spark", "dev") for one in extras[extra]]) - wanted
    assert wanted <= set(blocks(name))
    assert unwanted & set(blocks(name)) == set()


def test_the_command_that_makes_each_lock_is_written_down() -> None:
    told = (ROOT / "requirements" / "build.in").read_text(encoding="utf-8")
    assert [name for name in ("all.txt", *LOCKS) if f"-o requirements/{name}" not in told] == []
