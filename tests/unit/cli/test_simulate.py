"""``zfstune policy simulate``: rules from options or from a dataset, and its times."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_the_policy_of_a_dataset(run: Run, tank: Heirs) -> None:
    """Without a rule the stored policy is used, each of its groups by itself."""
    tank.set("tank", {"org.zfstune:policy": "match=a* keep=2; match=b* daily=3"})
    words = ("policy", "simulate", "tank/a", "--until", "10d", "--every", "1d")
    status, out, _ = run(*words, "--json")
    found = json.loads(out)["simulations"]
    assert status == 0
    assert [(each["policy"], each["left"]) for each in found] == [
        ("match=a* keep=2", 2),
        ("match=b* daily=3", 3),
    ]
    assert tank.calls == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "cannot simulate: no rule says what to keep"),
        ("tank/a", "cannot simulate for 'tank/a': no rule says what to keep"),
        ("--keep 3 --until soon", "soon"),
        ("--keep 3 --until -1y", "--until -1y"),
        ("--keep 3 --every 1.5y", "--every 1.5y"),
    ],
)
def test_what_makes_no_sense(run: Run, tank: Heirs, words: str, reason: str) -> None:
    """No rule, or a time that cannot be read, is a usage error."""
    argv = words.replace("--until -1y", "--until=-1y").split()
    status, out, err = run("policy", "simulate", *argv)
    assert (status, out) == (2, "")
    assert reason in err
    assert tank.calls == []


def test_a_drawing(run: Run, tmp_path: Path) -> None:
    """--svg writes a file beside the text on stdout."""
    target = tmp_path / "line.svg"
    words = ("--keep", "3", "--until", "2d", "--svg", str(target))
    status, out, _ = run("policy", "simulate", *words)
    assert status == 0
    assert out.startswith("keep=3, a snapshot every 1h, after 2d:\n")
    assert target.read_text().startswith("<svg")
