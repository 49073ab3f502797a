"""Wheels of a few modules: what packs and unpacks them looks at nothing else."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str, tag: str = "py3-none-any", **modules: str) -> Path:
    """A wheel of these modules, its RECORD true."""
    info = f"{name}-{version}.dist-info"
    contents = {f"{name}/{module}.py": text.encode() for module, text in modules.items()}
    contents[f"{info}/METADATA"] = f"Name: {name}\nVersion: {version}\nLicense-Expression: MIT\n".encode()
    rows = []
    for place, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{place},sha256={digest},{len(content)}")
    target = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for place, content in contents.items():
            archive.writestr(place, content)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return target
