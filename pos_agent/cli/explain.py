"""`pos-agent explain M-204`: what a message means, what makes it appear and what to do, for a call to support."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from pos_agent.cli.print_test_words import Speech, speech_of


def explain_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code as a till shows it, such as M-204 or R-203.")],
    language: Annotated[
        Speech | None, typer.Option("--lang", "--language", help="Of what is told; default: the terminal's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All three languages as one JSON object.")] = False,
) -> None:
    """Say what a message code means, what makes it appear and what to do. Exit 2 for a code that does not exist."""
    from pos_agent.support import UnknownCode, explain, words  # Reads tables that `parse` need not wait for.

    lang = language or speech_of()
    try:
        found = explain(code)
    except UnknownCode as unknown:
        told = words().text("explain.unknown", lang, code=unknown.code, nearest=unknown.nearest)
        if as_json:
            typer.echo(
                json.dumps({"code": unknown.code, "error": told, "nearest": unknown.nearest}, ensure_ascii=False)
            )
        else:
            typer.secho(told, fg=typer.colors.RED, err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    typer.secho(f"{found.code}  {found.title[lang]}", bold=True)
    if found.action is not None:
        typer.echo(f"{'':7}{found.action[lang]}")
    typer.echo(words().text("explain.cause", lang, text=found.cause[lang]))
    typer.echo(words().text("explain.remedy", lang, text=found.remedy[lang]))
