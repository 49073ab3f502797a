"""The cashier's page: one skeleton, and its words as one document for each choice of languages.

The page itself is static/till: plain modules over the public API, with the event stream for what happens elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from marking import reasons
from marking.words import catalogue
from pos_agent.api.calls import AgentOf
from pos_agent.pages.kit import page
from pos_agent.problems import Problem, kinds

router = APIRouter()

# Choice -> languages, the first one larger. In the order in which F4 goes round.
CHOICES: Mapping[str, tuple[str, ...]] = {"kk-ru": ("kk", "ru"), "kk": ("kk",), "ru": ("ru",), "en": ("en",)}


@router.get("/till")
def till_page(request: Request, agent: AgentOf) -> Response:
    section = agent.config.till
    offset = section.zone.utcoffset(None)
    return page(
        request,
        "till.html",
        till=section.name,
        cashier=section.cashier,
        offset_min=0 if offset is None else int(offset.total_seconds()) // 60,
        green_ms=round(agent.config.page.green_s * 1000),
        choices=",".join(CHOICES),
    )


@router.get("/till/words/{choice}")
def till_words(choice: str) -> Response:
    if choice not in CHOICES:
        raise Problem("P-408", choice)
    return JSONResponse(words_of(choice))


@cache
def words_of(choice: str) -> dict[str, Any]:
    """Every word the page may need, each as a list with one text for each language of the choice."""
    langs = CHOICES[choice]
    own = catalogue("pos_agent", "till")
    return {
        "languages": list(langs),
        "words": {key: [own.text(key, lang) for lang in langs] for key in own.known()},
        "reasons": {
            code: {
                "text": [reasons.text(code, lang) for lang in langs],
                "next": [reasons.action(code, lang) for lang in langs],
                "action": reasons.action_key(code),
            }
            for code in sorted(reasons.known())
        },
        "problems": {code: [kind.texts[lang] for lang in langs] for code, kind in sorted(kinds().items())},
    }
