"""Starting a collector by hand."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sync.hq.__main__ import TokensInvalid, main, read_tokens

TOKEN = "till token"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[til]\na = '1'", "did you mean [tills]"),
        ("[readers]\na = '" + DIGEST + "'", "name no till"),
        ("[tills]\na = 'the token itself'", "tills.a"),
        ("tills = 3", "must be a table"),
        ("[tills", "table declaration"),
    ],
)
def test_a_wrong_tokens_file_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(TokensInvalid) as caught:
        read_tokens(text)
    assert place in str(caught.value)


def test_a_missing_file_or_an_unfit_database_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = tmp_path / "tokens.toml"
    assert main(["--database", f"sqlite:///{tmp_path}/a", "--tokens", str(tokens)]) == 2
    tokens.write_text(f"[tills]\nt = '{DIGEST}'")
    assert main(["--database", "mysql://nowhere/a", "--tokens", str(tokens)]) == 2
    told = capsys.readouterr().err
    assert "tokens.toml" in told
    assert "PostgreSQL or SQLite" in told


def test_the_command_serves_a_till(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.toml"
    tokens.write_text(f"[tills]\nt = '{DIGEST}'")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sync.hq", "--database", f"sqlite:///{tmp_path}/rows.sqlite"]
    process = subprocess.Popen(
        [*command, "--tokens", str(tokens), "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 30
        while True:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/v1/tills", headers={"Authorization": f"Bearer {TOKEN}"})
                break
            except httpx.ConnectError:
                assert time.monotonic() < end, "the collector did not start"
                time.sleep(0.1)
        assert answer.status_code == 200
    finally:
        process.terminate()
        process.wait(20)
