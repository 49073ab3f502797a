"""Answers of the API: problem+json for every refusal, and the JSON forms of our values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from marking import reasons
from marking.code import IdentificationCode
from marking.errors import CodeError
from marking.verdict import Verdict
from pos_agent.basket import BasketLine, lines_from, total_tiyn
from pos_agent.checkout import Scanned
from pos_agent.closing import Paid
from pos_agent.judging import Judged
from pos_agent.problems import LANGUAGES, Problem
from pos_agent.stored import dump_document
from pos_agent.till import SaleView

DEFAULT_LANGUAGE = "ru"
PROBLEM_TYPE = "application/problem+json"


def language_of(accept: str) -> str:
    """First language of Accept-Language that we speak."""
    for part in accept.split(","):
        name = part.split(";")[0].strip().lower()[:2]
        if name in LANGUAGES:
            return name
    return DEFAULT_LANGUAGE


def problem_body(problem: Problem, language: str) -> dict[str, Any]:
    """RFC 9457 body: stable `code`, words in the caller's language and all of them in `messages`."""
    kind = problem.kind
    return {
        "type": f"urn:pos-agent:problem:{kind.code}",
        "title": kind.texts[language],
        "status": kind.status,
        "code": kind.code,
        "detail": problem.detail,
        "retry": kind.retry,
        "messages": dict(kind.texts),
        **problem.facts,
    }


def problem_response(problem: Problem, accept_language: str) -> Response:
    body = problem_body(problem, language_of(accept_language))
    headers = {"WWW-Authenticate": 'Bearer realm="pos-agent"'} if problem.kind.status == 401 else None
    return JSONResponse(body, status_code=problem.kind.status, media_type=PROBLEM_TYPE, headers=headers)


def stored_response(status: int, body: Any) -> Response:
    media = PROBLEM_TYPE if status >= 400 else "application/json"
    return JSONResponse(body, status_code=status, media_type=media)


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "decision": str(verdict.decision),
        "reason": verdict.reason,
        "evidence": str(verdict.source),
        "age_s": verdict.age_s,
        "action": verdict.action,
        "repairs": list(verdict.repairs),
        "messages": {language: reasons.text(verdict.reason, language) for language in LANGUAGES},
        "actions": {language: reasons.action(verdict.reason, language) for language in LANGUAGES},
        "detail": verdict.detail,
    }


def judged_json(judged: Judged) -> dict[str, Any]:
    """A verdict with what was read. The check part of a code stays out of answers, as it does out of logs."""
    code, product = judged.code, judged.product
    return {
        "verdict": verdict_json(judged.verdict),
        "ki": judged.unit_key,
        **_read_json(code),
        "product": None
        if product is None
        else {
            "name_ru": product.name_ru,
            "name_kk": product.name_kk,
            "price_tiyn": product.price_tiyn,
            "group": product.group,
        },
    }


def _read_json(code: IdentificationCode | CodeError) -> dict[str, Any]:
    if isinstance(code, CodeError):
        error = {"kind": str(code.kind), "position": code.position, "text": code.text}
        return {"gtin": None, "template": None, "symbology": None, "error": error}
    return {"gtin": code.gtin, "template": code.template, "symbology": code.symbology, "error": None}


def line_json(line: BasketLine) -> dict[str, Any]:
    body = {name: value for name, value in line.as_body().items() if name != "full"}
    return {**body, "amount_tiyn": line.amount_tiyn}


def sale_json(view: SaleView) -> dict[str, Any]:
    lines = lines_from(view.lines)
    return {
        "sale": view.sale,
        "operation": str(view.operation),
        "state": str(view.state),
        "original": view.original,
        "lines": [line_json(line) for line in lines],
        "total_tiyn": total_tiyn(lines),
    }


def scanned_json(scanned: Scanned) -> dict[str, Any]:
    line = None if scanned.line is None else line_json(scanned.line)
    return {"sale": scanned.sale, "scan": scanned.scan, "line": line, **judged_json(scanned.judged)}


def paid_json(paid: Paid) -> dict[str, Any]:
    """The fiscal document. What became of the paper is no part of it: that may change with every copy."""
    document = {name: value for name, value in dump_document(paid.document).items() if name != "raw"}
    return {
        "sale": paid.sale,
        "state": "FISCALISED",
        "key": paid.key,
        "recovered": paid.recovered,
        "document": document,
    }


def json_text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)
