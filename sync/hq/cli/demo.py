"""`pos-hq demo`: a chain with discrepancies to look at, or with --headless a check that ends by itself."""

from __future__ import annotations

import itertools
import json
import logging
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync.hq.cli.stopping import until_told

if TYPE_CHECKING:
    from sync.hq.demo.show import Clock, Show

FAILED = 2
SHOPS_MIN, SHOPS_MAX = 3, 20


def demo_command(
    headless: Annotated[bool, typer.Option("--headless", help="Play, compare with the truth, end.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same chain.")] = 7,
    shops: Annotated[int, typer.Option(min=SHOPS_MIN, max=SHOPS_MAX, help="Shops of five tills each.")] = SHOPS_MAX,
    as_json: Annotated[bool, typer.Option("--json", help="The result as one JSON object.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Keep database, lake and files here; must be empty.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the pages; 0: any free one.")] = 0,
    sqlite: Annotated[bool, typer.Option("--sqlite", help="SQLite instead of the embedded PostgreSQL.")] = False,
    stay: Annotated[bool, typer.Option("--stay/--no-stay", help="Keep the pages up until Ctrl+C.")] = True,
) -> None:
    """A chain of 20 shops with 100 tills, three days, every discrepancy planted and found again."""
    logging.basicConfig(level=logging.CRITICAL)
    if folder is not None and folder.exists() and any(folder.iterdir()):
        typer.echo(f"{folder} is not empty: a demo begins in an empty folder", err=True)
        raise typer.Exit(FAILED)
    with tempfile.TemporaryDirectory(prefix="pos-hq-") as temporary:
        home = folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        if folder is None:
            home.chmod(0o755)  # PostgreSQL, started by root, runs as another user and must get in.
        try:
            with until_told():
                _play(home, seed, shops, headless=headless, as_json=as_json, port=port, sqlite=sqlite, stay=stay)
        except OSError as error:
            typer.echo(f"the demo cannot run here: {error}", err=True)
            raise typer.Exit(FAILED) from error


def _play(
    home: Path, seed: int, shops: int, *, headless: bool, as_json: bool, port: int, sqlite: bool, stay: bool
) -> None:
    from sync.hq.demo.delivery import credentials
    from sync.hq.demo.journals import NS
    from sync.hq.demo.running import running
    from sync.hq.demo.show import Clock, Show, make_world, verdict
    from sync.hq.demo.timeline import HEADLESS_NOW

    began = time.monotonic()
    tell = _Teller(began) if not as_json else _silent
    world = make_world(seed, shops, HEADLESS_NOW if headless else int(time.time()) // 60 * 60)
    tell("chain", *_about(world.story))
    clock = Clock(world.story.timeline.moment(0, 0) * NS)
    with running(home, credentials(world.story.tills), clock.now, port=port, sqlite=sqlite) as headquarters:
        if headquarters.fallback:
            typer.echo(f"SQLite instead of PostgreSQL: {headquarters.fallback}", err=True)
        show = Show(world, headquarters.engine, headquarters.lake, home, clock, headquarters.url, seed)
        try:
            result = verdict(world, show.play(tell))
            result = {"seed": seed, "shops": shops, "tills": len(world.story.tills), **result}
            result |= {"rows": show.seen.rows, "journals": world.digest, "wire": _wire(show.wire.traffic)}
            _tell_result(result, time.monotonic() - began, as_json=as_json)
            if not headless and stay:
                _stay(headquarters.url, clock, show)
        finally:
            show.close()
    if not result["equal"]:
        raise typer.Exit(FAILED)


def _about(story: Any) -> tuple[str, str]:
    receipts, first, last = len(story.documents), story.timeline.days[0], story.timeline.days[-1]
    from sync.hq.demo.told import said

    return said(
        "about", shops=len(story.shops), tills=len(story.tills), receipts=receipts, first=str(first), last=str(last)
    )


def _wire(traffic: Any) -> dict[str, int]:
    names = ("batches", "rows", "twice", "early", "heartbeats")
    return {name: getattr(traffic, name) for name in names}


class _Teller:
    """Short lines as things happen, with the time since the start."""

    def __init__(self, began: float) -> None:
        self._began = began

    def __call__(self, _step: str, russian: str, english: str) -> None:
        typer.echo(f"{time.monotonic() - self._began:5.0f} s  {russian}  ·  {english}")


def _silent(_step: str, _russian: str, _english: str) -> None:
    """JSON alone goes out."""


def _tell_result(result: dict[str, Any], took_s: float, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    from sync.hq.demo.told import both

    typer.echo("")
    typer.echo(f"{'kind':<28} {'cause':<22} {'planted':>8} {'found':>6} {'healed':>7}")
    healed = result["healing"]["healed"]
    rows = {(kind, cause) for part in ("planted", "found") for kind, of in result[part].items() for cause in of}
    rows |= {(kind, cause) for kind, of in healed.items() for cause in of}
    for kind, cause in sorted(rows):
        counts = (part.get(kind, {}).get(cause, 0) for part in (result["planted"], result["found"], healed))
        typer.echo(f"{kind:<28} {cause:<22} {next(counts):>8} {next(counts):>6} {next(counts):>7}")
    for name in ("missing", "extra", "not_open"):
        for one in result[name]:
            typer.echo(f"{both(name)}: {one['kind']} {one['cause']} {one['subject']}")
    typer.echo(f"\n{both('equal' if result['equal'] else 'differs')}   {took_s:.0f} s")


def _stay(url: str, clock: Clock, show: Show) -> None:
    """Until Ctrl+C; the clock goes on, and the tills speak once a minute as they would."""
    from sync.hq.demo.running import PASSWORD, PEOPLE
    from sync.hq.demo.told import both

    began_ns, began = clock.ns, time.time_ns()
    typer.echo(f"\n{both('pages')}   {url}/")
    for role, _ in PEOPLE:
        typer.echo(f"  {role:<14} {PASSWORD}")
    typer.echo(f"Ctrl+C — {both('end')}")
    for second in itertools.count(1):
        time.sleep(1.0)
        clock.ns = began_ns + time.time_ns() - began
        if second % 60 == 0:
            show.speak(2 + second // 60)
