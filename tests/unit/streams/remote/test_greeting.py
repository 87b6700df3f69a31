"""The first line of another host."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.greeting import (
    PROBE,
    PROTOCOL,
    Greeting,
    greeting_line,
    read_greeting,
)


def test_there_and_back() -> None:
    """A zfstune says which protocol it speaks; a probe says what is there without one."""
    line = greeting_line("1.2.dev3+local")
    assert line.endswith(b"\n")
    assert read_greeting(line[:-1]) == Greeting("zfstune", PROTOCOL, "1.2.dev3+local")
    assert read_greeting(b"zfs-alone") == Greeting("zfs-alone")


@given(st.binary(max_size=60))
def test_other_words(line: bytes) -> None:
    """All else is refused, in words that can be printed."""
    reason = ""
    try:
        read_greeting(line)
    except BadMessageError as error:
        reason = error.reason
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("programs", "said"),
    [(["zfs", "zfstune"], "I am zfstune serve"), (["zfs"], "zfs-alone"), ([], "no-zfs")],
)
def test_the_probe(tmp_path: object, programs: list[str], said: str) -> None:
    """A shell finds the better of the two that there are."""
    for name in programs:
        program = f"{tmp_path}/{name}"
        with open(program, "w", encoding="ascii") as file:  # noqa: PTH123 (a name alone)
            file.write(f'#!/bin/sh\necho "I am {name} $*"\n')
        subprocess.run(["chmod", "+x", program], check=True)
    line = PROBE.replace("PATH=$PATH:", f"PATH={tmp_path}:/bin:/nonexistent").replace(
        "/usr/local/sbin:/usr/sbin:/sbin", ""
    )
    done = subprocess.run(
        ["/bin/sh", "-c", line],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (f"{said}\n", "")
