"""The options that plan and apply share: values, roles, and files by mistake."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import pytest

from zfstune.cli.parser import build_parser
from zfstune.cli.profile_options import read_profiles
from zfstune.profiles.load import load
from zfstune.values.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


def test_options_become_arguments() -> None:
    """Each option is the keyword argument of plan and apply that it is for."""
    argv = [
        "plan",
        "logs",
        "--pool",
        "p",
        "--root",
        "p/x",
        "-o",
        "atime=on",
        "-o",
        "exec=a=b",
        "--no-owner",
    ]
    profiles, arguments = read_profiles(build_parser(argv).parse_args(argv))
    assert profiles == ["logs"]
    assert arguments == {
        "roles": [],
        "variant": None,
        "pool": "p",
        "root": "p/x",
        "at": None,
        "properties": {"atime": "on", "exec": "a=b"},
        "owner": False,
        "allow_unsafe": False,
    }


@pytest.mark.parametrize("verb", ["plan", "apply"])
@pytest.mark.parametrize("text", ["atime", "=on", ""])
def test_a_value_has_a_property(run: Run, verb: str, text: str) -> None:
    """-o without a name or a value is a usage error that quotes it."""
    status, out, err = run(verb, "logs", "-o", text)
    assert (status, out) == (2, "")
    assert f"'{text}' is not PROPERTY=VALUE" in err


def test_auto_is_the_role_of_this_host(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role is named on stderr, with the name of the host that it follows from."""
    monkeypatch.setenv("KLDLOAD_HOSTNAME", "db-01")
    argv = ["plan", "--role", "auto", "--role", "web"]
    _, arguments = read_profiles(build_parser(argv).parse_args(argv))
    assert arguments["roles"] == ["db", "web"]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zfstune: role db, since this host is db-01 (")


@pytest.mark.parametrize("word", ["./my.toml", "/etc/my profile.toml", "my.toml", "~/x"])
def test_a_file_given_as_a_profile(word: str) -> None:
    """The hint says how a file is named, in words that can be pasted."""
    with pytest.raises(ProfileError, match="there is no such profile") as refused:
        load(word)
    assert (
        f"name a profile in a file with --profile {quote(word)}; known profiles: "
        in refused.value.hint
    )


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_neither_profile_nor_role(run: Run, verb: str) -> None:
    """Without either, it is a usage error, before any ZFS is opened."""
    status, out, err = run(verb)
    assert (status, out) == (2, "")
    assert err.startswith(f"usage: zfstune {verb} ")
    assert "name a PROFILE or a --role" in err


@pytest.mark.usefixtures("_no_zfs")
@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_no_zfs(run: Run, verb: str) -> None:
    """The status tells scripts that this host has no ZFS, the hint the way to an image."""
    status, out, err = run(verb, "logs")
    assert (status, out) == (5, "")
    assert err.startswith("zfstune: cannot use ZFS: there is none\nhint: load it; ")
    assert "--image demo.zpool" in err


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_profile_file_that_is_missing(run: Run, tmp_path: Path, verb: str) -> None:
    """A file of a profile that does not exist is named."""
    missing = str(tmp_path / "none.toml")
    status, out, err = run(verb, "--profile", missing)
    assert (status, out) == (1, "")
    assert missing in err
