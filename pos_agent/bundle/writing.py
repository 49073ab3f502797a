"""Writes a support bundle: every part cleaned of secrets, check parts, tax numbers and, unless wanted, names."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pos_agent.bundle.collecting import collect, known_names, known_secrets
from pos_agent.doctor.edge import Edge
from pos_agent.redaction import Redactor, cleaned, redactor

README = """Support bundle of a till (pos-agent).

versions.json      agent, Python, SQLite, system, packages, user and service
doctor.json        every check of `pos-agent doctor`
config.json        each value with its source; of secrets only where they lie
status.json        what the running agent said
journal.json       rows by kind, sizes, the last rows without codes and documents
log.jsonl          the agent's log
service.txt        the service's log, where systemd keeps one
devices.json       ports and devices
environment.json   names of variables, values of a few

Taken out: secrets, check parts of marking codes (91 to 93), numbers of 12 digits, names of cashiers unless asked for.
"""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size_bytes: int


def write(target: Path, config: Path, edge: Edge, *, names: bool) -> tuple[Part, ...]:
    """Make the archive; returns what is in it. Raises OSError; FileExistsError where there is one already."""
    hidden = known_secrets(config, edge) + ([] if names else known_names(config, edge))
    clean = redactor(hidden)
    texts = [("README.txt", README), *((name, _text(data, clean)) for name, data in collect(config, edge, names=names))]
    with target.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts:
            archive.writestr(name, text)
    return tuple(Part(name, len(text.encode())) for name, text in texts)


def _text(data: Any, clean: Redactor) -> str:
    if isinstance(data, str):
        return clean(data)
    return json.dumps(cleaned(data, clean), ensure_ascii=False, indent=1, default=str) + "\n"
