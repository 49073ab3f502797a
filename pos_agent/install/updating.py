"""One update: checked, put beside the old version, switched to, looked at; and back again where it does not work.

The order is such that a power cut at any point leaves a version that runs: docs/durability.md.
"""

from __future__ import annotations

import http.client
import json
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pos_agent.clock import Clock
from pos_agent.config import Config
from pos_agent.install.bundle import trusted, unpack
from pos_agent.install.manifest import BadBundle, Manifest
from pos_agent.install.releases import CURRENT, PREVIOUS, Releases, is_older
from pos_agent.install.service import Supervisor, SupervisorFailed

HEALTH_WAIT_S = 60.0  # After the service says that it is up.
HEALTH_LOOK_S = 0.5
STOPPED = frozenset({"inactive", "deactivating", "unknown"})  # By a person. A service that failed is started again.
ANSWER_BYTES_MAX = 65_536

Health = Callable[[str], str | None]  # Version that should run -> why it does not; None: it runs and is well.


class Refused(Exception):
    """Nothing was changed. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`version` is the current one. `warnings`: what a person must still do. `failed`: why it is not the wanted one."""

    version: str
    before: str | None
    warnings: tuple[str, ...] = ()
    failed: str | None = None
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Updater:
    """`journal_schema`: the form the till's journal has now (0: there is none yet)."""

    releases: Releases
    supervisor: Supervisor
    health: Health
    journal_schema: Callable[[], int]
    interpreter: Path

    def update(self, bundle: Path, public: bytes, *, allow_older: bool = False) -> Outcome:
        """Raises BadBundle, Refused, SupervisorFailed, OSError. A version that does not get well is taken back."""
        before = self.releases.version(CURRENT)
        folder = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.releases.root))
        try:
            unpack(bundle, folder)
            manifest = trusted(folder, public)
            self._check_order(manifest, before, allow_older)
            self._check_reads(manifest)
            self.releases.add(folder, manifest, self.interpreter)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome = self._run(manifest.version, before)
        return replace(outcome, removed=tuple(self.releases.tidy()))

    def rollback(self) -> Outcome:
        """Back to the version before. Raises Refused, BadBundle, SupervisorFailed, OSError."""
        previous = self.releases.version(PREVIOUS)
        if previous is None:
            raise Refused("there is no version to go back to: this is the only one installed here")
        self._check_reads(self.releases.manifest(previous))
        return self._run(previous, self.releases.version(CURRENT))

    def _check_order(self, manifest: Manifest, before: str | None, allow_older: bool) -> None:
        if before == manifest.version:
            raise Refused(f"{before} runs already")
        if before is not None and is_older(manifest.version, before) and not allow_older:
            raise Refused(f"{manifest.version} is older than {before}, which runs: --allow-older, if it is meant")

    def _check_reads(self, manifest: Manifest) -> None:
        """A journal that a newer version has brought into another form cannot be read by an older one."""
        found = self.journal_schema()
        if found > manifest.journal_schema:
            raise Refused(
                f"{manifest.version} reads journals up to form {manifest.journal_schema}, this till's has form {found}"
                ": stay with the version that is here, and ask for one that mends what is wrong"
            )

    def _run(self, version: str, before: str | None) -> Outcome:
        """Switch and look; where it does not get well, switch back, if the old one can still read the journal."""
        runs = self.supervisor.state() not in STOPPED
        older = self.releases.version(PREVIOUS)
        self.releases.switch(version)
        if not runs:
            return Outcome(version, before, ("the service is stopped and was left so: start it, then look at it",))
        try:
            failed = self._restarted(version)
        except KeyboardInterrupt:  # Nobody knows whether it is well, so it is not left to a shop.
            failed = "interrupted before it was known to be well"
        if failed is None:
            return Outcome(version, before)
        if before is None:
            return Outcome(version, before, (), failed)
        try:
            self._check_reads(self.releases.manifest(before))
        except (Refused, BadBundle) as error:
            return Outcome(version, before, (str(error),), failed)
        self.releases.take_back(before, older)
        again = self._restarted(before)
        stays = () if again is None else (f"{before} does not run either: {again}",)
        return Outcome(before, version, stays, failed)

    def _restarted(self, version: str) -> str | None:
        try:
            self.supervisor.restart()
        except SupervisorFailed as error:
            return str(error)
        return self.health(version)


def asked(config: Config, clock: Clock, wait_s: float = HEALTH_WAIT_S) -> Health:
    """Health as the API tells it: it answers, it is the wanted version, and its journal can be written."""
    host = f"[{config.api.host}]" if ":" in config.api.host else config.api.host
    url = f"http://{host}:{config.api.port}/-/healthy"

    def health(version: str) -> str | None:
        until = clock.monotonic() + wait_s
        while (why := _unwell(url, version)) is not None and clock.monotonic() < until:
            clock.sleep(HEALTH_LOOK_S)
        return why

    return health


def _unwell(url: str, version: str) -> str | None:
    try:
        # No proxy of the environment: this is loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=5) as answer:
            facts = json.loads(answer.read(ANSWER_BYTES_MAX))
        runs, healthy = facts.get("version"), facts.get("healthy")
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError, AttributeError) as error:
        return f"{url} does not answer as an agent does: {error}"
    if runs != version:
        return f"{url} is answered by version {runs}"
    return None if healthy is True else "its journal cannot be written"
