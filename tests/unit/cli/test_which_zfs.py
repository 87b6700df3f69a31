"""The ZFS of a command line: the kernel's, or the image that somebody named."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import pytest

from zfstune.cli.parser import build_parser
from zfstune.cli.which_zfs import (
    IMAGE_VARIABLE,
    image_name,
    image_path,
    open_zfs,
    uses_image,
    uses_kernel,
)
from zfstune.engine import open as opening
from zfstune.values.errors import ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def arguments(**values: str | bool | None) -> argparse.Namespace:
    """Return options of a command line, as the parser returns them."""
    given = {"image": None, "take_over_from": None, "say_more": False, **values}
    return argparse.Namespace(**given)


def test_the_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without either, and with an empty variable, the kernel's ZFS is used."""
    assert uses_kernel(arguments())
    monkeypatch.setenv(IMAGE_VARIABLE, "")
    assert not uses_image(arguments())
    monkeypatch.setenv(IMAGE_VARIABLE, "/env")
    assert image_path(arguments()) == "/env"
    assert image_path(arguments(image="/option")) == "/option"
    assert not uses_kernel(arguments())


def test_image_verbs_use_no_kernel() -> None:
    """`zfstune image info FILE` opens the file, so no kernel's pool can block it."""
    argv = ["image", "info", "x.zpool"]
    assert not uses_kernel(build_parser(argv).parse_args(argv))


def test_an_import_asks_the_kernel() -> None:
    """The FILE of `policy import` is no image: a suspended pool may block the command."""
    argv = ["policy", "import", "sanoid", "sanoid.conf"]
    assert uses_kernel(build_parser(argv).parse_args(argv))


def test_the_last_host_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """--take-over-from reaches the engine, and only where it was given."""
    opened: list[tuple[str | None, dict[str, str]]] = []
    monkeypatch.setattr(
        opening, "open_engine", lambda path, **more: opened.append((path, more))
    )
    open_zfs(arguments(image="x"))
    open_zfs(arguments(image="x", take_over_from="other"))
    assert opened == [("x", {}), ("x", {"take_over_from": "other"})]


def test_an_empty_name_is_refused() -> None:
    """A shell gives an empty name for a variable that is not set."""
    assert image_name("x") == "x"
    with pytest.raises(argparse.ArgumentTypeError, match="is empty"):
        image_name("")


@pytest.mark.parametrize(
    "argv", [["--image", "", "list"], ["image", "info", ""], ["image", "create", ""]]
)
def test_an_image_without_a_name(argv: list[str], run: Run) -> None:
    """A variable that is not set must not lead the command to the kernel's pools."""
    status, out, err = run(*argv)
    assert (status, out, "the name of the file is empty" in err) == (2, "", True)


def test_an_image_that_nobody_typed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error names the variable if the file's name comes from it, and only then."""
    missing = str(tmp_path / "none.zpool")
    monkeypatch.setenv(IMAGE_VARIABLE, missing)
    status, out, err = run("list")
    assert (status, out, missing in err) == (1, "", True)
    assert f"${IMAGE_VARIABLE} names this file\n" in err
    status, out, err = run("--image", f"{missing}2", "list")
    assert (status, out, f"{missing}2" in err, IMAGE_VARIABLE in err) == (
        1,
        "",
        True,
        False,
    )


def test_which_zfs_it_was(tank: Heirs, capsys: pytest.CaptureFixture[str]) -> None:
    """With -v, stderr has the release, and the kernel or the file."""
    open_zfs(arguments(say_more=True))
    assert capsys.readouterr() == ("", "zfstune: OpenZFS 2.4, the running kernel\n")
    tank.file = "x.zpool"
    open_zfs(arguments(say_more=True))
    assert capsys.readouterr().err == "zfstune: OpenZFS 2.4, 'x.zpool'\n"


def test_without_zfs_the_way_to_an_image_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the hint that the error has; not where an image was named already."""

    def fail(path: str | None) -> None:
        raise ZfsUnavailable("cannot use ZFS: why", hint="load it")

    monkeypatch.setattr(opening, "open_engine", fail)
    for image, words in ((None, "--image demo.zpool"), ("x.zpool", "load it")):
        with pytest.raises(ZfsUnavailable) as caught:
            open_zfs(arguments(image=image))
        assert caught.value.hint.startswith("load it")
        assert caught.value.hint.endswith(words)
