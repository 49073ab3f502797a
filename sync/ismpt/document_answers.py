"""Answers about documents, pure: cards, stored bodies, errors by row.

In the description's own examples a type carries a trailing `" ( )"`, which is cut off. An error names a property and an
index; for "codes" the index is that of the row in the document.
Source: description of the IS MPT API, role "user", xTrace 1.0 (MarkSolutions), chapters on documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.ismpt.answers import AnswerMalformed

TYPE_TAIL = " ( )"
WORD_LENGTH_MAX = 200
IN_WORK = frozenset({"CREATED", "VALIDATING", "IN_PROCESS"})
SUCCESS, PARTIALLY, ERROR = "SUCCESS", "PARTIALLY_PROCESSED", "ERROR"


@dataclass(frozen=True, slots=True)
class DocumentCard:
    document_id: str
    type: str
    status: str  # As the registry words it, in upper case.
    created: str  # UTC, ISO 8601, as sent; "" when it does not say.


@dataclass(frozen=True, slots=True)
class DocumentError:
    property_name: str
    index: int | None  # Of the row, from 0; None: the error is the document's.
    code: str
    tags: str  # JSON; "" none.


def read_document_id(body: bytes) -> str:
    """Raises AnswerMalformed: accepted or not, the id is not known."""
    return _id(_object(body))


def read_card(body: bytes) -> DocumentCard:
    return _card(_object(body))


def read_cards(body: bytes) -> list[DocumentCard]:
    return [_card(row) for row in _rows(body, "documentInfos")]


def read_stored(body: bytes) -> dict[str, Any]:
    """The body of a document as the registry holds it."""
    return _object(body)


def read_errors(body: bytes) -> list[DocumentError]:
    found = []
    for row in _rows(body, "documentErrors"):
        index = row.get("index")
        tags = row.get("errorTags")
        found.append(
            DocumentError(
                property_name=_word(row.get("propertyName")),
                index=index if isinstance(index, int) and not isinstance(index, bool) else None,
                code=_word(row.get("errorCode")),
                tags=json.dumps(tags, ensure_ascii=False, sort_keys=True)[:WORD_LENGTH_MAX] if tags else "",
            )
        )
    return found


def _rows(body: bytes, name: str) -> list[Mapping[str, Any]]:
    rows = _object(body).get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerMalformed(f"the answer has no list {name}")
    return rows


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerMalformed("the answer is not JSON") from error
    if not isinstance(content, dict):
        raise AnswerMalformed("the answer is not an object")
    return content


def _card(row: Mapping[str, Any]) -> DocumentCard:
    status = _word(row.get("status")).upper()
    if not status:
        raise AnswerMalformed("a document has no status")
    kind = _word(row.get("type")).removesuffix(TYPE_TAIL).strip()
    return DocumentCard(_id(row), kind, status, _word(row.get("createDate")))


def _id(row: Mapping[str, Any]) -> str:
    text = _word(row.get("documentId"))
    # It becomes part of a path.
    if not text or not all(char.isascii() and (char.isalnum() or char in "-_") for char in text):
        raise AnswerMalformed("the answer has no documentId")
    return text


def _word(value: object) -> str:
    return value[:WORD_LENGTH_MAX] if isinstance(value, str) else ""
