"""The installer's notes are read as data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.manifest import configured, host_and_source, host_name, read_manifest
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return a manifest as the installer writes it."""
    path = tmp_path / "manifest.env"
    path.write_text(
        "# written by the installer\n"
        "KLDLOAD_POOL_NAME=rpool            # ZFS pool name\n"
        'export KLDLOAD_HOSTNAME="web-prod-01"\n'
        "KLDLOAD_EVIL=$(reboot)\n"
        "KLDLOAD_EMPTY=\n"
        "\udcff=\n",
        errors="surrogateescape",
    )
    return path


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KLDLOAD_POOL_NAME", "rpool"),
        ("KLDLOAD_HOSTNAME", "web-prod-01"),
        ("KLDLOAD_EVIL", "$(reboot)"),
        ("KLDLOAD_EMPTY", None),
        ("KLDLOAD", None),
    ],
)
def test_a_variable_is_read(manifest: Path, variable: str, value: str | None) -> None:
    """A value is read without quotes and comments and is not run; an empty one is none."""
    assert read_manifest(str(manifest), variable) == value


def test_a_line_ends_at_a_newline_alone(tmp_path: Path) -> None:
    """Other line ends of Unicode are part of a value, as for a shell."""
    path = tmp_path / "manifest.env"
    for end in ("\x1c", "\x85", "\u2028", "\x0b", "\r"):
        path.write_bytes(f"A=x{end}B=y\nC=z\r\n".encode())
        assert read_manifest(str(path), "A") == f"x{end}B=y"
        assert read_manifest(str(path), "B") is None
        assert read_manifest(str(path), "C") == "z"


def test_a_manifest_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    """Most machines have no manifest; a manifest that cannot be read is an error."""
    assert read_manifest(str(tmp_path / "none"), "X") is None
    with pytest.raises(PlanError, match="Is a directory"):
        read_manifest(str(tmp_path), "X")


def test_the_hosts_name_has_three_places(manifest: Path, tmp_path: Path) -> None:
    """The name comes from the environment, else the manifest, else the kernel."""
    environ = {"KLDLOAD_HOSTNAME": "db-1"}
    assert host_name(environ=environ, manifest=str(manifest)) == "db-1"
    assert host_name(environ={}, manifest=str(manifest)) == "web-prod-01"
    missing = str(tmp_path / "none")
    assert host_name(environ={}, manifest=missing) == os.uname().nodename


def test_who_says_so(manifest: Path, tmp_path: Path) -> None:
    """A value comes with the place that it stands in; the kernel's name has no place."""
    environ = {"KLDLOAD_HOSTNAME": "db-1"}
    where = str(manifest)
    missing = str(tmp_path / "none")
    assert host_and_source(environ=environ, manifest=where) == (
        "db-1",
        "$KLDLOAD_HOSTNAME",
    )
    assert host_and_source(environ={}, manifest=where) == (
        "web-prod-01",
        f"KLDLOAD_HOSTNAME in {where}",
    )
    assert host_and_source(environ={}, manifest=missing) == (os.uname().nodename, "")


def test_this_process_s_own_environment(
    manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process's own environment is read before the file."""
    monkeypatch.setenv("KLDLOAD_HOSTNAME", "own")
    assert host_name(manifest=str(manifest)) == "own"
    monkeypatch.delenv("KLDLOAD_HOSTNAME")
    assert host_name(manifest=str(manifest)) == "web-prod-01"


def test_the_file_speaks_for_the_last_variable_alone(manifest: Path) -> None:
    """Only the last variable is read from the installer's file."""
    names = ["KLDLOAD_HOSTNAME", "KLDLOAD_POOL_NAME"]
    assert configured(names, environ={}, manifest=str(manifest))[0] == "rpool"
    assert configured(names, environ=dict.fromkeys(names, "x"))[1] == "$KLDLOAD_HOSTNAME"
    assert configured(names[:0], environ={}, manifest=str(manifest)) == ("", "")


def test_a_script_that_read_the_manifest_is_seen_through(
    manifest: Path, tmp_path: Path
) -> None:
    """A value that stands in both places is said to be the file's, where it is changed."""
    names = ("ZFSTUNE_POOL", "KLDLOAD_POOL_NAME")
    file = f"KLDLOAD_POOL_NAME in {manifest}"
    for environ, expected in (
        ({"KLDLOAD_POOL_NAME": "rpool"}, ("rpool", file)),
        ({"KLDLOAD_POOL_NAME": "tank"}, ("tank", "$KLDLOAD_POOL_NAME")),
        ({"ZFSTUNE_POOL": "rpool"}, ("rpool", "$ZFSTUNE_POOL")),
        ({}, ("rpool", file)),
    ):
        found = configured(names, environ=environ, manifest=str(manifest))
        assert found == expected
    unread = configured(names, environ={"KLDLOAD_POOL_NAME": "x"}, manifest=str(tmp_path))
    assert unread == ("x", "$KLDLOAD_POOL_NAME")
