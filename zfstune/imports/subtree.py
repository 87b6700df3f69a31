"""What a tool does to each dataset, as policies on as few of them as it takes.

A reader knows what its settings do to a dataset of a given name. Where the real
datasets are known, each is asked for. Where they are not, those that the settings
name must stand for all: that works as long as a dataset and those below it, which
inherit its policy, are treated alike.
"""

from __future__ import annotations

from zfstune.imports.reading import LEAVE_ALONE, Imported, LeftOut, Reading, cover
from zfstune.names import ancestors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from zfstune.policy import Policy

    Answer = Callable[[str], Imported | LeftOut | None]

__all__ = ["spread"]

# A dataset that no settings name; it stands for all of its kind.
_ANY_CHILD = "/zfstune:any"


def spread(
    answer: Answer, named: Iterable[str], datasets: Collection[str] | None, tool: str
) -> Reading:
    """Give policies by which each dataset keeps what the settings do to it.

    Args:
        answer: Tells what the settings do to a dataset: None: they leave it alone.
        named: The datasets that the settings name; an empty name is what all pools
            hang below.
        datasets: The datasets that are there; None: nobody knows.
        tool: The tool's name, for the notes.
    """
    names = sorted({*named} - {""}, key=lambda name: name.split("/"))
    if datasets is not None:
        found = {name: answer(name) for name in (*datasets, *names)}
        reading = cover(_wanted(found, datasets), datasets, tool)
        left_alone = [name for name in names if found[name] is None and name in datasets]
        return _with_notes(reading, answer, left_alone, tool)
    found = {name: _alike(name, answer) for name in names}
    reading = cover(_wanted(found, found), found, tool)
    of_any = answer(_ANY_CHILD.removeprefix("/"))
    if not isinstance(of_any, Imported):
        return reading
    note = "it is for all datasets: store it on each pool"
    for_all = Imported("", of_any.policy, (*of_any.notes, note))
    return Reading((*reading.policies, for_all), reading.left_out)


def _wanted(
    found: dict[str, Imported | LeftOut | None], datasets: Collection[str]
) -> dict[str, Imported | LeftOut]:
    """Give what there is to say: of a tree that is left out for one reason, its top."""

    def is_said_above(name: str, each: LeftOut) -> bool:
        above = next((up for up in reversed(ancestors_of(name)) if up in datasets), "")
        parent = found.get(above)
        return isinstance(parent, LeftOut) and parent.reason == each.reason

    return {
        name: each
        for name, each in found.items()
        if each is not None
        and not (isinstance(each, LeftOut) and is_said_above(name, each))
    }


def _with_notes(
    reading: Reading, answer: Answer, left_alone: Iterable[str], tool: str
) -> Reading:
    """Say where a dataset that is made later would not get what is meant for it."""
    policies = []
    for each in reading.policies:
        below = answer(each.dataset + _ANY_CHILD)
        notes = list(each.notes)
        if each.policy != LEAVE_ALONE and _essence(below) != each.policy:
            notes.append(
                f"{each.dataset}: a dataset that is made later below it inherits its "
                f"policy; {tool} would do something else there"
            )
        policies.append(Imported(each.dataset, each.policy, tuple(notes)))
    bare = [name for name in left_alone if isinstance(answer(name + _ANY_CHILD), Imported)]
    if policies and bare:
        note = (
            f"a dataset that is made later below {', '.join(bare)} gets no policy of this"
        )
        first = policies[0]
        policies[0] = Imported(first.dataset, first.policy, (*first.notes, note))
    return Reading(tuple(policies), reading.left_out)


def _alike(name: str, answer: Answer) -> Imported | LeftOut | None:
    """Give what is done to a dataset, if the same is done to any that lies below it."""
    itself, below = answer(name), answer(name + _ANY_CHILD)
    if _essence(itself) == _essence(below):
        return itself
    left_out = LeftOut.unknown_tree(name, name)
    if not isinstance(itself, Imported):
        return left_out
    hint = f"{left_out.hint}; for '{name}' alone it is '{itself.text}'"
    return LeftOut(name, left_out.reason, name, hint)


def _essence(each: Imported | LeftOut | None) -> Policy | str | None:
    if isinstance(each, LeftOut):
        return each.reason
    return None if each is None else each.policy
