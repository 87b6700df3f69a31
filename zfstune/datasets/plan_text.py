"""A plan as text, short enough for a tired administrator."""

from __future__ import annotations

from zfstune.datasets.actions import OWN_PROPERTIES, Adjust, Create, MountDataset, SetOwner
from zfstune.datasets.plan import advice
from zfstune.values.property_rules import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.datasets.actions import Action, Change
    from zfstune.datasets.cautions import Caution
    from zfstune.datasets.plan import Plan

__all__ = ["render_plan"]

_REASON_WIDTH = 66


def render_plan(plan: Plan) -> str:
    """Write a plan as text: a block a dataset, then leftovers, then warnings.

    Args:
        plan: The plan, from :func:`zfstune.datasets.planner.make_plan`.

    Returns:
        Lines without colour, ending in a newline.
    """
    lines: list[str] = []
    if not plan.profiles:
        lines.append("nothing to do: this role has no datasets of its own")
    elif plan.pending:
        lines.append(_heading(plan))
        steps = list(plan.actions)
        while steps:
            lines.extend(_block(steps, several=len(plan.profiles) > 1))
        if plan.unchanged:
            lines.append(f"unchanged: {', '.join(plan.unchanged)}")
    else:
        count = len(plan.mountpoints)
        datasets, verb = ("1 dataset", "is") if count == 1 else (f"{count} datasets", "are")
        profiles = ", ".join(plan.profiles)
        asks = "asks" if len(plan.profiles) == 1 else "ask"
        where = f"at {plan.at}" if plan.at else f"below {plan.root}"
        lines.append(f"nothing to do: {datasets} {where} {verb} as {profiles} {asks}")
    if plan.leftovers:
        lines.extend(f"stays: {left.dataset}  ({left.reason})" for left in plan.leftovers)
        lines.append(f"  hint: {advice(plan.leftovers)}")
    for caution in plan.warnings:
        lines.extend(_caution(caution))
    return "\n".join(lines) + "\n"


def _heading(plan: Plan) -> str:
    """Name the profiles and the pool, and say what the pool is made of."""
    kinds = plan.facts.get("vdevs")
    made_of = sorted(set(kinds)) if isinstance(kinds, list) else []
    facts = [*made_of, f"ashift {plan.facts.get('ashift')}"]
    if not plan.facts.get("mountable", True):
        facts.append("an image: nothing is mounted")
    return f"plan for {', '.join(plan.profiles)} on pool {plan.pool} ({', '.join(facts)})"


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


def _caution(caution: Caution) -> list[str]:
    """Write a warning, its hint on a line of its own."""
    lines = [f"warning: {caution.dataset}: {caution.message}"]
    if caution.hint:
        lines.append(f"  hint: {caution.hint}")
    return lines
