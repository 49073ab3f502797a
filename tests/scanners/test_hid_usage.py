"""Descriptors are the published ones of `fake_sysfs`, or built by hand from USB HID 1.11, section 6.2.2."""

from __future__ import annotations

import pytest
from fake_sysfs import HID_POS_REPORT, KEYBOARD_REPORT, VENDOR_REPORT
from hypothesis import given
from hypothesis import strategies as st

from scanners.hid_usage import HID_POS, KEYBOARD, applications


@pytest.mark.parametrize(
    ("report", "usages"),
    [
        (KEYBOARD_REPORT, (KEYBOARD,)),
        (HID_POS_REPORT, (HID_POS,)),
        (VENDOR_REPORT, ((0xFF8C, 1),)),
        (KEYBOARD_REPORT + HID_POS_REPORT, (KEYBOARD, HID_POS)),
        # A usage of four bytes carries its page; a long item is skipped; a page comes back after push and pop.
        (bytes.fromhex("0B 02 00 8C 00 A1 01 C0"), (HID_POS,)),
        (bytes.fromhex("FE 02 00 A1 01 05 01 09 06 A1 01 C0"), (KEYBOARD,)),
        (bytes.fromhex("05 01 A4 05 8C B4 09 06 A1 01 C0"), (KEYBOARD,)),
        # A physical collection is none, and its usage does not pass to the next.
        (bytes.fromhex("05 01 09 01 A1 00 C0 A1 01 C0"), ()),
        # Several usages before a collection: the first names it.
        (bytes.fromhex("05 8C 09 02 09 03 A1 01 C0"), (HID_POS,)),
    ],
)
def test_the_applications_of_a_descriptor_are_found(report: bytes, usages: tuple[tuple[int, int], ...]) -> None:
    assert applications(report) == usages


@pytest.mark.parametrize("size", range(len(HID_POS_REPORT)))
def test_a_descriptor_cut_anywhere_gives_what_stands_in_it(size: int) -> None:
    assert applications(HID_POS_REPORT[:size]) == ((HID_POS,) if size >= 6 else ())


@given(st.binary(max_size=300))
def test_any_bytes_give_usages_and_never_an_exception(report: bytes) -> None:
    assert all(0 <= page <= 0xFFFFFFFF and 0 <= usage <= 0xFFFF for page, usage in applications(report))
