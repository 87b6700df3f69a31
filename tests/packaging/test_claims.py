"""A release is looked at before it is one: what its files claim is what they hold."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

import zfstune._zfs
from claims import sbom_faults, wheel_faults
from wheels import PROCESSORS, platform_of

GLIBC = (2, 17)
MACHINES = {"x86_64": 62, "aarch64": 183}
PINS = {"cffi": "2.1.1", "pycparser": "3.12"}


def code_for(processor: str, newest: bytes = b"2.17") -> bytes:
    """Give this host's extension as if it were for a processor and a C library."""
    code = bytearray(Path(zfstune._zfs.__file__ or "").read_bytes())
    code[18:20] = MACHINES[processor].to_bytes(2, "little")
    return re.sub(rb"\0GLIBC_2\.\d\d(?=\0)", b"\0GLIBC_" + newest, bytes(code))


def wheel(
    folder: Path,
    processor: str,
    code: bytes,
    *,
    tag: str = "",
    library: str = "zfstune/_zfs.abi3.so",
    python: str = "cp311-abi3",
) -> Path:
    """Make a wheel; its tags are those of its name, or one other."""
    platforms = [f"manylinux2014_{processor}", platform_of(processor)]
    made = folder / f"zfstune-1.0-{python}-{'.'.join(platforms)}.whl"
    tags = [tag] if tag else [f"{python}-{each}" for each in platforms]
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(library, code)
        lines = "".join(f"Tag: {each}\n" for each in tags)
        archive.writestr("zfstune-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\n{lines}")
    return made


def faults(made: Path, processor: str) -> list[str]:
    """Look at a wheel."""
    return list(wheel_faults(made, processor, platform_of(processor), GLIBC))


@pytest.mark.parametrize("processor", PROCESSORS)
def test_wheels(tmp_path: Path, processor: str) -> None:
    """One that is what it says has no fault; each false claim is found."""
    code = code_for(processor)
    assert faults(wheel(tmp_path, processor, code), processor) == []
    [other] = set(PROCESSORS) - {processor}
    false: list[tuple[str, dict[str, Any]]] = [
        ("for another processor", {"code": code_for(other)}),
        (r"glibc \(2, 34\)", {"code": code_for(processor, b"2.34")}),
        ("glibc none", {"code": bytes(99)}),
        ("tags differ", {"tag": "py3-none-any"}),
        ("has the libraries", {"library": "zfstune/x.so"}),
        ("not for each Python", {"python": "cp311-cp311"}),
    ]
    for words, how in false:
        made = wheel(tmp_path, processor, **{"code": code, **how})
        assert re.search(words, "; ".join(faults(made, processor))), words
    elsewhere = wheel(tmp_path, other, code)
    assert f"does not say {platform_of(processor)}" in faults(elsewhere, processor)[0]


def listed(**changes: Any) -> dict[str, Any]:
    """Give a list of contents."""
    parts = [{"name": name, "version": version} for name, version in PINS.items()]
    subject = {"component": {"name": "zfstune", "version": "1.0"}}
    whole = {"bomFormat": "CycloneDX", "metadata": subject, "components": parts}
    return {**whole, **changes}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (listed(), ""),
        (listed(bomFormat="SPDX"), "no CycloneDX"),
        (listed(metadata={"component": {"name": "zfstune"}}), "about zfstune None"),
        (listed(metadata={"component": {"name": "x", "version": "1.0"}}), "about x"),
        (listed(components=[{"name": "cffi", "version": "2.1.1"}]), "pycparser"),
        (listed(components=[{"name": "cffi", "version": "1"}]), "'cffi': '1'"),
    ],
)
def test_lists(document: dict[str, Any], words: str) -> None:
    """What an installation consists of is listed, with its versions, and nothing else."""
    found = "; ".join(sbom_faults(document, "1.0", PINS))
    assert words in found
    assert bool(found) is bool(words)
