"""`pos-agent demo`: a shop to look at, or with --headless a day of it in virtual time that ends by itself."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pos_agent.demo.play import Play

FAILED = 2


def demo_command(
    headless: Annotated[bool, typer.Option("--headless", help="Virtual time, no devices; ends by itself.")] = False,
    sales: Annotated[int, typer.Option(min=1, max=2_000, help="Customers of the headless day.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same day, to the last hash.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Totals as one JSON object.")] = False,
    stay: Annotated[
        bool | None, typer.Option("--stay/--no-stay", help="Keep the API up after the scenes; default: on a terminal.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep journal, cache and receipts here.")] = None,
) -> None:
    """Sell in a simulated shop: 10 000 codes, refusals, a network cut, a lost answer, a return."""
    from pos_agent.demo.live import JOURNAL

    _quiet()
    with tempfile.TemporaryDirectory(prefix="pos-agent-demo-") as temporary:
        home = folder or Path(temporary)
        if (home / JOURNAL).exists():
            typer.echo(f"{home} holds a journal already: a demo begins in an empty folder", err=True)
            raise typer.Exit(FAILED)
        if headless:
            _headless(home, seed, sales, as_json)
        else:
            _live(home, seed, sys.stdin.isatty() if stay is None else stay)


def _quiet() -> None:
    """The story prints its own lines; what the agent logs in it (a cut network) is part of the story."""
    logging.basicConfig(level=logging.CRITICAL)


def _headless(folder: Path, seed: int, sales: int, as_json: bool) -> None:
    from pos_agent.demo.headless import run_headless

    totals = run_headless(folder, seed, sales)
    if as_json:
        typer.echo(json.dumps(totals, ensure_ascii=False, indent=2))
    else:
        for name, value in totals.items():
            shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
            typer.echo(f"{name:<24} {shown}")
    if totals["lost"] or totals["duplicates"] or totals["in_doubt"]:
        raise typer.Exit(FAILED)


def _live(folder: Path, seed: int, stay: bool) -> None:
    from rich.console import Console

    from pos_agent.demo.live import LiveShop
    from pos_agent.demo.play import Play, addresses
    from pos_agent.demo.scenes import SCENES, Stage, both, summary
    from pos_agent.demo.shop import API_TOKEN

    console = Console(highlight=False, soft_wrap=True)
    with LiveShop(folder, seed, codes=10_000) as shop:
        if not shop.wait_ready():
            console.print("[red]the simulated scanner did not come online[/]")
            raise typer.Exit(FAILED)
        console.print(f"API http://127.0.0.1:{shop.port}/v1/status   Authorization: Bearer {API_TOKEN}")
        stage = Stage(shop, console)
        if stay:
            till, it = addresses(stage)
            console.print(f"{both('play.pages')}: {till}\n{both('play.it')}: {it}\n({both('play.once')})")
        for scene in SCENES:
            scene(stage)
        console.print()
        console.print(summary(stage))
        console.print(f"receipts as pictures: {folder / 'receipts'}" if stay else "")
        if stay:
            _play(Play(stage))
        witness = shop.sim.witness()
        if witness.sold_twice or shop.agent.till.undecided():
            raise typer.Exit(FAILED)


def _play(play: Play) -> None:
    """Until q, Ctrl+C, or, with nobody at the keyboard, Ctrl+C alone."""
    import threading

    try:
        if not play.run(sys.stdin) and not sys.stdin.isatty():
            threading.Event().wait()
    except KeyboardInterrupt:
        return
