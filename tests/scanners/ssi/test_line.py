"""Our end and the simulated scanner on one line in virtual time: nothing lost, doubled, wedged or interleaved."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hw_sim.line import Weather
from hw_sim.scanner.ssi import NAK_CONTEXT, NAK_DENIED, SsiScanner
from scanners.scan import DropReason, Scan, Signal
from scanners.ssi.commands import REQUEST_REVISION, SCAN_DISABLE, SCAN_ENABLE
from scanners.ssi.protocol import SsiSettings

LONG = b"0104603276013765213A8B06OMH52K2\x1d91KZF0\x1d92THdacgzKM1saamrh6LNd8AazrDfKqJDZSE2BKKqk3so="


def codes(count: int) -> list[bytes]:
    return [b"048702498%05dt1Xrb-xQWhpeGhG" % number for number in range(count)]


def test_reads_travel_whole_and_the_scanner_knows_it(bench: Any) -> None:
    table = bench()
    for code in (*codes(20), LONG):
        table.device.scan(code, 0xC1)
    table.settle()
    assert table.scans == [*codes(20), LONG] == table.device.delivered
    assert {event.symbology for event in table.seen if isinstance(event, Scan)} == {"]d2"}
    assert table.drops == []
    assert table.scanner.discarded_bytes == 0


@pytest.mark.parametrize("type_in_every_packet", [False, True])
@pytest.mark.parametrize("packet_bytes", [1, 7, 40, 84, 85, 250])
def test_any_split_into_packets_gives_the_same_scan(packet_bytes: int, type_in_every_packet: bool, bench: Any) -> None:
    device = SsiScanner(packet_bytes=packet_bytes, type_in_every_packet=type_in_every_packet)
    table = bench(device=device)
    for code in (LONG, codes(1)[0]):
        device.scan(code)
    table.settle()
    assert table.scans == [LONG, codes(1)[0]] == device.delivered


def test_unused_status_bits_and_events_of_the_scanner_change_nothing(bench: Any) -> None:
    device = SsiScanner(status=0xA0, bell_on_wire=True)
    table = bench(device=device, settings=SsiSettings(start=(SCAN_ENABLE,)))
    device.scan(LONG)
    table.settle()
    assert table.scans == [LONG] == device.delivered
    assert table.notices == []


def test_lost_acknowledgements_double_nothing(bench: Any) -> None:
    table = bench()
    for number, code in enumerate(codes(12)):
        table.device.troubles.deaf_to_acks = number % 3
        table.device.scan(code)
        table.settle()
    assert table.scans == codes(12) == table.device.delivered
    assert table.drops == [
        (DropReason.RETRANSMITTED, code) for number, code in enumerate(codes(12)) for _ in range(number % 3)
    ]


def test_a_read_whose_acknowledgements_were_all_lost_is_one_scan(bench: Any) -> None:
    table = bench()
    table.device.troubles.deaf_to_acks = 3
    table.device.scan(LONG)
    table.settle()
    assert (table.scans, table.device.failed) == ([LONG], [LONG])


def test_the_same_article_over_and_over_is_as_many_scans_though_acknowledgements_are_lost(bench: Any) -> None:
    table = bench()
    for number in range(9):
        table.device.troubles.deaf_to_acks = number % 3
        table.device.troubles.flip_bits.extend([100] * (number % 2))
        table.device.scan(b"4870249811936", 0x0B)
        table.settle()
    assert table.scans == [b"4870249811936"] * 9


def test_any_one_bit_that_flips_on_its_way_costs_a_repeat_and_no_scan(bench: Any) -> None:
    table = bench()
    size = 8 * (len(codes(1)[0]) + 7)
    expected = codes(size)
    for bit, code in enumerate(expected):
        table.device.troubles.flip_bits.append(bit)
        table.device.scan(code)
        table.settle()
    assert table.scans == expected == table.device.delivered
    assert table.drops == []


def test_frames_cut_anywhere_or_lost_whole_come_again(bench: Any) -> None:
    table = bench()
    size = len(codes(1)[0]) + 7
    for cut, code in enumerate(codes(size)):
        table.device.troubles.cut_to.append(cut)
        table.device.scan(code)
        table.settle()
    table.device.troubles.swallow = 2
    table.device.scan(LONG)
    table.settle()
    assert table.scans == [*codes(size), LONG]
    assert table.drops == []


def test_a_read_that_never_comes_undamaged_is_told_and_the_next_one_is_read(bench: Any) -> None:
    table = bench()
    table.device.troubles.flip_bits.extend([80, 90, 100])
    table.device.scan(LONG)
    table.settle()
    table.device.scan(codes(1)[0])
    table.settle()
    assert table.scans == codes(1)
    assert table.device.failed == [LONG]
    ((reason, evidence),) = table.drops
    assert reason is DropReason.DAMAGED
    assert evidence[20:60] == LONG[15:55]


def test_a_read_given_up_is_told_though_the_next_one_is_heard_only_at_its_second_try(bench: Any) -> None:
    table = bench()
    table.device.troubles.flip_bits.extend([80, 90, 100])
    table.device.scan(LONG)
    table.run(1.0)
    assert table.device.failed == [LONG]
    table.device.troubles.swallow = 1
    table.device.scan(codes(1)[0])
    table.settle()
    assert table.scans == codes(1)
    assert [reason for reason, _ in table.drops] == [DropReason.DAMAGED]


def test_a_scanner_that_never_repeats_loses_nothing_silently(bench: Any) -> None:
    table = bench()
    table.device.troubles.never_again = True
    table.device.troubles.flip_bits.append(80)
    table.device.scan(LONG)
    table.settle()
    table.run(5.0)
    assert table.scans == []
    assert [reason for reason, _ in table.drops] == [DropReason.DAMAGED]


def test_signals_sound_at_the_scanner_between_reads(bench: Any) -> None:
    table = bench(settings=SsiSettings(led=2, beeps={Signal.ACCEPTED: 0, Signal.REFUSED: 15, Signal.ASK: 1}))
    for number, signal in enumerate((Signal.REFUSED, Signal.ACCEPTED, Signal.ASK)):
        table.device.scan(codes(3)[number])
        table.settle()
        table.scanner.signal(signal)
        table.run(0.1)
        assert table.device.leds == (0 if signal is Signal.ACCEPTED else 2)
    assert table.device.beeps == [15, 0, 1]
    assert table.scans == codes(3)


def test_a_command_whose_answer_is_lost_is_not_carried_out_twice(bench: Any) -> None:
    table = bench()
    table.device.troubles.mute_after_commands = 1
    table.scanner.signal(Signal.REFUSED)
    table.run(3.0)
    assert table.device.beeps == [15]
    assert table.notices == []


def test_a_storm_of_refusals_is_told_once_and_reads_go_on(bench: Any) -> None:
    table = bench(settings=SsiSettings(led=2))
    table.device.troubles.nak_commands = 10_000
    for cause, code in zip((1, NAK_CONTEXT, NAK_DENIED, 10, 77, 1), codes(6), strict=True):
        table.device.troubles.nak_cause = cause
        table.device.scan(code)
        table.scanner.signal(Signal.REFUSED)
        table.run(1.0)
    table.settle()
    assert table.scans == codes(6)
    assert table.device.beeps == []
    assert len(table.notices) == len(set(table.notices)) == 10  # Beep and lamp, five causes each.


def test_a_scanner_that_answers_no_command_still_reads(bench: Any) -> None:
    table = bench()
    table.device.troubles.silent_to_commands = 10_000
    for code in codes(5):
        table.scanner.signal(Signal.REFUSED)
        table.device.scan(code)
        table.run(6.0)
    assert table.scans == codes(5)
    assert len(table.notices) == 1
    table.device.troubles.silent_to_commands = 0
    table.scanner.signal(Signal.ASK)
    table.run(5.0)
    assert table.device.beeps[-1] == 1


def test_scanning_is_enabled_and_the_revision_told_at_opening(bench: Any) -> None:
    device = SsiScanner(revision=b"NBRMAL2D 003")
    device.enabled = False
    table = bench(device=device, settings=SsiSettings(start=(SCAN_ENABLE, REQUEST_REVISION)))
    table.run(0.1)
    device.scan(LONG)
    table.settle()
    assert table.scans == [LONG]
    assert table.notices == ["the scanner is NBRMAL2D 003"]


def test_a_disabled_scanner_reads_nothing(bench: Any) -> None:
    table = bench(settings=SsiSettings(start=(SCAN_DISABLE,)))
    table.run(0.1)
    table.device.scan(LONG)
    table.settle()
    assert (table.scans, table.device.refused_triggers) == ([], 1)


@pytest.mark.parametrize("seed", range(6))
def test_chunks_and_pauses_of_any_size_lose_and_double_nothing(seed: int, bench: Any) -> None:
    weather = Weather(chunk_max=9, pause_s=(0.0, 0.12))
    table = bench(device=SsiScanner(packet_bytes=40), up=weather, down=weather, seed=seed)
    for code in (*codes(8), LONG):
        table.device.scan(code, 0xC1)
        table.scanner.signal(Signal.ASK)
        table.settle()
    table.run(10.0)
    assert table.scans == [*codes(8), LONG]
    assert [reason for reason, _ in table.drops if reason is not DropReason.RETRANSMITTED] == []


@pytest.mark.parametrize("seed", range(8))
def test_on_a_bad_line_every_read_is_a_scan_once_or_told_as_damaged(seed: int, bench: Any) -> None:
    """Bytes lost, doubled and flipped both ways. What the scanner gave up, the cashier scans again under a new code."""
    weather = Weather(chunk_max=16, pause_s=(0.0, 0.02), lose=0.002, double=0.002, flip=0.004)
    table = bench(up=weather, down=weather, seed=seed)
    rng = random.Random(seed)
    sent = codes(60)
    for code in sent:
        table.device.scan(code)
        if rng.random() < 0.3:
            table.scanner.signal(rng.choice(list(Signal)))
        table.settle()
    table.run(10.0)
    assert len(set(table.scans)) == len(table.scans)
    received = set(table.scans)
    assert table.scans == [code for code in sent if code in received]  # In order, and no code that was never sent.
    lost = [code for code in sent if code not in received]
    assert set(lost) <= set(table.device.failed)
    assert len([reason for reason, _ in table.drops if reason is DropReason.DAMAGED]) >= len(lost)
    assert table.pair.b.outgoing.damage  # The line was bad indeed.
    assert table.scanner.discarded_bytes > 0


def test_a_line_of_noise_invents_no_scan(bench: Any) -> None:
    table = bench()
    rng = random.Random(3)
    for _ in range(300):
        table.pair.b.write(rng.randbytes(rng.randrange(1, 300)))
        table.run(rng.choice([0.01, 0.3]))
    table.run(6.0)
    assert table.scans == []
    table.device.scan(LONG)
    table.settle()
    assert table.scans == [LONG]
