"""Secrets by reference: the configuration says where a secret lies, never what it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

CREDENTIALS = "CREDENTIALS_DIRECTORY"  # Set by systemd for LoadCredential=.


class SecretMissing(Exception):
    """The reference leads nowhere; the text says what to do."""


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SecretMissing(f"environment variable {name} is not set or empty")
    return value


def _from_file(path: str) -> str:
    try:
        value = Path(path).read_text(encoding="utf-8-sig").rstrip("\r\n")  # Notepad writes a byte order mark.
    except OSError as error:
        raise SecretMissing(f"secret file {path}: {error.strerror}; create it with mode 0600") from error
    except UnicodeDecodeError:
        raise SecretMissing(f"secret file {path}: it is not UTF-8 text") from None
    if not value:
        raise SecretMissing(f"secret file {path}: it is empty")
    return value


def _from_credential(name: str) -> str:
    folder = os.environ.get(CREDENTIALS)
    if folder is None:
        raise SecretMissing(f"credential {name}: not started by systemd with LoadCredential")
    return _from_file(str(Path(folder) / name))


SOURCES: Mapping[str, Callable[[str], str]] = {
    "env": _from_environment,
    "file": _from_file,
    "credential": _from_credential,
}


def check_reference(reference: str) -> str:
    """A well-formed reference, unread. Raises ValueError: a secret itself must not stand in the file."""
    kind, colon, place = reference.partition(":")
    if not colon or kind not in SOURCES or not place:
        raise ValueError("a secret is given as env:NAME, file:PATH or credential:NAME, never as its value")
    return reference


def read_secret(reference: str) -> str:
    """The secret. Raises SecretMissing."""
    kind, _, place = reference.partition(":")
    return SOURCES[kind](place)
