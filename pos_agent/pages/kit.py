"""What every page of the agent is made with: templates, words, languages, and headers that keep foreign code out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from marking.words import LANGUAGES, catalogue
from pos_agent import __version__
from pos_agent.api.answers import language_of
from sync.page_headers import HEADERS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LANGUAGE_COOKIE = "pos_agent_lang"
_HEADERS = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())


class PageHeaders:
    """Adds to every answer what a browser needs to be told, such as to keep no copy of what others may not see."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A file of ours may be kept, and is asked for again each time: an update must not meet yesterday's script.
        cached = b"no-cache" if scope["path"].startswith("/static/") else b"no-store"

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [header for header in message.get("headers", []) if header[0].lower() != b"cache-control"]
                message = {**message, "headers": [*own, *_HEADERS, (b"cache-control", cached)]}
            await send(message)

        await self._app(scope, receive, sending)


@cache
def environment() -> jinja2.Environment:
    """Templates of pos_agent/pages/templates, strict: a value that is not there is an error, not an empty place."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("pos_agent.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language(request: Request) -> str:
    """Of the page: what its reader chose, else what the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else language_of(request.headers.get("accept-language", ""))


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A rendered template. It finds `lang`, `languages`, `version`, `path`, `session` and `words` besides `values`."""
    lang = language(request)

    def words(domain: str) -> Callable[..., str]:
        found = catalogue("pos_agent", domain)
        return lambda key, **parts: found.text(key, lang, **parts)

    session = getattr(request.state, "session", None)
    text = (
        environment()
        .get_template(template)
        .render(
            lang=lang,
            languages=LANGUAGES,
            version=__version__,
            path=request.url.path,
            session=session,
            words=words,
            **values,
        )
    )
    return HTMLResponse(text, status, {"Content-Language": lang})
