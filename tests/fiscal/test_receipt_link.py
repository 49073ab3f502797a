"""The address in a receipt's QR, read back. Vectors: Webkassa API v4 (TicketUrl), consumer pages of the operators."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.receipt_link import ReceiptLink, read_link

ALMATY = dt.timezone(dt.timedelta(hours=5))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "http://cabinet.wofd.kz/consumer?i=367645207&f=032600010282&s=500.00&t=20250914T165537",
            ReceiptLink("367645207", "032600010282", 50_000, "2025-09-14T16:55:37+05:00"),
        ),
        (
            "HTTPS://consumer.oofd.kz/?t=20260715T103000&s=1800,5&f=010100000001&i=4228143550",
            ReceiptLink("4228143550", "010100000001", 180_050, "2026-07-15T10:30:00+05:00"),
        ),
    ],
)
def test_the_facts_of_a_receipt_are_read_from_its_address(text: str, facts: ReceiptLink) -> None:
    assert read_link(text, ALMATY) == facts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4870249811936",
        "http://consumer.oofd.kz/",
        "http://consumer.oofd.kz/?i=1&f=2&s=3.00",
        "http://consumer.oofd.kz/?i=1&f=2&s=0&t=20260715T103000",
        "http://consumer.oofd.kz/?i=1&f=2&s=3.000&t=20260715T103000",
        "http://consumer.oofd.kz/?i=1&f=2&s=3.00&t=20260231T103000",
        "http://consumer.oofd.kz/?i=<b>&f=2&s=3.00&t=20260715T103000",
        "http://consumer.oofd.kz/?i=1&f=٢&s=3.00&t=20260715T103000",
        "ftp://consumer.oofd.kz/?i=1&f=2&s=3.00&t=20260715T103000",
        "http://[?i=1&f=2&s=3.00&t=20260715T103000",
        "http://x/?" + "a=1&" * 30 + "i=1&f=2&s=3.00&t=20260715T103000",
        "http://x/?i=1&f=2&s=3.00&t=20260715T103000&x=" + "y" * 1000,
    ],
)
def test_anything_else_is_no_address_of_a_receipt(text: str) -> None:
    assert read_link(text, ALMATY) is None


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    read_link(f"http://x?{text}", ALMATY)
