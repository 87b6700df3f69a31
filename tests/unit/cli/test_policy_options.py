"""The options for rules become a count or a policy, or are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from zfstune.cli.parser import build_parser
from zfstune.cli.policy_options import read_count, read_policy_options
from zfstune.retention.policy_text import format_policy
from zfstune.values.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("words", "keep", "text"),
    [
        ("--keep 48", 48, None),
        ("--keep 48 --match auto-*", 48, None),
        ("", None, None),
        ("--keep unlimited", None, "keep=unlimited"),
        ("--keep-hourly 48 --keep-daily 30", None, "hourly=48 daily=30"),
        ("--keep 3 --tz Europe/Berlin", None, "keep=3 tz=Europe/Berlin"),
        ("--never", None, "never"),
        ("--keep-unreplicated --keep 3", None, "keep=3 unreplicated"),
        ("--keep-within 7d --regex a.*", None, "within=7d regex=a.*"),
    ],
)
def test_options_become_a_policy(words: str, keep: int | None, text: str | None) -> None:
    """A lone count stays a count, other rules make one policy, and none makes none."""
    argv = ["prune", *words.split()]
    count, policy = read_policy_options(build_parser(argv).parse_args(argv))
    assert count == keep
    found = None if policy is None else set(format_policy(policy).split())
    assert found == (None if text is None else set(text.split()))


@pytest.mark.parametrize(
    ("text", "reason"), [("-1", "a count is never negative"), ("many", ""), ("1.5", "")]
)
def test_a_count_is_a_whole_number(text: str, reason: str) -> None:
    """The error quotes the option, and the hint shows one that works."""
    with pytest.raises(PolicyError, match=f"--min-keep {text}': {reason}") as refused:
        read_count("--min-keep", text)
    assert refused.value.hint == "give a whole number, as in --keep 48"


@pytest.mark.parametrize("words", ["--match auto-*", "--tz Europe/Berlin", "--regex a"])
def test_a_scope_needs_a_rule(words: str, run: Run) -> None:
    """Patterns and zones say nothing about how many snapshots stay."""
    status, out, err = run("policy", "simulate", *words.split())
    assert (status, out) == (2, "")
    assert "cannot " in err
