"""What pyproject.toml cannot say: extension, wheel tag, and the README for an index."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

# A package index shows this text by itself, where a link to another file of the project
# leads nowhere: the name of the file stands in its place, and pictures are left out.
PICTURE = re.compile(r"!\[[^]]*\]\((?!https?:)[^)]*\)\n*")
LINK = re.compile(r"\[([^]]+)\]\((?!https?:|#)([^)]+)\)")


def readme_alone(text: str) -> str:
    """Return the README without what needs the other files of the project."""

    def named(link: re.Match[str]) -> str:
        words, file = link.groups()
        return f"`{file}`" if file.startswith(words.rstrip("/")) else f"{words} (`{file}`)"

    return LINK.sub(named, PICTURE.sub("", text))


# Manual pages and completions, where `make pages` has written them: a release has them
# in its sdist, so that a build from it needs none of the tools that write them.
shared: dict[str, list[str]] = {}
for path in sorted(Path("share").rglob("*")):
    if path.is_file():
        shared.setdefault(path.parent.as_posix(), []).append(path.as_posix())

setup(
    long_description=readme_alone(Path("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    cffi_modules=["native/build_zfs.py:ffibuilder"],
    data_files=sorted(shared.items()),
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
