"""Two frames that are one code, one frame that is two."""

from __future__ import annotations

import pytest

from marking import CodeError, ErrorKind, join, parse, split

FULL = b"0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
SHORT7 = b"0104870000000128213hB?7tR\x1d93aB9+"
PACK = b"04870249811936t1Xrb-xQWhpeGhG"


def test_d5_a_separator_that_became_enter_is_put_back() -> None:
    head, tail = SHORT7.split(b"\x1d")
    assert join(head, tail, gap_ms=20, same_device=True, join_ms=50, between=b"\r") == SHORT7


def test_d5_three_frames_are_joined_one_after_the_other() -> None:
    head, key, signature = FULL.split(b"\x1d")
    first = join(head, key, gap_ms=5, same_device=True, join_ms=100, between=b"\r")
    assert first is not None
    with pytest.raises(CodeError) as caught:
        parse(first)
    assert caught.value.kind is ErrorKind.TAIL_MISSING
    assert join(first, signature, gap_ms=5, same_device=True, join_ms=100, between=b"\r") == FULL


def test_d5_needs_an_element_that_completes_the_code() -> None:
    head = SHORT7.split(b"\x1d")[0]
    for tail in (b"4870249811936", b"93aB9+extra", b"94aB9+", PACK):
        assert join(head, tail, gap_ms=20, same_device=True, join_ms=50, between=b"\r") is None


@pytest.mark.parametrize("cut", [1, 10, 16, 20, 31, 32, 40, 56, 84])
def test_d14_a_frame_split_anywhere_is_joined(cut: int) -> None:
    raw = b"]d2" + FULL
    assert join(raw[:cut], raw[cut:], gap_ms=50, same_device=True, join_ms=50) == raw


def test_d14_a_split_pack_is_joined() -> None:
    for cut in range(1, 29):
        assert join(PACK[:cut], PACK[cut:], gap_ms=0, same_device=True, join_ms=50) == PACK


def test_frames_of_another_device_or_too_late_stay_apart() -> None:
    head, tail = FULL[:40], FULL[40:]
    assert join(head, tail, gap_ms=51, same_device=True, join_ms=50) is None
    assert join(head, tail, gap_ms=10, same_device=False, join_ms=50) is None
    assert join(head, b"", gap_ms=10, same_device=True, join_ms=50) is None


def test_d12_the_same_code_twice_is_one_read() -> None:
    assert join(FULL, FULL, gap_ms=10, same_device=True, join_ms=50, between=b"\r") == FULL


def test_d13_two_codes_stay_two_reads() -> None:
    assert join(FULL, SHORT7, gap_ms=10, same_device=True, join_ms=50, between=b"\r") is None
    assert join(PACK, SHORT7, gap_ms=10, same_device=True, join_ms=50) is None
    assert split(FULL + b"\r" + SHORT7 + b"\r\n" + PACK) == (FULL, SHORT7, PACK)


def test_equal_numbers_are_two_pieces_of_goods() -> None:
    assert join(b"4870249811936", b"4870249811936", gap_ms=10, same_device=True, join_ms=50, between=b"\r") is None


def test_a_frame_without_two_whole_codes_stays_whole() -> None:
    for frame in (FULL, FULL + SHORT7, FULL.replace(b"\x1d", b"\r"), b"", b"\r\n", FULL + b"\r"):
        assert split(frame) == (frame,)


def test_the_same_code_twice_in_a_frame_is_one_read() -> None:
    assert split(PACK + b"\r" + PACK) == (PACK,)


def test_pieces_that_make_no_code_stay_apart() -> None:
    assert join(b"hello", b"world", gap_ms=1, same_device=True, join_ms=50) is None
    assert join(FULL[:40], SHORT7, gap_ms=1, same_device=True, join_ms=50) is None
