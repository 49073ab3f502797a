"""Answers to questions: one that cannot be read is as good as none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fiscal.https.fields import AnswerMalformed
from fiscal.register import Failure, FailureKind, RegisterUnavailable


def unreadable(malformed: AnswerMalformed, path: str) -> RegisterUnavailable:
    return RegisterUnavailable(
        Failure(FailureKind.NO_ANSWER, "answer", malformed.text, f"{path} {malformed.place}".strip())
    )


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turns AnswerMalformed into RegisterUnavailable with the endpoint as its place."""
    try:
        yield
    except AnswerMalformed as malformed:
        raise unreadable(malformed, path) from None
