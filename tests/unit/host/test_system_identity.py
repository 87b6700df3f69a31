"""A copy of a system forgets whose it was, and no link leads out of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.system_identity import reset_identity
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the root of a system."""
    root = tmp_path / "root"
    for folder in ("etc/ssh", "var/lib/dbus", "var/lib/systemd"):
        (root / folder).mkdir(parents=True)
    (root / "etc/machine-id").write_text("0123\n")
    (root / "etc/ssh/ssh_host_rsa_key").write_text("secret")
    (root / "etc/ssh/ssh_host_rsa_key.pub").write_text("public")
    for name in ("sshd_config", "my_ssh_host_key", "ssh_host_rsa_key-cert.pub"):
        (root / "etc/ssh" / name).write_text("Port 22\n")
    (root / "var/lib/dbus/machine-id").symlink_to("/etc/machine-id")
    (root / "var/lib/systemd/random-seed").write_bytes(b"seed")
    return root


def test_what_is_reset(root: Path) -> None:
    """All of it, and no other file; a second call finds nothing."""
    assert reset_identity(str(root), "tank/x") == (
        "etc/machine-id",
        "var/lib/dbus/machine-id",
        "var/lib/systemd/random-seed",
        "etc/ssh/ssh_host_rsa_key",
        "etc/ssh/ssh_host_rsa_key.pub",
    )
    assert (root / "etc/machine-id").read_bytes() == b""
    assert (root / "etc/machine-id").stat().st_mode & 0o777 == 0o444
    left = sorted(path.name for path in (root / "etc/ssh").iterdir())
    assert left == ["my_ssh_host_key", "ssh_host_rsa_key-cert.pub", "sshd_config"]
    assert reset_identity(str(root), "tank/x") == ()


def test_data_without_a_system_have_nothing_to_reset(tmp_path: Path) -> None:
    """Nothing is made where nothing was."""
    assert reset_identity(str(tmp_path), "tank/x") == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", ["etc", "etc/ssh", "var", "var/lib", "var/lib/systemd"])
def test_a_link_on_the_way_is_an_error(root: Path, tmp_path: Path, part: str) -> None:
    """What lies behind it stays, be the link absolute, relative or root's."""
    elsewhere = tmp_path / "elsewhere"
    (root / part).rename(elsewhere)
    (root / part).symlink_to(elsewhere)
    before = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    with pytest.raises(EngineError, match="a link or no directory is on the way"):
        reset_identity(str(root), "tank/x")
    found = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    assert found == before


def test_a_link_in_place_of_a_file_is_replaced(root: Path, tmp_path: Path) -> None:
    """Its target stays: neither emptied nor removed."""
    target = tmp_path / "mine"
    target.write_text("mine")
    for name in ("etc/machine-id", "etc/ssh/ssh_host_rsa_key"):
        (root / name).unlink()
        (root / name).symlink_to(target)
    reset_identity(str(root), "tank/x")
    assert target.read_text() == "mine"
    assert not (root / "etc/machine-id").is_symlink()
    assert (root / "etc/machine-id").read_bytes() == b""
    assert not (root / "etc/ssh/ssh_host_rsa_key").is_symlink()


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    """It is replaced like any file."""
    (root / "etc/machine-id").unlink()
    os.mkfifo(root / "etc/machine-id")
    reset_identity(str(root), "tank/x")
    assert (root / "etc/machine-id").is_file()


def test_a_file_with_two_names_keeps_the_other_one(root: Path, tmp_path: Path) -> None:
    """Nothing is written to the file itself."""
    os.link(root / "etc/machine-id", tmp_path / "second")
    reset_identity(str(root), "tank/x")
    assert (tmp_path / "second").read_text() == "0123\n"


def test_a_directory_in_place_of_a_file_is_an_error(root: Path) -> None:
    """It says which, and leaves no draft."""
    (root / "etc/machine-id").unlink()
    (root / "etc/machine-id").mkdir()
    with pytest.raises(EngineError, match="/etc/machine-id: Is a directory"):
        reset_identity(str(root), "tank/x")
    assert sorted(path.name for path in (root / "etc").iterdir()) == ["machine-id", "ssh"]


def test_a_copy_that_is_not_there(tmp_path: Path) -> None:
    """It is an error of zfstune's own."""
    with pytest.raises(EngineError, match="'tank/x': /: No such file"):
        reset_identity(str(tmp_path / "none"), "tank/x")
