"""Secrets lie elsewhere; the reference is checked at once and read late."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.secret_reference import SecretMissing, check_reference, read_secret


@pytest.mark.parametrize("reference", ["env:TILL_PASSWORD", "file:/etc/pos-agent/password", "credential:password"])
def test_a_reference_is_taken_unread(reference: str) -> None:
    assert check_reference(reference) == reference


@pytest.mark.parametrize("value", ["hunter2", "", "env:", "vault:x", "ENV:X", ":x", "password=1"])
def test_a_secret_itself_is_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(ValueError, match="never as its value") as caught:
        check_reference(value)
    assert value in ("", "env:") or value not in str(caught.value)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILL_PASSWORD", "with space ")
    assert read_secret("env:TILL_PASSWORD") == "with space "


@pytest.mark.parametrize("content", ["s3cret", "s3cret\n", "s3cret\r\n", "\ufeffs3cret\r\n"])
def test_a_secret_comes_from_a_file_as_any_editor_leaves_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content.encode())
    assert read_secret(f"file:{path}") == "s3cret"


def test_a_secret_comes_from_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret("credential:password") == "s3cret"


def test_a_missing_secret_says_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for reference, said in {
        "env:NOT_THERE": "NOT_THERE is not set",
        "env:EMPTY": "EMPTY is not set or empty",
        f"file:{tmp_path / 'nowhere'}": "mode 0600",
        f"file:{tmp_path}": "secret file",
        f"file:{tmp_path / 'empty'}": "it is empty",
        f"file:{tmp_path / 'binary'}": "not UTF-8",
        "credential:password": "LoadCredential",
    }.items():
        with pytest.raises(SecretMissing, match=said):
            read_secret(reference)
