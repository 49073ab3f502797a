"""The way of the `webkassa` commands to the configured cashbox, and what to do when it is shut.

A login of the till's own user ends the session of the agent, so these commands log in once, never take the session
back, and pause between two pages: a till that sells goes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import typer

from fiscal.failures import Failure, FailureKind
from fiscal.register import RegisterUnavailable
from fiscal.webkassa.driver import WebkassaRegister
from fiscal.webkassa.paging import NotThere
from fiscal.webkassa.settings import FAMILY, SCHEMES
from pos_agent.cli.devices_lines import visible
from pos_agent.cli.failing import fail
from pos_agent.cli.options import configured
from pos_agent.clock import SystemClock
from pos_agent.config import ConfigError, RegisterSection
from pos_agent.registers import open_configured
from sync.secret_reference import SecretMissing, check_reference, read_secret

NOT_THERE, FAILED = 1, 2  # Exit codes.
READER_SECRET = "reader_password"  # noqa: S105 - the name of a secret, not the secret

# What to do next, by the code of a failure, then by its kind.
_BY_CODE = {
    "connect": "Check the network of this machine and the host in register.url.",
    "timeout": "The service is slow: try again, or raise read_s in register.url.",
    "session_taken": "The till uses this login and goes first: read with another user of the cabinet (--login, "
    "--password), or when the till is idle.",
    "identity": "register.url names another cashbox than the one that answers: set cashbox right.",
    "too_many_shifts": "Name the shift with --shift.",
    "http:401": "The service does not know the integrator's key: check register.secrets.webkassa_api_key.",
    "http:403": "The service refuses the integrator's key: check register.secrets.webkassa_api_key.",
    "http:404": "The service has no such request: check the host in register.url.",
    "webkassa:1": "Check login in register.url and register.secrets.webkassa_password.",
    "webkassa:4": "Give the user the right for it in the Webkassa cabinet.",
    "webkassa:5": "Give the user access to the cashbox in the Webkassa cabinet.",
    "webkassa:6": "Check cashbox in register.url, and that the user has access to it.",
    "webkassa:7": "The cashbox is blocked: ask Webkassa's support why.",
    "webkassa:9": "The till is busy with the cashbox, or the request was not understood: try again when it is idle.",
    "webkassa:10": "Activate the cashbox in the Webkassa cabinet.",
    "webkassa:505": "The service is shut on every domain it named: try again later, or ask Webkassa's support.",
    "webkassa:1404": "Renew the licence of the cashbox.",
}
_BY_KIND = {
    FailureKind.NO_ANSWER: "Try again; if it stays, give Webkassa's support the place named above.",
    FailureKind.UNAVAILABLE: "Check the network of this machine, then try again.",
    FailureKind.CONFIGURATION: "Check register.url and register.secrets of the configuration.",
    FailureKind.HUMAN: "Compare in the Webkassa cabinet.",
}
_ABSENT = "`pos-agent webkassa shifts` lists the shifts; a Z-report exists once its shift is closed."


@contextmanager
def cashbox(config: Path | None, login: str | None, password: str | None) -> Iterator[WebkassaRegister]:
    """The configured cashbox. Every failure becomes words with what to do next, and an exit code."""
    settings = configured(config)
    try:
        with closing(_opened(_for_reading(settings.register_, login, password))) as register:
            yield register
    except NotThere as absent:
        complain(told(absent.failure), _ABSENT)
        raise typer.Exit(NOT_THERE) from absent
    except RegisterUnavailable as trouble:
        complain(told(trouble.failure), next_step(trouble.failure))
        raise typer.Exit(FAILED) from trouble
    except (ConfigError, SecretMissing) as error:
        fail(*str(error).splitlines())


def _opened(section: RegisterSection) -> WebkassaRegister:
    register = open_configured(section, secret=read_secret, transport=None, clock=SystemClock())
    if not isinstance(register, WebkassaRegister):
        register.close()
        raise ConfigError("register.url: opens no Webkassa cashbox")
    return register


def _for_reading(section: RegisterSection, login: str | None, password: str | None) -> RegisterSection:
    """The register's section for a reader: it yields its session, and may come as another user. ConfigError."""
    parts = urlsplit(section.url)
    if not section.url:
        raise ConfigError("register.url is empty: name the till's configuration with --config")
    if parts.scheme not in SCHEMES:
        family = parts.scheme.partition("+")[0]
        raise ConfigError(f"register.url is a register of family {family}: this command reads {FAMILY} cashboxes only")
    if (login is None) != (password is None):
        raise ConfigError("--login and --password go together: another user, and where the password lies")
    options, secrets = {"session": "yield"}, dict(section.secrets)
    if login is not None and password is not None:
        try:
            secrets[READER_SECRET] = check_reference(password)
        except ValueError as error:
            raise ConfigError(f"--password: {error}") from None
        options |= {"login": login, "password_secret": READER_SECRET}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in options]
    url = parts._replace(query=urlencode([*kept, *options.items()])).geturl()
    return section.model_copy(update={"url": url, "secrets": secrets})


def told(failure: Failure) -> str:
    return f"{failure.code}: {failure.text}" + (f" ({failure.place})" if failure.place else "")


def next_step(failure: Failure) -> str:
    return _BY_CODE.get(failure.code) or _BY_KIND.get(failure.kind, "Ask Webkassa's support, with the words above.")


def complain(*lines: str) -> None:
    for line in lines:
        typer.echo(visible(line.encode("utf-8", "replace")), err=True)
