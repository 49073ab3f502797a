"""Refusals of the uKassa service: an HTTP status and a text for people, no code.

`{message}`: github Slonexx/ukassa. `{detail}` and errors by field are those of Django REST framework, whose token
header and trailing slashes the service has.
"""

from __future__ import annotations

from typing import Any

from hw_sim.exchange import SimReply, json_reply

Path = tuple[str | int, ...]


class Refusal(Exception):
    """The request is refused; nothing was registered."""

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        self.status = status
        self.content = content
        super().__init__(f"HTTP {status}: {content}")

    def reply(self) -> SimReply:
        headers = (("WWW-Authenticate", "Token"),) if self.status == 401 else ()
        return json_reply(self.content, self.status, headers)


def refused(text: str, status: int = 400) -> Refusal:
    """A refusal of the till: what it may not do now."""
    return Refusal(status, {"message": text})


def conflict() -> Refusal:
    """The key was used before."""
    return refused("Запрос с таким ключом идемпотентности уже выполнен", 409)


def unauthorised() -> Refusal:
    return Refusal(401, {"detail": "Недопустимый токен."})


def not_found() -> Refusal:
    return Refusal(404, {"detail": "Страница не найдена."})


def invalid(path: Path, text: str) -> Refusal:
    """A field is missing, misshapen or contradicts another: the text stands where the field stood."""
    content: Any = [text]
    for step in reversed(path or ("non_field_errors",)):
        content = [*({} for _ in range(step)), content] if isinstance(step, int) else {step: content}
    return Refusal(400, content)
