"""What pyproject.toml cannot say: the extension, and the stable ABI in the wheel's tag."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup

# Manual pages and completions, where `make pages` has written them: a release has them
# in its sdist, so that a build from it needs none of the tools that write them.
shared: dict[str, list[str]] = {}
for path in sorted(Path("share").rglob("*")):
    if path.is_file():
        shared.setdefault(path.parent.as_posix(), []).append(path.as_posix())

setup(
    cffi_modules=["native/build_zfs.py:ffibuilder"],
    data_files=sorted(shared.items()),
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
