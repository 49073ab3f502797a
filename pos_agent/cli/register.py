"""`pos-agent register`: the cash register through the running agent, which holds it, and doubts a person decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from pos_agent.cli.asking import AgentApi
from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption, configured

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.

WAITING, WELL = 1, 0
DECISION_S = 300.0  # The register is asked once more, perhaps behind a question that is under way.
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Ask the register how it is. Exit 0 well, 1 it waits for something, 2 nobody answers."""
    facts = AgentApi(configured(config)).get("/v1/register")
    _show(facts, as_json)
    if not facts["reachable"]:
        failure = facts["failure"] or {"code": "?", "text": "it does not answer"}
        fail(f"the register does not answer: {failure['code']}: {failure['text']}")
    wrong = facts["waits_for"] or facts["paper"] == "out" or facts["cover_open"]
    raise typer.Exit(WAITING if wrong else WELL)


@app.command()
def last(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """The newest document the register holds. Exit 0, 1 there is none, 2 it cannot be asked."""
    _document(AgentApi(configured(config)).get("/v1/register/last"), as_json, "the register holds no document")


@app.command()
def find(
    key: Annotated[str, typer.Argument(help="Key of a document, as the journal and `register doubts` show it.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for a document at the register by our key. Exit 0 found, 1 it is not there, 2 it cannot be asked."""
    answer = AgentApi(configured(config)).get(f"/v1/register/documents/{quote(key, safe='')}")
    _document(answer, as_json, f"the register has nothing under {key}")


@app.command()
def drawer(config: ConfigOption = None) -> None:
    """Open the drawer: at the register that prints itself, else at the printer."""
    AgentApi(configured(config)).post("/v1/register/drawer")
    typer.echo("opened")


@app.command()
def doubts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Documents whose outcome is not known, and what to compare. Exit 0 none, 1 some, 2 no answer."""
    found = AgentApi(configured(config)).get("/v1/doubts")["doubts"]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for doubt in found:
            _show_doubt(doubt)
        if not found:
            typer.echo("none")
    raise typer.Exit(WAITING if found else WELL)


@app.command()
def decide(
    key: Annotated[str, typer.Argument(help="Key of the document, from `register doubts`.")],
    made: Annotated[bool, typer.Option("--made/--not-made", help="Is it on the register's paper?")],
    by: Annotated[str, typer.Option("--by", help="Who decides.")],
    why: Annotated[str, typer.Option("--why", help="What the decision stands on.")],
    config: ConfigOption = None,
    sign: Annotated[str, typer.Option("--sign", help="Fiscal sign on the receipt.")] = "",
    number: Annotated[int, typer.Option("--number", help="Number of the receipt in its shift.")] = 0,
    at: Annotated[str, typer.Option("--at", help="Its time: 2026-11-30T10:15:00+05:00.")] = "",
    shift: Annotated[int | None, typer.Option("--shift", help="Its shift.")] = None,
    registration_number: Annotated[str, typer.Option("--rnm", help="Registration number of the register.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="The receipt says it was made autonomously.")] = False,
) -> None:
    """A person's word on a document the register cannot speak of. The register is asked once more before it counts.

    Exit 0 kept, 1 it was decided otherwise before, 2 the text says why not.
    """
    body = {
        "made": made, "by": by, "why": why, "fiscal_sign": sign, "number": number, "at": at, "shift": shift,
        "registration_number": registration_number, "offline": offline,
    }  # fmt: skip
    api = AgentApi(configured(config), timeout_s=DECISION_S)
    answer = api.post(f"/v1/doubts/{quote(key, safe='')}/decision", body)
    told = f"{answer['document']}: {answer['state']}"
    if answer["state"] != ("MADE" if made else "ABSENT"):
        typer.echo(f"{told}, by the register or an earlier word; this one was not needed")
        raise typer.Exit(WAITING)
    typer.echo(told)


def _document(answer: Mapping[str, Any], as_json: bool, none: str) -> None:
    document = answer["document"]
    if document is None and not as_json:
        typer.echo(none)
    else:
        _show(document, as_json)
    raise typer.Exit(WAITING if document is None else WELL)


def _show(facts: Mapping[str, Any] | None, as_json: bool) -> None:
    if as_json or facts is None:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        typer.echo(f"{name:<14} {json.dumps(value, ensure_ascii=False)}")


def _show_doubt(doubt: Mapping[str, Any]) -> None:
    typer.echo(f"{doubt['document']}  {doubt['kind']}  since {doubt['since']}  decides: {doubt['decides']}")
    compare = doubt.get("compare")
    if compare is None:
        typer.echo("  the register is being asked; nobody has to do anything")
        return
    typer.echo(f"  why        {compare['failure']['code']}: {compare['failure']['text']}")
    rows = (("ours", compare["ours"]), ("register", compare["register"]))
    for name, document in rows:
        words = compare["register_silent"] if document is None else json.dumps(document, ensure_ascii=False)
        typer.echo(f"  {name:<10} {words}")
    typer.echo("  compare with the register's paper, then: pos-agent register decide KEY --made|--not-made --by --why")
