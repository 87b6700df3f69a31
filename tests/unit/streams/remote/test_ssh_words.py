"""Words for ssh and for the shell of another host, and ssh's complaints."""

from __future__ import annotations

import shutil
import string
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zfstune.streams.remote.ssh_words import complaint, remote_line, ssh_argv
from zfstune.values.errors import InvalidValue

WORDS = st.text(
    alphabet=sorted({*string.printable, " "} - {*string.whitespace, *"!\\"} | {" "})
)


@settings(max_examples=50, deadline=None)
@given(st.lists(WORDS, max_size=6))
def test_a_shell_gives_each_word_as_it_is(words: list[str]) -> None:
    """Nothing in a word is expanded, split or run, whichever shell reads the line."""
    line = remote_line(["printf", "[%s]", *words])
    for shell in filter(shutil.which, ("sh", "bash", "csh", "fish", "zsh")):
        done = subprocess.run(
            [shell, "-c", line], capture_output=True, text=True, check=True
        )
        assert done.stdout == "".join(f"[{word}]" for word in words or [""])


@pytest.mark.parametrize(("status", "told"), [(0, 0), (3, 3), (255, 1)])
def test_the_status_of_a_command(status: int, told: int) -> None:
    """It comes back, but for the one by which ssh says that it failed itself."""
    line = remote_line(["sh", "-c", f"exit {status}"])
    for shell in filter(shutil.which, ("sh", "bash", "csh", "fish", "zsh")):
        assert subprocess.run([shell, "-c", line], check=False).returncode == told


@pytest.mark.parametrize("word", ["a\nb", "a\0b", "a!b", "a\\b", "\x1b[2J", "é", "\udc80"])
def test_words_that_shells_differ_about(word: str) -> None:
    """They are refused, and the refusal can be printed."""
    with pytest.raises(InvalidValue) as error:
        remote_line(["zfs", word])
    assert str(error.value).isprintable()


def test_the_command_line_of_ssh() -> None:
    """The host stands behind `--`; nobody is asked; the user's options come too."""
    argv = ssh_argv(["ssh", "-p", "2"], "me@host", "line", options=["ProxyJump=x"])
    assert argv[:3] == ["ssh", "-p", "2"]
    assert argv[-3:] == ["--", "me@host", "line"]
    assert {"-oBatchMode=yes", "-oProxyJump=x", "-T"} <= set(argv)
    assert not any("Control" in word for word in argv)
    shared = ssh_argv(["ssh"], "host", "line", control_path="/x/s", master=True)
    assert {"-oControlPath=/x/s", "-oControlMaster=yes"} <= set(shared)


@pytest.mark.parametrize(
    ("said", "status", "reason", "hint"),
    [
        ("Host key verification failed.\r\n", 255, "its host key is not known", "by hand"),
        ("me@h: Permission denied (publickey).", 255, "it refused the login", "BatchMode"),
        ("ssh: connect to host h port 22: Connection refused", 255, "nothing listens", ""),
        ("ssh: Could not resolve hostname h: Name", 255, "no address is known", ""),
        ("connect: Connection timed out", 255, "it did not answer in time", ""),
        ("Timeout, server h not responding.", 255, "it does not answer any more", "again"),
        ("kex_exchange: read: reset", 255, "kex_exchange: read: reset", "again"),
        ("", 255, "the connection ended", "again"),
        (
            "cannot receive: no room\nPartly saved:\n    zfs send -t 1-a",
            1,
            "receive: no",
            "",
        ),
        ("zfstune: cannot do it: x\nhint: y\n", 1, "zfstune: cannot do it: x", ""),
        ("zfs: Permission denied\n", 1, "zfs: Permission denied", ""),
        ("", 127, "exit status 127", ""),
        ("", -9, "signal 9", "again"),
        ("\x1b[2Jno\x07\n\n", 1, "\\x1b[2Jno\\x07", ""),
    ],
)
def test_complaints(said: str, status: int, reason: str, hint: str) -> None:
    """Ssh's own errors are told with a hint; control characters are not passed on."""
    found = complaint(said, status, "h")
    assert reason in found.reason
    assert hint in found.hint
    assert found.reason.isprintable()
