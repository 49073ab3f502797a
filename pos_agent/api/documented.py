"""What a route may answer, for the OpenAPI document: its form when it succeeds, and its problems by their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from pos_agent.api.answers import PROBLEM_TYPE
from pos_agent.problems import kinds

# Before and around every route: guard and journal. What goes wrong beyond that is P-500.
ANYWHERE = ("P-401", "P-402", "P-405", "P-406", "P-407", "P-411", "S-302", "S-303", "S-305", "P-500")
CHANGES = ("P-403", "P-404", "P-409", "S-301")
LOOKS_UP = ("S-304",)
ON_A_SALE = ("T-101", "T-102")
JUDGES = ("T-107", "T-108", "T-109", "T-110", "T-111", "T-115", "T-116", *LOOKS_UP)
READS_REGISTER = ("R-201", "R-202", "R-205", "R-211", "R-214", "T-121")
MAKES = (
    "R-201", "R-202", "R-203", "R-204", "R-205", "R-206", "R-207", "R-208", "R-209", "R-210", "R-211", "R-212", "R-213",
    "R-214", "R-215", "R-216", "P-409",
)  # fmt: skip
PAYS = ("T-104", "T-105", "T-106", "T-118", *MAKES)

Links = Mapping[str, Mapping[str, str]]  # Operation -> its parameters, as runtime expressions of OpenAPI.
SALE = {"sale": "$response.body#/sale"}
OF_A_SALE: Links = dict.fromkeys(("see_sale", "scan", "add_goods", "pay", "cancel", "see_receipt", "print_copy"), SALE)

_PROBLEM = {"content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def told(
    form: Any, *codes: str, status: int = 200, media: str = "application/json", leads: Links | None = None
) -> dict[str, Any]:
    """Arguments of a route's decorator: the answer is `form`, a refusal one of `codes` or of those of every
    route. None: no JSON, but `media`. `leads`: what its answer is the way to."""
    links = {
        operation: {"operationId": operation, "parameters": dict(found)} for operation, found in (leads or {}).items()
    }
    given: dict[str, Any] = {"content": {media: {}}} if form is None else {"model": form}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {status: {**given, **({"links": links} if links else {})}, **problems((*codes, *ANYWHERE))},
    }


def or_else(status: int, words: str, form: type[BaseModel], arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `told` for a route that also says `form` with a status that elsewhere is a problem's."""
    known = arguments["responses"].get(status, {"description": words, "content": {}})
    content = {"application/json": {"schema": form.model_json_schema()}, **known["content"]}
    told_so = {"description": f"{words}; or {known['description']}", "content": content}
    return {**arguments, "responses": {**arguments["responses"], status: told_so}}


def problems(codes: Iterable[str]) -> dict[int | str, dict[str, Any]]:
    """Responses of problems, each status with the codes that have it."""
    found: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        found.setdefault(kinds()[code].status, []).append(code)
    return {
        status: {"description": "; ".join(f"{code}: {kinds()[code].texts['en']}" for code in listed), **_PROBLEM}
        for status, listed in sorted(found.items())
    }
