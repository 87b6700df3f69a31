"""The kinds of parts are those that the C code writes."""

from __future__ import annotations

import re

from source_tree import ROOT
from zfstune.values import stream_parts


def test_the_numbers_are_those_of_the_header() -> None:
    """Each constant of native/stream_content.h stands here with its value."""
    header = (ROOT / "native" / "stream_content.h").read_text(encoding="utf-8")
    [kinds] = re.findall(r"enum part_kind \{ (.*?) \};", header)
    values = {name: number for number, name in enumerate(kinds.split(", "))}
    [bits] = re.findall(r"enum \{ (PART_RAW.*?) \};", header)
    for name, shift, number in re.findall(r"(PART_\w+) = (1 << )?(\d+)", bits):
        values[name] = 1 << int(number) if shift else int(number)
    assert values == {
        f"PART_{name}": getattr(stream_parts, name)
        for name in stream_parts.__all__
        if name != "KIND"
    }
    assert all(value & stream_parts.KIND == value for value in range(len(kinds.split(","))))
