"""What a wheel and the list of its contents claim, beside what they hold.

auditwheel writes the claim into a wheel's name; it looks at no processor but by the name
of the platform, and nothing looks at the list.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

__all__ = ["sbom_faults", "wheel_faults"]

# e_machine of an ELF file, which follows 16 bytes of its own and the two of its type.
_MACHINES = {"x86_64": 62, "aarch64": 183}
_MACHINE_AT = 18
_SYMBOL_VERSION = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)")


def wheel_faults(
    wheel: Path, processor: str, platform: str, glibc: tuple[int, int]
) -> Iterator[str]:
    """Yield what is wrong with a wheel.

    Args:
        wheel: The file.
        processor: As in ``aarch64``.
        platform: The word for it and its C library in the name.
        glibc: The release of glibc that it may ask for at the most.
    """
    python, abi, platforms = wheel.name.removesuffix(".whl").split("-")[2:]
    if (python, abi) != ("cp311", "abi3"):
        yield f"it is for {python}-{abi}, and not for each Python from 3.11 on"
    if platform not in platforms.split("."):
        yield f"its name does not say {platform}"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [info] = [name for name in names if name.endswith(".dist-info/WHEEL")]
        tags = set(re.findall(r"^Tag: (.+)$", archive.read(info).decode(), re.MULTILINE))
        libraries = [name for name in names if ".so" in name]
        codes = {name: archive.read(name) for name in libraries}
    if tags != {f"{python}-{abi}-{each}" for each in platforms.split(".")}:
        yield f"its name and its tags differ: {sorted(tags)}"
    if libraries != ["zfstune/_zfs.abi3.so"]:
        yield f"it has the libraries {libraries}"
    for name, code in codes.items():
        machine = int.from_bytes(code[_MACHINE_AT : _MACHINE_AT + 2], "little")
        if machine != _MACHINES[processor]:
            yield f"{name} is for another processor than {processor}: {machine}"
        asked = [(int(a), int(b)) for a, b in _SYMBOL_VERSION.findall(code)]
        if not asked or max(asked) > glibc:
            yield f"{name} asks for glibc {max(asked, default='none')}"


def sbom_faults(
    document: Mapping[str, Any], version: str, pins: Mapping[str, str]
) -> Iterator[str]:
    """Yield what is wrong with the list of what an installation consists of.

    Args:
        document: The list, as CycloneDX.
        version: That of zfstune.
        pins: Versions by the names of what comes along.
    """
    if document.get("bomFormat") != "CycloneDX":
        yield "it is no CycloneDX document"
    subject = document["metadata"]["component"]
    if (subject["name"], subject.get("version")) != ("zfstune", version):
        yield f"it is about {subject['name']} {subject.get('version')}"
    listed = {part["name"]: part["version"] for part in document["components"]}
    listed.pop("zfstune", None)
    if listed != dict(pins):
        yield f"it lists {listed}, and {dict(pins)} come along"
