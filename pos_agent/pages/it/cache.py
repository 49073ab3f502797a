"""/it/cache: what the till knows of goods and codes, how old it is, and what it knows of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from marking import parse
from marking.charset import is_digits
from marking.code import ReadContext, Source
from marking.errors import CodeError
from marking.gs1 import gtin14
from marking.statuses import CodeStatus
from marking.verdict import Product
from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.cache.looking import by_group, imports
from pos_agent.cache.store import CacheError
from pos_agent.judging import unit_keys
from pos_agent.pages.it.listing import COUNT, MOMENT, Col, Listing, Query
from pos_agent.pages.it.shell import shown

router = APIRouter(prefix="/it/cache")

CODE_CHARS_MAX: Final = 4_096
GROUPS: Final = (
    Col("group", look="group"),
    Col("products", COUNT),
    Col("products_oldest", MOMENT),
    Col("products_newest", MOMENT),
    Col("codes", COUNT),
    Col("codes_oldest", MOMENT),
    Col("codes_newest", MOMENT),
)
IMPORTS: Final = (Col("at", MOMENT), Col("products", COUNT))
STATUSES: Final = (Col("status", look="word"), Col("codes", COUNT))


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one number or code."""

    given: str  # Without the check part.
    product: Product | None
    imported_ns: int | None
    keys: tuple[str, ...]  # Registry keys the code may mean.
    statuses: tuple[CodeStatus, ...]
    error: CodeError | None


@router.get("")
def cache(request: Request, agent: AgentOf) -> Response:
    return _page(request, agent, None)


@router.post("")
def look_up(request: Request, agent: AgentOf, code: Annotated[str, Form(max_length=CODE_CHARS_MAX)] = "") -> Response:
    """By POST: a code stays out of addresses, and so out of histories and logs."""
    try:
        found = _found(agent, code.strip()) if code.strip() else None
    except CacheError:
        found = None  # The page says itself that the cache cannot be read.
    return _page(request, agent, found)


def group_list(agent: Agent, _query: Query) -> Listing:
    rows = [
        (
            age.group,
            age.products,
            age.products_oldest_ns,
            age.products_newest_ns,
            age.codes,
            age.codes_oldest_ns,
            age.codes_newest_ns,
        )
        for age in by_group(agent.cache)
    ]
    return Listing("groups", GROUPS, rows)


def import_list(agent: Agent, _query: Query) -> Listing:
    return Listing("imports", IMPORTS, [(one.at_ns, one.products) for one in imports(agent.cache)])


def status_list(agent: Agent, _query: Query) -> Listing:
    return Listing("statuses", STATUSES, list(agent.cache.counts().by_status.items()))


def _page(request: Request, agent: Agent, found: Found | None) -> Response:
    try:
        counts = agent.cache.counts()
        lists = [lister(agent, {}) for lister in (group_list, status_list, import_list)]
    except CacheError as error:
        return shown(
            request, agent, "cache", trouble=str(error), counts=None, lists=(), found=None,
            file=agent.cache.path,
        )  # fmt: skip
    return shown(request, agent, "cache", trouble="", counts=counts, lists=lists, found=found, file=agent.cache.path)


def _found(agent: Agent, text: str) -> Found:
    """A GTIN or NTIN of 8 to 14 digits, or a code in any form. Raises CacheError."""
    if is_digits(text) and len(text) in (8, 12, 13, 14):
        goods = agent.cache.product(gtin14(text)) or agent.cache.product_by_ntin(text)
        return Found(text, goods, _imported_ns(agent, goods), (), (), None)
    context = ReadContext(
        source=Source.MANUAL, catalogue=agent.cache.catalogue, suffixes=tuple(agent.config.scan.suffixes)
    )
    try:
        code = parse(text.replace("␝", "\x1d").encode("utf-8", "replace"), context)
    except CodeError as error:
        return Found("", None, None, (), (), error)
    goods = agent.judge.product(code)
    keys = unit_keys(code)
    statuses = tuple(status for key in keys if (status := agent.cache.status(key)) is not None)
    return Found(code.ki or code.gtin or code.template, goods, _imported_ns(agent, goods), keys, statuses, None)


def _imported_ns(agent: Agent, goods: Product | None) -> int | None:
    return None if goods is None else agent.cache.imported_ns(goods)
