"""Commands by ssh: started, read, ended, and why they failed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from fake_ssh import fake_host
from zfstune.streams.remote.ssh import CommandFailed, RemoteCommand, SshHost
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshHost:
    """Give a host that a program in ssh's place leads to."""
    monkeypatch.setenv("ZFSTUNE_SSH", str(fake_host(tmp_path / "host")))
    return SshHost("far")


def test_output_and_failure(host: SshHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints is returned; what it says as it fails is the error."""
    assert host.run(["printf", "%s", "a b"], most_bytes=9) == b"a b"
    with pytest.raises(CommandFailed, match="no such thing"):
        host.run(["sh", "-c", "echo no such thing >&2; exit 3"], most_bytes=9)
    with pytest.raises(EngineError, match="more than 9 bytes"):
        host.run(["printf", "%s", "x" * 10], most_bytes=9)
    # The status of the command, and then that of ssh itself.
    with pytest.raises(CommandFailed, match="kex"):
        host.run(["sh", "-c", "echo kex >&2; exit 255"], most_bytes=9)
    monkeypatch.setenv("SSH_FORCED", "echo kex >&2; exit 255")
    with pytest.raises(EngineError, match="cannot work with host 'far': kex"):
        host.run(["true"], most_bytes=9)


def test_a_listing_that_is_not_whole(host: SshHost) -> None:
    """The zfs command says so and ends with 0: what it left out would not be sent."""
    says = "echo tank; echo cannot iterate filesystems: I/O error >&2"
    with pytest.raises(CommandFailed, match="cannot iterate filesystems: I/O error"):
        host.run(["sh", "-c", says], most_bytes=9)
    # What ssh says besides is no failure.
    warns = "echo tank; echo Warning: it cannot be helped >&2"
    assert host.run(["sh", "-c", warns], most_bytes=9) == b"tank\n"


def test_silence(host: SshHost) -> None:
    """A command that says nothing for too long is not waited for."""
    command = host.start("sleep 60")
    with pytest.raises(EngineError, match=r"nothing for 0\.05 s"):
        command.read(1, stall_s=0.05)
    begun = time.monotonic()
    command.close(at_once=True)
    assert time.monotonic() - begun < 5


def test_the_reader_of_its_output_is_gone(host: SshHost) -> None:
    """That ends the wait, though nothing was said."""
    command = host.start("sleep 60")
    read, write = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        command.read(1, sink=write)
    os.close(write)
    command.close(at_once=True)


def test_its_input_ends_it(host: SshHost) -> None:
    """A command that waits for more ends by itself."""
    command = host.start("cat")
    os.write(command.into, b"x")
    assert command.read(1) == b"x"
    command.finish_input()
    assert command.wait(10) == 0
    command.close()


def test_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names it."""
    monkeypatch.setenv("ZFSTUNE_SSH", "/nonexistent -p 1")
    with pytest.raises(EngineError, match="'/nonexistent' cannot be started"):
        SshHost("far").start("true")
    SshHost("far").share()  # told by the start that follows


def test_a_shared_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a socket that only this user reaches, unless the user's settings have one."""
    program = tmp_path / "ssh"
    monkeypatch.setenv("ZFSTUNE_SSH", str(program))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for path, shared in (("none", True), ("/home/me/%C", False)):
        program.write_text(f"#!/bin/sh\necho 'controlpath {path}'; echo \"$@\" >&2\n")
        program.chmod(0o755)
        host = SshHost("far")
        host.share()
        command = host.start("true", master=True)
        folders = list(tmp_path.glob("zfstune-ssh-*"))
        assert bool(folders) == shared
        assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)
        assert ("ControlPath" in command.why().reason) == shared
        command.close()
        host.close()
        assert not list(tmp_path.glob("zfstune-ssh-*"))


def test_an_argv_of_its_own() -> None:
    """The end by a signal is told."""
    command = RemoteCommand(["/bin/sh", "-c", "kill -9 $$"], "far")
    assert command.read(1) == b""
    assert "signal 9" in str(command.failure())
    command.close()
