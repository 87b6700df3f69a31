"""What the command says to somebody who typed something wrong."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.cli.main import main
from zfstune.cli.which_zfs import IMAGE_VARIABLE
from zfstune.health.verify import verify
from zfstune.profiles.load import load
from zfstune.snapshots.checkpoint import checked_name
from zfstune.values.errors import InvalidName, ProfileError

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.values.errors import ZfstuneError


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """Run a command line; give its status and what it says on stderr."""
    try:
        status = main(list(argv))
    except SystemExit as end:
        status = int(end.code or 0)
    found = capsys.readouterr()
    assert found.out == ""
    return status, found.err


@pytest.mark.parametrize("word", ["./my.toml", "/etc/my profile.toml", "my.toml", "~/x"])
def test_a_file_given_as_a_profile(word: str) -> None:
    """The hint says how a file is named, in words that can be pasted."""
    with pytest.raises(ProfileError, match="there is no such profile") as refused:
        load(word)
    assert f"is named by --profile {quote(word)}; there are: " in refused.value.hint


@pytest.mark.parametrize(
    ("argv", "verb", "told"),
    [
        (["explain", "postgres", "nosuch"], "explain", "unrecognized arguments: nosuch"),
        (["list", "-o", "name"], "list", "unrecognized arguments: -o"),
        (
            ["snapshot", "--image", "x.zpool", "tank"],
            "snapshot",
            "unrecognized arguments: --image (--image FILE stands before the verb)",
        ),
        (["list", "--image=x"], "list", "stands before the verb"),
        (["rollback"], "rollback", "the following arguments are required: NAME\n"),
        (
            ["policy", "set"],
            "policy set",
            "the following arguments are required: DATASET\n",
        ),
        (["checkpoint"], "checkpoint", "the following arguments are required: NAME\n"),
    ],
)
def test_the_usage_is_that_of_the_verb(
    argv: list[str], verb: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who chose a verb is shown what that verb takes, and what it lacks."""
    status, err = said(capsys, *argv)
    assert status == 2
    assert err.startswith(f"usage: zfstune {verb} ")
    assert f"zfstune {verb}: error: " in err
    assert told in err


def test_an_image_that_nobody_typed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file from the environment says so; one from the command line does not."""
    missing = str(tmp_path / "none.zpool")
    monkeypatch.setenv(IMAGE_VARIABLE, missing)
    status, err = said(capsys, "list")
    assert (status, missing in err) == (1, True)
    assert f"hint: ${IMAGE_VARIABLE} names it\n" in err
    status, err = said(capsys, "--image", f"{missing}2", "list")
    assert (status, f"{missing}2" in err, IMAGE_VARIABLE in err) == (1, True, False)


@pytest.mark.parametrize("name", ["tank/data@zfstune", "a/b", "@x", "a#b", ""])
def test_what_is_no_name_of_a_checkpoint(name: str) -> None:
    """A snapshot or a dataset in its place is told what goes there."""
    with pytest.raises(InvalidName) as refused:
        checked_name(name)
    message = str(refused.value)
    assert message.startswith(f"cannot call a checkpoint '{name}': ")
    assert message.count("cannot") == 1
    assert "zfstune checkpoint list" in refused.value.hint


@pytest.mark.parametrize(
    "argv", [["--image", "", "list"], ["image", "info", ""], ["image", "create", ""]]
)
def test_an_image_without_a_name(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that nobody set does not have the kernel's pools worked on."""
    status, err = said(capsys, *argv)
    assert (status, "the name of the file is empty" in err) == (2, True)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("./my.toml", ProfileError),
        ("/etc/my.toml", ProfileError),
        ("~/my.toml", ProfileError),
        ("/data/logs", InvalidName),
    ],
)
def test_what_verify_is_given(target: str, error: type[ZfstuneError]) -> None:
    """A file of a profile is told apart from a directory, where a dataset was meant."""
    with pytest.raises(error) as refused:
        verify(target, engine=FakeEngine("tank").seam)
    hint = "--profile" if error is ProfileError else "by pool, not by path"
    assert hint in refused.value.hint
