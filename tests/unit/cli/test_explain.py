"""``zfstune explain``: without ZFS, and for an image that must be there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.usefixtures("_no_zfs")
def test_without_zfs(run: Run) -> None:
    """The profile is explained for no pool, in words and as JSON."""
    status, out, err = run("explain", "logs")
    assert (status, err) == (0, "")
    assert out.startswith("logs: ")
    assert json.loads(run("explain", "logs", "--json")[1])


@pytest.mark.usefixtures("_no_zfs")
def test_an_image_must_be_there(run: Run) -> None:
    """Somebody who names an image wants to hear of that pool, so there is no fallback."""
    assert run("--image", "x.zpool", "explain", "logs")[0] == 5


def test_one_profile(run: Run) -> None:
    """A name and a file at once, or neither, is a usage error."""
    for words in (("explain",), ("explain", "logs", "--profile", "x.toml")):
        status, out, err = run(*words)
        assert (status, out) == (2, "")
        assert "name a PROFILE, or a file with --profile" in err
