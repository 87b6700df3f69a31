"""The parts of a plan as text, short enough for a tired administrator."""

from __future__ import annotations

from zfstune.datasets.actions import OWN_PROPERTIES, Adjust, Create, MountDataset, SetOwner
from zfstune.values.property_rules import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from zfstune.datasets.actions import Action, Change
    from zfstune.datasets.cautions import Caution

__all__ = ["action_lines", "caution_lines", "heading"]

_REASON_WIDTH = 66


def heading(profiles: Sequence[str], pool: str, facts: Mapping[str, object]) -> str:
    """Name the profiles and the pool, and say what the pool is made of."""
    kinds = facts.get("vdevs")
    made_of = sorted(set(kinds)) if isinstance(kinds, list) else []
    about = [*made_of, f"ashift {facts.get('ashift')}"]
    if not facts.get("mountable", True):
        about.append("an image: nothing is mounted")
    return f"plan for {', '.join(profiles)} on pool {pool} ({', '.join(about)})"


def action_lines(actions: Iterable[Action], *, several: bool) -> Iterator[str]:
    """Write actions as blocks, one a dataset.

    Args:
        actions: In the order in which they happen.
        several: Whether there are several profiles, so that the heading does not say
            which one a dataset is of.
    """
    steps = list(actions)
    while steps:
        yield from _block(steps, several=several)


def caution_lines(caution: Caution) -> list[str]:
    """Write a warning, its hint on a line of its own."""
    lines = [f"warning: {caution.dataset}: {caution.message}"]
    if caution.hint:
        lines.append(f"  hint: {caution.hint}")
    return lines


def _block(steps: list[Action], *, several: bool) -> list[str]:
    """Take one step off the list, a creation with its mount and owner, and write it."""
    first = steps.pop(0)
    if isinstance(first, Adjust):
        shown = [c for c in first.changes if c.property not in OWN_PROPERTIES]
        if not shown:
            return [first.describe()]
        return [f"change {first.dataset}", *_table([_change(c) for c in shown])]
    if not isinstance(first, Create):
        return [first.describe()]
    line = f"create {first.dataset}"
    # With one profile, the heading names it.
    why = f"  ({first.why})" if several or OWN_PROPERTIES[0] not in first.properties else ""
    for step in [s for s in steps if s.dataset == first.dataset]:
        match step:
            case MountDataset(path=path):
                line += f" at {path}"
            case SetOwner() as own:
                line += f", {own.account}"
            case _:
                continue
        steps.remove(step)
    rows = [
        (name, display(name, value), _short(first.reasons.get(name, "")))
        for name, value in first.properties.items()
        if name not in OWN_PROPERTIES
    ]
    return [line + why, *_table(rows)]


def _change(change: Change) -> tuple[str, str, str]:
    """Return a property, its old and new value, and the reasons of the change."""
    old = "unset" if change.old is None else display(change.property, change.old)
    new = "inherited" if change.new is None else display(change.property, change.new)
    value = new if old == new else f"{old} -> {new}"
    reasons = [change.note] if change.note else []
    why = _short(change.why)
    if why and why not in reasons:
        reasons.append(why)
    return change.property, value, "; ".join(reasons)


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    """Align names and values; reasons follow."""
    name_width = max((len(name) for name, _, _ in rows), default=0)
    value_width = max((len(value) for _, value, _ in rows), default=0)
    return [
        f"    {name:<{name_width}}  {value:<{value_width}}  {reason}".rstrip()
        for name, value, reason in rows
    ]


def _short(why: str) -> str:
    """Return the first sentence, cut between words where it is long."""
    first = why.split(". ", 1)[0].rstrip(".")
    if len(first) <= _REASON_WIDTH:
        return first
    return first[: _REASON_WIDTH + 1].rpartition(" ")[0].rstrip(",;:") + " ..."
