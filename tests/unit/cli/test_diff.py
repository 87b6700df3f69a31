"""``zfstune diff``: the words reach the library, and its answer is printed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from json_document import found_in
from zfstune.cli import diff as verb
from zfstune.snapshots.changes import ADDED, ChangesBetween, DatasetChanges, PathChange

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Run = Callable[..., tuple[int, str, str]]

FOUND = ChangesBetween(
    (
        DatasetChanges(
            *("tank/a", "tank/a@1", "tank/a@2", 2048, True),
            (PathChange(ADDED, "file", "/new"),),
        ),
    )
)


def test_words_and_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text and JSON say the same, and each option arrives."""
    asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def diff(*names: str, **how: Any) -> ChangesBetween:
        asked.append((names, how))
        return FOUND

    monkeypatch.setattr(verb, "diff", diff)
    monkeypatch.setattr(verb, "open_zfs", lambda _: nullcontext("engine"))
    assert run("diff", "tank/a@1", "@2") == (
        0,
        "tank/a: changed, about 2K\n  + file /new\n",
        "",
    )
    status, out, _ = run("diff", "a", "b", "-r", "--no-paths", "--pool", "p", "--json")
    assert (status, found_in(out)) == (0, FOUND.to_dict())
    plain = {"recursive": False, "paths": True, "pool": None, "engine": "engine"}
    assert asked == [
        (("tank/a@1", "@2"), plain),
        (("a", "b"), {**plain, "recursive": True, "paths": False, "pool": "p"}),
    ]
