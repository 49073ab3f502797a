"""Builds the archive of one version for one kind of machine: deploy/wheelhouse and deploy/bundle."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import building

from pos_agent.install.bundle import pack, signature_of
from pos_agent.install.manifest import MANIFEST, SIGNATURE, WHEELS, Manifest, digests_below
from pos_agent.install.releases import UDEV
from pos_agent.install.wheels import BadWheel
from pos_agent.journal.schema import SCHEMA_VERSION
from sync.signing import SEED_BYTES, KeyInvalid, Signer

SUMS = "SHA256SUMS"


def build(wheels: list[Path], output: Path, signer: Signer | None = None) -> Path:
    """Write the archive of `wheels`, ours among them; returns its path. The same wheels and time: the same bytes."""
    ours = next(wheel for wheel in wheels if wheel.name.startswith("pos_agent-"))
    fits, made_s = building.platform(), building.source_time_s()
    version = building.version_of(ours)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        for name, sources in ((WHEELS, wheels), (UDEV, [building.UDEV])):
            (folder / name).mkdir()
            for path in sources:
                shutil.copyfile(path, folder / name / path.name)
        shutil.copy(building.ROOT / "deploy" / "install", folder / "install")
        shutil.copyfile(building.ROOT / "docs" / "agent.toml", folder / "agent.toml")
        shutil.copyfile(building.ROOT / "LICENSE", folder / "LICENSE")
        files = digests_below(folder)
        sums = "".join(f"{digest}  {path}\n" for path, digest in files.items())
        (folder / SUMS).write_text(sums, encoding="utf-8")
        made_at = dt.datetime.fromtimestamp(made_s, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        manifest = Manifest(version, fits, SCHEMA_VERSION, made_at, digests_below(folder)).to_json()
        (folder / MANIFEST).write_bytes(manifest)
        if signer is not None:
            (folder / SIGNATURE).write_bytes(signature_of(manifest, signer))
        output.mkdir(parents=True, exist_ok=True)
        target = output / f"pos-agent-{version}-{fits.system}-{fits.machine}-py{fits.python}.tar"
        pack(folder, target, f"pos-agent-{version}", made_s)
    return target


def new_key(path: Path) -> Signer:
    signer = Signer.from_seed(secrets.token_bytes(SEED_BYTES))
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(signer.pem())
    return signer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=building.ROOT / "dist")
    parser.add_argument("--camera", action="store_true", help="with the packages of camera scanners")
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--sign", type=Path, metavar="KEY", help="sign with this private key")
    keys.add_argument("--new-key", type=Path, metavar="FILE", help="make a key, and print its public half")
    keys.add_argument("--public", type=Path, metavar="KEY", help="print the public half of a key")
    chosen = parser.parse_args()
    try:
        if chosen.new_key is not None:
            print(new_key(chosen.new_key).public_text())
            return
        key = chosen.sign or chosen.public
        signer = None if key is None else Signer.from_pem(key.read_text(encoding="utf-8"))
        if chosen.public is not None and signer is not None:
            print(signer.public_text())
            return
        with tempfile.TemporaryDirectory() as aside:
            wheels = [*building.runtime_wheels(camera=chosen.camera), building.project_wheel(Path(aside))]
            print(build(wheels, chosen.output, signer))
    except (building.CannotBuild, BadWheel, KeyInvalid) as error:
        sys.exit(f"not built: {error}")
    except OSError as error:
        sys.exit(f"not built: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
