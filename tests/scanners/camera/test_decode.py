"""`pos-agent decode`, through the command line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from pos_agent.cli.decode import decode_command

PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"

app = typer.Typer()
app.command()(decode_command)


def decode(*arguments: object, standard_input: bytes = b"") -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=standard_input)


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def png(symbol: Any, frame_of: Any) -> Callable[..., bytes]:
    def encode(*placed: Any) -> bytes:
        drawn = placed or ((symbol(PACK, gs1=True), 200, 150),)
        return cv2.imencode(".png", frame_of(*drawn))[1].tobytes()

    return encode


@pytest.fixture
def empty_png() -> bytes:
    return cv2.imencode(".png", np.full((48, 64), 200, np.uint8))[1].tobytes()


def test_a_symbol_is_printed_with_its_bytes_place_and_reader(png: Any, symbol: Any, tmp_path: Path) -> None:
    file = tmp_path / "pack.png"
    file.write_bytes(png())
    result = decode(file)
    assert result.exit_code == 0, result.stderr
    (found,) = objects(result)
    assert base64.b64decode(found["bytes"]) == PACK_BYTES
    assert found["text"] == PACK_BYTES.decode()
    assert "\\u001d93dGVz" in result.stdout
    assert (found["file"], found["symbology"], found["step"]) == (str(file), "]d2", "zxing")
    assert found["ms"] > 0
    side = symbol(PACK, gs1=True).shape[0]
    expected = [[200, 150], [200 + side, 150], [200 + side, 150 + side], [200, 150 + side]]
    assert np.abs(np.array(found["corners"]) - expected).max() < 3


def test_several_symbols_are_several_objects(png: Any, symbol: Any, tmp_path: Path) -> None:
    file = tmp_path / "two.png"
    file.write_bytes(png((symbol("left"), 40, 40), (symbol("right"), 400, 300)))
    assert {found["text"] for found in objects(decode(file))} == {"left", "right"}


def test_linear_codes_are_read_only_when_asked_for(png: Any, symbol: Any, tmp_path: Path) -> None:
    file = tmp_path / "ean.png"
    file.write_bytes(png((symbol("4870249811936", kind="EAN13", scale=2)[:100], 200, 150)))
    assert decode(file).exit_code == 1
    result = decode(file, "--formats", "dm,ean")
    assert [(found["text"], found["symbology"]) for found in objects(result)] == [("4870249811936", "]E0")]


def test_a_picture_without_a_code_is_exit_1_and_told(empty_png: bytes, png: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(empty_png)
    (tmp_path / "b.png").write_bytes(png())
    result = decode(tmp_path)
    assert result.exit_code == 1
    assert [found["file"] for found in objects(result)] == [str(tmp_path / "b.png")]
    assert f"{tmp_path / 'a.png'}: no code read in 64x48 pixels" in result.stderr
    assert "closer" in result.stderr


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "no bytes"), (b"garbage", "save it as PNG"), (None, "check the path")],
)
def test_a_bad_file_is_exit_2_with_a_remedy_and_the_others_are_read(
    data: bytes | None, words: str, png: Any, tmp_path: Path
) -> None:
    (tmp_path / "good.png").write_bytes(png())
    bad = tmp_path / "bad.png"
    if data is not None:
        bad.write_bytes(data)
    result = decode(bad, tmp_path / "good.png")
    assert result.exit_code == 2
    assert len(objects(result)) == 1
    assert str(bad) in result.stderr
    assert words in result.stderr


def test_standard_input_is_a_picture(png: Any) -> None:
    result = decode("-", standard_input=png())
    assert [found["file"] for found in objects(result)] == ["standard input"]
    assert result.exit_code == 0
    assert decode("-", standard_input=b"").exit_code == 2


def test_an_empty_folder_is_exit_1(tmp_path: Path) -> None:
    result = decode(tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no picture in this folder" in result.stderr


@pytest.mark.parametrize("arguments", [("x.png", "--formats", "dn"), ("x.png", "--budget-ms", "0"), ()])
def test_a_wrong_use_is_exit_2(arguments: tuple[str, ...]) -> None:
    result = decode(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_the_nearest_format_is_named() -> None:
    assert "did you mean 'dm'" in decode("x.png", "--formats", "dn").stderr


def test_pictures_with_their_symbols_drawn_are_written_without_overwriting(png: Any, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pack.png").write_bytes(png())
    drawn = tmp_path / "drawn"
    result = decode(tmp_path / "one", tmp_path / "two", "--annotate", drawn)
    assert result.exit_code == 0, result.stderr
    assert sorted(file.name for file in drawn.iterdir()) == ["pack-2.png", "pack.png"]
    picture: Any = cv2.imread(str(drawn / "pack.png"))
    assert picture.shape == (480, 640, 3)
    assert (picture[..., 0].astype(int) - picture[..., 2] > 60).any()


def test_a_folder_that_cannot_be_written_is_exit_2(png: Any, tmp_path: Path) -> None:
    (tmp_path / "pack.png").write_bytes(png())
    result = decode(tmp_path / "pack.png", "--annotate", tmp_path / "pack.png" / "drawn")
    assert result.exit_code == 2
    assert len(objects(result)) == 1


def test_all_steps_tells_what_was_tried_on_each_picture(empty_png: bytes, png: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    (tmp_path / "b.png").write_bytes(empty_png)
    symbol, first, second = objects(decode(tmp_path, "--all-steps"))
    assert symbol["symbology"] == "]d2"
    assert (first["symbols"], second["symbols"]) == (1, 0)
    assert first["steps"][0] == second["steps"][0] == "zxing"
    assert second["file"].endswith("b.png")


def test_a_picture_of_several_pages_says_that_one_is_read(png: Any, tmp_path: Path) -> None:
    file = tmp_path / "pages.tif"
    page: Any = cv2.imdecode(np.frombuffer(png(), np.uint8), cv2.IMREAD_COLOR)
    assert cv2.imwritemulti(str(file), [page, page])
    result = decode(file)
    assert result.exit_code == 0
    assert "only the first" in result.stderr


def test_a_missing_libdmtx_is_said_once_where_a_picture_was_not_read(
    empty_png: bytes, png: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib/pylibdmtx").mkdir(parents=True)
    (tmp_path / "lib/pylibdmtx/__init__.py").touch()  # In the way of the real one, and without what is looked for.
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "read.png").write_bytes(png())
    assert decode(pictures).stderr == ""
    for name in ("a.png", "b.png"):
        (pictures / name).write_bytes(empty_png)
    lines = decode(pictures).stderr.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("one reader of three was missing: pylibdmtx.wrapper is not installed: pip install")
    assert len(decode(pictures, "--formats", "qr").stderr.splitlines()) == 3  # Each picture's own; libdmtx reads no QR.
