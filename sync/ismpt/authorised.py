"""One call under a token that is renewed when the registry says it is over."""

from __future__ import annotations

from collections.abc import Callable

from sync.ismpt import refusals
from sync.ismpt.channel import Answered, Limits, Trouble
from sync.ismpt.session import Session, Step

RENEWALS_MAX = 3  # Refresh, login, and once a token that another thread has fetched meanwhile.


def authorised(
    session: Session, limits: Limits, spent: set[Step], send: Callable[[str], Answered | Trouble]
) -> Answered | Trouble:
    """Give `send` a token; again with another one for as long as the answer blames the token."""
    bearer = session.bearer(limits, spent)
    for _ in range(RENEWALS_MAX + 1):
        if isinstance(bearer, Trouble):
            return bearer
        reply = send(bearer)
        if isinstance(reply, Trouble) or reply.foreign or not refusals.token_is_over(reply.status, reply.body):
            return reply
        bearer = session.renewed(bearer, limits, spent)
    return Trouble("the registry refuses every token", transient=False)
