"""Programs that are run for the user: lines to and from them, and their end in time."""

from __future__ import annotations

import os
import pwd
import time

import pytest

from zfstune.host.coprocess import Coprocess, run_hook
from zfstune.values.errors import HookError

SHELL = "/bin/sh"


def test_lines_go_to_and_fro() -> None:
    """The program reads what is written, and its answer ends at the line agreed on."""
    with Coprocess(["/bin/cat"], "cat", 10) as child:
        child.say("one\ntwo\nready\nthree\nready\n")
        assert child.lines_until("ready") == ["one", "two"]
        assert child.lines_until("ready") == ["three"]
        child.say("\udcff\nend\n")
        assert child.lines_until("end") == ["\udcff"]
        child.finish()


def test_the_end_of_a_program_is_no_answer() -> None:
    """A program that ends before it answered is an error that names how it ended."""
    with (
        Coprocess([SHELL, "-c", "echo one; exit 4"], "the command", 10) as child,
        pytest.raises(HookError, match="the command ended with exit status 4"),
    ):
        child.lines_until("ready")
    with (
        Coprocess([SHELL, "-c", "kill -KILL $$"], "the command", 10) as child,
        pytest.raises(HookError, match="the command ended with signal 9"),
    ):
        child.finish()


def test_a_program_that_ended_cannot_be_spoken_to() -> None:
    """Writing to a program that reads no more is a HookError, not a BrokenPipeError."""
    with Coprocess([SHELL, "-c", "exec <&-; echo closed; sleep 50"], "it", 10) as child:
        assert child.lines_until("closed") == []
        with pytest.raises(HookError, match="it ended with signal 15"):
            child.say("hello\n")


def test_an_answer_has_its_time() -> None:
    """A program that keeps silent is ended, and the hint names the option."""
    begun = time.monotonic()
    with (
        Coprocess([SHELL, "-c", "sleep 50"], "the command", 0.3) as child,
        pytest.raises(HookError, match=r"any longer for the command: 0\.3 s") as late,
    ):
        child.lines_until("ready")
    assert time.monotonic() - begun < 20
    assert "--hook-timeout" in late.value.hint


def test_output_without_an_end_is_cut_off() -> None:
    """A program that writes without an answer does not fill the memory."""
    with (
        Coprocess(["/bin/cat", "/dev/zero"], "the command", 60) as child,
        pytest.raises(HookError, match="the command ended with signal 15"),
    ):
        child.lines_until("ready")


def test_a_hook_reads_its_environment_and_nothing_else() -> None:
    """The environment has the facts; standard input is closed, output goes nowhere."""
    line = 'cat; seq 100000; test "$ZFSTUNE_PHASE" = before'
    run_hook(line, "the hook", 20, {"ZFSTUNE_PHASE": "before"})
    with pytest.raises(HookError, match="the hook ended with exit status 1"):
        run_hook(line, "the hook", 20, {})


def test_a_program_that_does_not_exist() -> None:
    """The error names the program by the caller's words."""
    with pytest.raises(HookError, match="cannot run the command: No such file"):
        Coprocess(["/does/not/exist"], "the command", 10)


def test_a_user_that_does_not_exist() -> None:
    """No program is started as somebody else instead."""
    with pytest.raises(HookError, match="'no such user': there is no such user"):
        Coprocess([SHELL, "-c", "true"], "the command", 10, user="no such user")


def test_a_program_runs_as_the_user_named() -> None:
    """User and groups are the user's own; only root can run as somebody else."""
    user = pwd.getpwuid(os.getuid() or pwd.getpwnam("nobody").pw_uid)
    if os.getuid():
        with pytest.raises(HookError, match="cannot run the command"):
            Coprocess(["/bin/true"], "the command", 10, user="root")
        return
    script = "id -u; id -g; id -G; echo end; cat"
    with Coprocess([SHELL, "-c", script], "id", 10, user=user.pw_name) as child:
        uid, gid, groups = child.lines_until("end")
    assert (int(uid), int(gid)) == (user.pw_uid, user.pw_gid)
    assert "0" not in groups.split()
