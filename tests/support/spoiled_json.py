"""Requests with one place replaced by anything JSON can hold."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoiled(draw: st.DrawFn, requests: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the requests, spoiled somewhere."""
    message = copy.deepcopy(draw(st.sampled_from(requests)))
    inner: Any = message
    while True:
        names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        name = draw(st.sampled_from(names))
        if not isinstance(inner[name], (dict, list)) or not inner[name] or draw(st.booleans()):
            inner[name] = draw(JSON)
            return message
        inner = inner[name]
