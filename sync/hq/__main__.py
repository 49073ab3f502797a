"""Start a collector by hand:  python -m sync.hq --database sqlite:////var/lib/hq/rows.sqlite --tokens tokens.toml

The tokens file names each till with the SHA-256 of its bearer token; readers may look at all tills and send nothing.

    [tills]
    till-1 = "<64 hexadecimal digits>"
    [readers]
    office = "<64 hexadecimal digits>"
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from sync.hq.app import create_app
from sync.hq.engine import DatabaseUnfit, open_engine
from sync.hq.store import Collector

SECTIONS = ("tills", "readers")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TokensInvalid(ValueError):
    """The tokens file cannot be used; the text names the place."""


def read_tokens(text: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(tills, readers): name -> SHA-256 of the token in hexadecimal. Raises TokensInvalid."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TokensInvalid(str(error)) from error
    for name in content:
        if name not in SECTIONS:
            near = difflib.get_close_matches(name, SECTIONS, 1)
            raise TokensInvalid(f"[{name}]: no such section" + (f"; did you mean [{near[0]}]?" if near else ""))
    tills, readers = (_section(content, name) for name in SECTIONS)
    if not tills:
        raise TokensInvalid("[tills] names no till: nobody could deliver")
    return tills, readers


def _section(content: Mapping[str, Any], section: str) -> dict[str, str]:
    rows = content.get(section, {})
    if not isinstance(rows, dict):
        raise TokensInvalid(f"[{section}] must be a table")
    for name, digest in rows.items():
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise TokensInvalid(f"{section}.{name}: 64 hexadecimal digits, the SHA-256 of the token (never the token)")
    return dict(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 stopped by hand, 2 could not start."""
    parser = argparse.ArgumentParser(prog="python -m sync.hq", description="Collect the journals of tills.")
    parser.add_argument("--database", required=True, help="sqlite:///FILE or postgresql://...")
    parser.add_argument("--tokens", required=True, type=Path, help="TOML file with [tills] and [readers]")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8780)
    chosen = parser.parse_args(arguments)
    try:
        tills, readers = read_tokens(chosen.tokens.read_text(encoding="utf-8"))
        collector = Collector(open_engine(chosen.database), time.time_ns)
    except (OSError, TokensInvalid, DatabaseUnfit) as error:
        sys.stderr.write(f"{chosen.tokens}: {error}\n" if isinstance(error, TokensInvalid) else f"{error}\n")
        return 2
    uvicorn.run(create_app(collector, tills, readers), host=chosen.host, port=chosen.port, log_level="info")
    return 0


if __name__ == "__main__":
    sys.exit(main())
