from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.framing import SUFFIXES, Frame, Framer, Framing, gap_floor_ms
from scanners.scan import Terminator

MS = 1_000_000
CODE = b"0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"


def frames(framer: Framer) -> list[Frame]:
    found = []
    while (frame := framer.next_event()) is not None:
        found.append(frame)
    return found


def fed(framing: Framing, *pieces: tuple[bytes, int]) -> list[Frame]:
    framer = Framer(framing)
    for data, at_ms in pieces:
        framer.receive(data, at_ms * MS)
    return frames(framer)


@pytest.mark.parametrize("suffix", [b"\r", b"\n", b"\r\n", b"\t", b"\x03"])
def test_every_suffix_ends_a_frame_and_stays_out_of_it(suffix: bytes) -> None:
    framing = Framing(suffixes=(suffix,))
    found = fed(framing, (CODE[:64], 1), (CODE[64:] + suffix, 3), (PACK + suffix, 9))
    assert found == [
        Frame(CODE, Terminator.SUFFIX, 1 * MS, 3 * MS),
        Frame(PACK, Terminator.SUFFIX, 9 * MS, 9 * MS),
    ]


def test_group_separators_at_either_end_stay() -> None:
    assert fed(Framing(), (b"\x1dabc\x1d\r", 1)) == [Frame(b"\x1dabc\x1d", Terminator.SUFFIX, MS, MS)]


def test_a_device_that_adds_lf_to_the_configured_cr_gives_the_same_scans() -> None:
    found = fed(Framing(), (PACK + b"\r\n" + CODE + b"\r", 1), (b"\n", 2), (PACK + b"\r\n", 500))
    assert [(frame.data, frame.first_at_ns) for frame in found] == [(PACK, MS), (CODE, MS), (PACK, 500 * MS)]


def test_cr_before_the_configured_lf_is_not_data() -> None:
    assert fed(Framing(suffixes=SUFFIXES["lf"]), (PACK + b"\r\n", 1))[0].data == PACK


def test_a_lone_cr_does_not_end_a_frame_that_ends_with_crlf() -> None:
    assert fed(Framing(suffixes=SUFFIXES["crlf"]), (b"a\rb\r\n", 1))[0].data == b"a\rb"


def test_the_configured_prefix_is_taken_off_once_and_only_in_front() -> None:
    framing = Framing(prefix=b"\x02")
    found = fed(framing, (b"\x02abc\r", 1), (b"abc\r", 2), (b"\x02\x02a\x02\r", 3))
    assert [frame.data for frame in found] == [b"abc", b"abc", b"\x02a\x02"]


def test_silence_ends_a_frame_without_suffix() -> None:
    framer = Framer(Framing(suffixes=(), gap_ms=50))
    framer.receive(PACK, 10 * MS)
    framer.tick(60 * MS)
    assert frames(framer) == []
    framer.tick(60 * MS + 1)
    assert frames(framer) == [Frame(PACK, Terminator.GAP, 10 * MS, 10 * MS)]


def test_silence_is_seen_without_a_tick_when_the_next_bytes_come() -> None:
    found = fed(Framing(suffixes=(), gap_ms=50), (b"ab", 0), (b"cd", 50), (b"ef", 101), (b"gh", 152))
    assert [(frame.data, frame.last_at_ns) for frame in found] == [(b"abcd", 50 * MS), (b"ef", 101 * MS)]


def test_leftovers_of_an_aborted_read_never_stick_to_the_next_code() -> None:
    found = fed(Framing(), (b"0104", 0), (PACK + b"\r", 301))
    assert found == [
        Frame(b"0104", Terminator.GAP, 0, 0),
        Frame(PACK, Terminator.SUFFIX, 301 * MS, 301 * MS),
    ]


def test_a_stalled_reader_does_not_cut_a_code_in_two() -> None:
    framer = Framer(Framing())
    framer.receive(CODE[:64], 0, earliest_ns=0)
    # The program stood still for five seconds; the rest came 2 ms after the head.
    framer.receive(CODE[64:] + b"\r", 5000 * MS, earliest_ns=0)
    assert [frame.data for frame in frames(framer)] == [CODE]


def test_an_unplugged_line_gives_its_partial_frame_as_evidence() -> None:
    framer = Framer()
    framer.receive(CODE[:40], 5 * MS)
    framer.close(9 * MS)
    framer.close(9 * MS)
    assert frames(framer) == [Frame(CODE[:40], Terminator.UNPLUG, 5 * MS, 5 * MS)]


def test_line_ends_alone_are_no_frame() -> None:
    framer = Framer()
    framer.receive(b"\r\r\n\t\r", 1)
    framer.tick(10_000 * MS)
    framer.close(10_000 * MS)
    assert frames(framer) == []


