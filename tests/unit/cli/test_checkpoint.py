"""``zfstune checkpoint``: its actions, and words that make no sense."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from json_document import found_in
from zfstune.cli import output
from zfstune.snapshots.checkpoint import checked_name
from zfstune.values.errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_checkpoint_is_taken(run: Run, tank: Heirs) -> None:
    """It is a snapshot of each dataset and of all below it."""
    status, out, _ = run("checkpoint", "one", "tank/a")
    assert (status, out) == (0, "tank/a@checkpoint-one\ntank/a/b@checkpoint-one\n")
    assert [*tank.taken] == out.split()
    found = json.loads(run("checkpoint", "take", "list", "tank/a", "-n", "--json")[1])
    assert found["dry_run"]
    assert found["snapshots"][0] == "tank/a@checkpoint-list"


def test_nothing_to_list(run: Run, tank: Heirs) -> None:
    """A pool without checkpoints has an empty table; a terminal is told so in words."""
    header = "NAME  TAKEN  DATASETS  COPIES\n"
    assert run("checkpoint", "list") == (0, header, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "_columns", 80)
        told = "zfstune: there is no checkpoint\nhint: zfstune checkpoint NAME takes one\n"
        assert run("checkpoint", "list") == (0, header, told)
    assert found_in(run("checkpoint", "list", "--json")[1]) == {"checkpoints": []}
    assert tank.calls == []


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("list a", "takes neither names", "zfstune checkpoint take list a"),
        ("list --drop", "takes neither names", "zfstune checkpoint take list"),
        ("drop", "cannot drop a checkpoint: no name was given", "NAME"),
        ("take", "cannot take a checkpoint: no name was given", "NAME"),
        ("delete", "'delete': it reads like an action", "zfstune checkpoint take delete"),
        ("one --lose clones", "--lose: it is an option of drop", ""),
        ("take one --drop", "take a checkpoint and drop it at once", "leave out --drop"),
    ],
)
def test_words_that_make_no_sense(
    run: Run, tank: Heirs, words: str, message: str, hint: str
) -> None:
    """A usage error says what is wrong and what the user may mean; nothing is opened."""
    status, out, err = run("checkpoint", *words.split())
    assert (status, out) == (2, "")
    assert message in err.splitlines()[0]
    assert hint in err.rpartition("hint: ")[2]
    assert tank.taken == {}


@pytest.mark.parametrize("name", ["tank/data@zfstune", "a/b", "@x", "a#b", ""])
def test_what_is_no_name_of_a_checkpoint(name: str) -> None:
    """A snapshot or a dataset is refused as a name, and the hint shows where names are."""
    with pytest.raises(InvalidName) as refused:
        checked_name(name)
    message = str(refused.value)
    assert message.startswith(f"cannot call a checkpoint '{name}': ")
    assert message.count("cannot") == 1
    assert "zfstune checkpoint list" in refused.value.hint
