"""Status bytes: published answers, and where our reading parts from python-escpos on purpose."""

import tomllib
from pathlib import Path

import pytest

from fiscal.escpos.library import Dummy
from fiscal.escpos.status import Query, Reading, drawer_state, paper_state, query, valid, verdict

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "escpos.toml").read_text("utf-8"))


def byte(text: str) -> int | None:
    return int(text, 16) if text else None


def test_queries_are_the_published_bytes() -> None:
    assert [query(number) for number in Query] == [bytes([0x10, 0x04, n]) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("row", VECTORS["paper"], ids=lambda row: row["answer"] or "silence")
def test_a_paper_answer_means_what_is_published(row: dict) -> None:
    assert paper_state(byte(row["answer"])) == row["meaning"]


@pytest.mark.parametrize("row", VECTORS["paper"], ids=lambda row: row["answer"] or "silence")
def test_the_library_reads_the_same_bytes_as_the_table_says(row: dict) -> None:
    class Answering(Dummy):  # type: ignore[misc]
        def _read(self) -> bytes:
            return bytes.fromhex(row["answer"])

    assert Answering().paper_status() == row["library"]


@pytest.mark.parametrize("row", VECTORS["verdict"], ids=lambda row: "-".join(row["answers"]))
def test_answers_together_give_the_published_verdict(row: dict) -> None:
    found = verdict(Reading(*(byte(answer) for answer in row["answers"])))
    assert (found.state, found.cause) == (row["state"], row["cause"])


def test_only_bytes_with_the_four_fixed_bits_are_answers() -> None:
    for answer in range(256):
        assert valid(answer) == (
            not answer & 0x80 and bool(answer & 0x10) and bool(answer & 0x02) and not answer & 0x01
        )


@pytest.mark.parametrize(
    ("pin_high", "open_is_high", "state"),
    [
        (True, True, "open"),
        (False, True, "shut"),
        (True, False, "shut"),
        (False, False, "open"),
        (None, True, "unknown"),
        (True, None, "unknown"),
    ],
)
def test_the_drawer_is_open_where_its_pin_is_at_the_level_that_set_up_learnt(
    pin_high: bool | None, open_is_high: bool | None, state: str
) -> None:
    assert drawer_state(pin_high, open_is_high) == state


def test_the_drawer_pin_is_bit_two_of_the_first_answer() -> None:
    assert Reading(printer=0x16).drawer_pin_high is True
    assert Reading(printer=0x12).drawer_pin_high is False
    assert Reading().drawer_pin_high is None