@pytest.mark.parametrize("suffixes", [SUFFIXES["cr"], SUFFIXES["crlf"]])
def test_the_longest_allowed_frame_is_whole_and_one_byte_more_is_not(suffixes: tuple[bytes, ...]) -> None:
    framing = Framing(suffixes=suffixes)
    end = suffixes[0]
    assert fed(framing, (b"x" * 512 + end, 1)) == [Frame(b"x" * 512, Terminator.SUFFIX, MS, MS)]
    found = fed(framing, (b"x" * 513 + end + PACK + end, 1))
    assert found == [Frame(b"x" * 512, Terminator.OVERFLOW, MS, MS), Frame(PACK, Terminator.SUFFIX, MS, MS)]


def test_ten_megabytes_without_an_end_take_no_memory_and_the_next_code_is_read() -> None:
    framer = Framer()
    noise = b"0123456789" * 100_000
    tracemalloc.start()
    for _ in range(10):
        framer.receive(noise, MS)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    framer.receive(b"tail\r" + PACK + b"\r", 2 * MS)
    assert frames(framer) == [
        Frame(noise[:512], Terminator.OVERFLOW, MS, MS),
        Frame(PACK, Terminator.SUFFIX, 2 * MS, 2 * MS),
    ]
    assert peak_bytes < 100_000
    assert framer.discarded_bytes == 10_000_000 + len(b"tail\r") - 512


def test_silence_ends_an_endless_stream_too() -> None:
    found = fed(Framing(), (b"x" * 2000, 0), (PACK + b"\r", 400))
    assert [(frame.data, frame.terminator) for frame in found] == [
        (b"x" * 512, Terminator.OVERFLOW),
        (PACK, Terminator.SUFFIX),
    ]


def test_the_gap_exceeds_ten_byte_times_and_the_latency_of_the_system() -> None:
    # Ten bytes of ten bits: 10.4 ms at 9600 baud, 83.3 ms at 1200; USB bridges add up to 16 ms.
    assert 10.4 + 16 < gap_floor_ms(9600) < 50
    assert gap_floor_ms(1200) > 83.3 + 16


@pytest.mark.parametrize(
    "arguments",
    [{"suffixes": (b"",)}, {"suffixes": (b"\r9",)}, {"gap_ms": 0}, {"frame_bytes_max": 0}, {"prefix": b"x" * 201}],
)
def test_a_framing_that_cannot_work_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments)).removesuffix("es")):
        Framing(**arguments)  # type: ignore[arg-type]


timed_bytes = st.lists(
    st.tuples(
        st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\t", b"\x03", b"\x1d", b"01", b"]d2", b"A", b"\xff"])),
        st.integers(min_value=0, max_value=80),
    ),
    max_size=12,
)


@given(
    timed_bytes,
    st.sampled_from([(b"\r",), (b"\r\n",), (b"\r\n", b"\t"), (b"\r", b"\r\n"), ()]),
    st.integers(min_value=1, max_value=9),
    st.randoms(use_true_random=False),
)
def test_any_chunking_with_the_same_byte_times_gives_the_same_frames(
    bursts: list[tuple[list[bytes], int]],
    suffixes: tuple[bytes, ...],
    size_max: int,
    random: object,
) -> None:
    framing = Framing(suffixes=suffixes, gap_ms=50, frame_bytes_max=size_max)
    whole, by_byte, chunked = Framer(framing), Framer(framing), Framer(framing)
    at_ns = 0
    for parts, pause_ms in bursts:
        at_ns += pause_ms * MS
        data = b"".join(parts)
        whole.receive(data, at_ns)
        for value in data:
            by_byte.receive(bytes([value]), at_ns)
            by_byte.tick(at_ns)
        cut = random.randint(0, len(data))  # type: ignore[attr-defined]
        chunked.tick(at_ns)
        chunked.receive(data[:cut], at_ns)
        chunked.receive(data[cut:], at_ns)
    for framer in (whole, by_byte, chunked):
        framer.close(at_ns + 10 * MS)
    expected = frames(whole)
    assert frames(by_byte) == expected
    assert frames(chunked) == expected
    assert by_byte.discarded_bytes == chunked.discarded_bytes == whole.discarded_bytes


@given(st.lists(st.binary(min_size=1, max_size=100).map(lambda raw: bytes(b | 0x20 for b in raw)), max_size=10))
def test_every_code_between_suffixes_comes_out_once_and_untouched(codes: list[bytes]) -> None:
    found = fed(Framing(), (b"".join(code + b"\r" for code in codes), 1))
    assert [frame.data for frame in found] == codes
