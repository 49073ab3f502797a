"""docs/headquarters.md against the collector: its calls, its refusals, its limits, and the lines that start it."""

from __future__ import annotations

import asyncio
import re
import runpy
from pathlib import Path
from typing import Any

import httpx

from sync import batch
from sync.hq.exchange import METHOD_OF, ROWS_LIMIT_MAX, STATUS_OF
from sync.hq.judge import RefusalKind

PAGE = (Path(__file__).parents[2] / "docs" / "headquarters.md").read_text(encoding="utf-8")


def test_every_call_of_the_collector_is_told_and_no_other() -> None:
    told = set(re.findall(r"^\| `((?:GET|POST) \S+)` \|", PAGE, re.MULTILINE))
    assert told == {f"{method} {path}" for path, method in METHOD_OF.items()} | {"GET /v1/tills/{till}/rows"}


def test_every_refusal_is_told_with_its_status() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [45]\d\d", line)]
    for kind in RefusalKind:
        assert any(f"`{kind}`" in row and str(int(STATUS_OF[kind])) in row for row in rows), kind


def test_the_limits_of_a_batch_are_the_true_ones() -> None:
    mib = 1 << 20
    packed, unpacked = batch.PACKED_BYTES_MAX // mib, batch.UNPACKED_BYTES_MAX // mib
    rows = f"{batch.ROWS_MAX:,}".replace(",", " ")
    assert f"more than {packed} MiB packed, {unpacked} MiB unpacked or {rows} rows" in PAGE
    assert f"up to {ROWS_LIMIT_MAX}" in PAGE


def test_the_lines_of_the_page_start_a_collector(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    program = tmp_path / "collector.py"
    program.write_text(code, encoding="utf-8")
    given = {"DATABASE": f"sqlite:///{tmp_path / 'rows.sqlite'}", "TILL_TOKEN": "t", "READER_TOKEN": "r"}
    found = runpy.run_path(str(program), init_globals=given)
    answers = asyncio.run(
        asked(found["app"], [("/healthz", ""), ("/v1/cursor", "t"), ("/v1/tills", "r"), ("/v1/tills", "")])
    )
    found["engine"].dispose()
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401]
    assert answers[0].json() == {"status": "ok"}
    assert (answers[1].json()["till"], answers[1].json()["through"]) == ("almaty-03-till-2", 0)


async def asked(app: Any, calls: list[tuple[str, str]]) -> list[httpx.Response]:
    """Answers to GET calls, each with its token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hq.test") as client:
        return [await client.get(path, headers={"Authorization": f"Bearer {token}"}) for path, token in calls]
