"""A configuration page whose defaults stand in it as comments: read with all of them, and its keys listed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

# A key with "#" right before it stands at its default; a remark has a blank after the "#".
AT_DEFAULT = re.compile(r"^#(?=[a-z][\w.]* = )", re.MULTILINE)


def in_full(text: str) -> dict[str, Any]:
    """With every default written out."""
    return tomllib.loads(AT_DEFAULT.sub("", text))


def leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value); blocks of one kind share their keys."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from leaves(inner, f"{path}{name}.")
        elif isinstance(inner, list) and inner and isinstance(inner[0], Mapping):
            for block in inner:
                yield from leaves(block, f"{path}{name}.")
        else:
            yield f"{path}{name}", inner
