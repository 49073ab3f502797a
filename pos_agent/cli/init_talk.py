"""What `pos-agent init` tells and asks. Without a person at the terminal it asks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import typer

from pos_agent.cli.terminal import Terminal, terminal
from pos_agent.config import Config
from pos_agent.setup.draft import till_name
from pos_agent.setup.files import USER, service_user
from pos_agent.setup.finding import Found
from pos_agent.speech import Words


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud register that a few questions make an address of."""

    title: str
    url: str  # With what is asked in braces.
    asks: tuple[str, ...]


CLOUDS: Final = (
    Cloud("Webkassa", "webkassa+https://kkm.webkassa.kz?cashbox={number}&login={login}", ("number", "login")),
    Cloud("reKassa", "rekassa+https://app.rekassa.kz/partner?number={number}", ("number",)),
    Cloud("uKassa", "ukassa+https://ukassa.kz?hashline={number}&kassa={kassa}&section={section}&email={login}",
          ("number", "kassa", "section", "login")),
)  # fmt: skip


class Talk:
    def __init__(self, words: Words, stream: IO[str], *, asks: bool) -> None:
        self.words = words
        self._asks = asks
        own = terminal()
        self._out = Terminal(own.width, own.styled and stream.isatty(), lambda text: _write(stream, text))

    def say(self, text: str, style: str = "") -> None:
        self._out.say(text, style)

    def found(self, found: Found) -> None:
        """Everything that was found, taken or not."""
        words = self.words
        for key, rows in (
            ("init.scanners", [(one.what, one.url, one.certain) for one in found.scanners]),
            ("init.registers", [(one.what, one.url, one.answered) for one in found.registers]),
            ("init.printers", [(one.what, one.url, True) for one in found.printers]),
        ):
            self._out.say(words(key), "head")
            for what, url, taken in rows:
                self._out.say(f"{'✔' if taken else '·'} {what}", "good" if taken else "dim", indent=2, hang=4)
                self._out.exact(f"    {url}", "step")
            if not rows:
                self._out.say(words("init.none"), "dim", indent=2)

    def questions(self, found: Found, given: Mapping[str, Any], host: str) -> dict[str, Any]:
        """Answers to what was neither found nor given."""
        if not self._asks:
            return {}
        answers: dict[str, Any] = {}
        if "name" not in given.get("till", {}):
            answers["till"] = {"name": _asked(self.words("init.ask_name"), till_name(host))}
        if "url" not in given.get("register", {}) and not any(one.answered for one in found.registers):
            url = self._register()
            if url:
                answers["register"] = {"url": url}
        if "url" not in given.get("sync", {}):
            url = _asked(self.words("init.ask_hq"))
            if url:
                answers["sync"] = {"url": url}
        return answers

    def _register(self) -> str:
        self._out.say(self.words("init.ask_register"))
        for number, cloud in enumerate(CLOUDS, 1):
            self._out.say(f"{number}  {cloud.title}", indent=2)
        self._out.say(f"{len(CLOUDS) + 1}  {self.words('init.by_address')}", indent=2)
        self._out.say(f"0  {self.words('init.later')}", indent=2)
        choice = typer.prompt(self.words("init.number"), default=0, type=int, err=True)
        if choice == len(CLOUDS) + 1:
            return _asked(self.words("init.ask_url"))
        if not 1 <= choice <= len(CLOUDS):
            return ""
        cloud = CLOUDS[choice - 1]
        values = {name: _asked(self.words(f"init.ask_{name}")) for name in cloud.asks}
        return cloud.url.format(**{name: quote(value, safe="@") for name, value in values.items()})

    def secrets(self, references: Sequence[str]) -> dict[str, str]:
        """What a person types for each secret that has no file yet; an empty answer is "later"."""
        typed: dict[str, str] = {}
        for reference in references if self._asks else ():
            path = Path(reference.removeprefix("file:"))
            if path.exists() or path.name == "hq-key":  # That one is made by `sync-key`, and never typed.
                continue
            question = self.words("init.ask_secret", name=path.name)
            value = typer.prompt(question, default="", show_default=False, hide_input=True, err=True)
            if value:
                typed[reference] = value
        return typed

    def written(
        self, path: Path, kept: Path | None, made: Sequence[str], missing: Sequence[str], found: Found, config: Config
    ) -> None:
        """What was made, and the next steps in their order."""
        words, out = self.words, self._out
        out.say()
        out.say(words("init.made"), "good")
        for name in made:
            out.exact(f"  {name}")
        if kept is not None:
            out.say(words("init.kept", path=kept))
        out.say()
        out.say(words("init.next"), "head")
        for number, (text, command) in enumerate(self._steps(path, missing, found, config), 1):
            out.say(f"{number}. {text}", hang=3)
            if command:
                out.exact(f"   $ {command}", "step")

    def _steps(self, path: Path, missing: Sequence[str], found: Found, config: Config) -> list[tuple[str, str]]:
        words = self.words
        # What the service reads is its own: a file of root's with mode 0600 it could not read.
        owner, as_service = (f" -o {USER}", f" -u {USER}") if service_user() else ("", "")
        steps: list[tuple[str, str]] = []
        if "register" in missing:
            steps.append((words("init.step_register"), f"sudo editor {path}"))
        for reference in (one for one in missing if one != "register"):
            file = reference.removeprefix("file:")
            if file.endswith("hq-key"):
                steps.append((words("init.step_key"), f"sudo{as_service} pos-agent sync-key --config {path}"))
            else:
                command = f"sudo install -m 600{owner} /dev/null {file} && sudo editor {file}"
                steps.append((words("init.step_secret", file=file), command))
        if found.modem_manager and any(scanner.url.startswith(("serial", "ssi")) for scanner in config.scanners):
            steps.append((words("init.step_rule"), ""))
        steps.append((words("init.step_goods"), f"pos-agent cache import goods.csv --database {config.cache_path}"))
        if config.printer.url:
            steps.append((words("init.step_printer"), f"pos-agent print-test --config {path}"))
        steps.append((words("init.step_doctor"), f"sudo pos-agent doctor --config {path}"))
        return steps


def _asked(question: str, default: str = "") -> str:
    """An answer; on standard error, because standard output may be the file itself."""
    return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()


def _write(stream: IO[str], text: str) -> None:
    """Bytes: the encoding of a redirected Windows console has no Kazakh letters."""
    stream.flush()
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)
        return
    buffer.write(text.encode("utf-8", "replace"))
    buffer.flush()
