from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.aim import AimKind, recognise

CODE = b"0104870000000104213kZ7q_W<2hT9m\x1d91KZF1"


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("]d2", AimKind.GS1),
        ("]d1", AimKind.PLAIN),
        ("]d3", AimKind.PLAIN),
        ("]C1", AimKind.GS1),
        ("]C0", AimKind.PLAIN),
        ("]Q3", AimKind.GS1),
        ("]Q1", AimKind.PLAIN),
        ("]E0", AimKind.LINEAR),
        ("]E4", AimKind.LINEAR),
        ("]e0", AimKind.GS1),
        ("]J1", AimKind.GS1),
        ("]J0", AimKind.PLAIN),
        ("]X0", AimKind.COMMAND),
        ("]Z6", AimKind.COMMAND),
        ("]d8", AimKind.GS1),  # Rectangular: 6 more than ]d2.
        ("]D2", AimKind.UNKNOWN),  # What Caps Lock makes of ]d2.
        ("]z9", AimKind.UNKNOWN),
    ],
)
def test_an_identifier_in_front_is_recognised(identifier: str, kind: AimKind) -> None:
    found = recognise(identifier.encode() + CODE)
    assert found is not None
    assert (found.identifier, found.kind) == (identifier, kind)


@pytest.mark.parametrize("data", [b"", b"]", b"]d", CODE, b"\x1d]d2", b"]22", b"]d\x1d01", b"]\xe42", b"]d "])
def test_anything_else_is_not_an_identifier(data: bytes) -> None:
    assert recognise(data) is None


@given(st.binary(max_size=6))
def test_any_bytes_give_an_answer_that_stands_in_front_of_them(data: bytes) -> None:
    found = recognise(data)
    assert found is None or data.startswith(found.identifier.encode())
