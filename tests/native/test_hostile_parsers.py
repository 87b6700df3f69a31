"""Whatever strangers write: a parser takes it, or refuses it with an error of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile_parsers import PARSERS
from lots import seed, tally, whole
from source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = ROOT / "tests" / "plugins" / "fuzz_parser.py"
SEED = seed(20261201)
RUNS = int(os.environ.get("ZFSTUNE_FUZZ_RUNS", "0"))
EDGES = [
    b"",
    b"\0",
    b"\xff",
    b"-1",
    b"0",
    b"9" * 30,
    b"[",
    b"{",
    b'"',
    b"\n",
    b"\t",
    b"=",
    b"1e999",
]

edits = st.lists(
    st.tuples(
        st.integers(0, 1 << 20),
        st.integers(0, 12),
        st.one_of(st.sampled_from(EDGES), st.binary(max_size=4)),
    ),
    max_size=4,
)


def edited(text: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Replace some bytes at some places by others."""
    for place, length, new in changes:
        at = place % (len(text) + 1)
        text = text[:at] + new + text[at + length :]
    return text


@pytest.mark.parametrize("name", PARSERS)
def test_its_own_seeds(name: str) -> None:
    """Most seeds are accepted, so that what is changed in one is met late."""
    parser = PARSERS[name]
    accepted = [parser.feed(text) for text in parser.seeds]
    assert name == "text of a token" or all(accepted)


@pytest.mark.parametrize("name", PARSERS)
@given(st.data())
def test_refused_in_words_or_taken(name: str, data: st.DataObject) -> None:
    """No change of a sound input leads to another error."""
    parser = PARSERS[name]
    parser.feed(edited(data.draw(st.sampled_from(parser.seeds)), data.draw(edits)))


def fuzzed_by_coverage(tmp_path: Path, name: str) -> None:
    """Let atheris look for new ways through a parser, with so many inputs."""
    for number, text in enumerate(PARSERS[name].seeds):
        (tmp_path / f"seed-{number}").write_bytes(text)
    options = (f"-runs={RUNS}", f"-seed={SEED % (1 << 32)}", "-max_len=4096", "-timeout=20")
    done = subprocess.run(
        [
            sys.executable,
            PROGRAM,
            name,
            *options,
            f"-artifact_prefix={tmp_path}/",
            tmp_path,
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    # On a finding it prints the input, in base64 as well.
    assert done.returncode == 0, done.stderr[-20_000:]
    [count] = re.findall(r"^Done (\d+) ", done.stderr, re.MULTILINE)
    assert int(count) >= RUNS
    tally(inputs=int(count))


if whole() and RUNS:  # it takes atheris
    test_fuzzed_by_coverage = pytest.mark.parametrize("name", PARSERS)(fuzzed_by_coverage)
