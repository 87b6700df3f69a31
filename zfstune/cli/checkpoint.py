"""``zfstune checkpoint``: take, list and drop checkpoints."""

from __future__ import annotations

from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.output import (
    add_json,
    lose_options,
    print_json,
    print_lines,
    print_table,
    stdout_columns,
    warn,
)
from zfstune.cli.step_line import StepLine
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.checkpoint import checkpoint
from zfstune.snapshots.consent import without_consent
from zfstune.snapshots.drop import drop_checkpoint, list_checkpoints
from zfstune.snapshots.drop_plan import DROP_LOSSES
from zfstune.values.text import for_shell, utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from zfstune.snapshots.drop_plan import Checkpoint

    class LosingPlan(Protocol):
        """A plan that takes consent."""

        @property
        def losses(self) -> Mapping[str, Sequence[str]]:
            """Names of all that goes, by the word that consents to it."""

        def lines(self, *, would: str = "") -> list[str]:
            """Return it for people."""


__all__ = [
    "add_arguments",
    "add_options",
    "checkpoint_as_json",
    "print_checkpoints",
    "show_losing",
]

_ACTIONS = ("take", "list", "drop")
# Somebody who types one of these words means an action. A checkpoint of that name, taken
# in silence, would surprise them.
_LIKE_ACTIONS = (
    "clear create delete destroy diff display get help info ls new print prune remove "
    "rename restore revert rm rollback save set show status"
)


def add_arguments(parser: Any) -> None:
    """Add the options of the verb."""
    parser.usage = (
        "zfstune checkpoint [options] [take] NAME [DATASET ...]\n"
        "       zfstune checkpoint [options] list\n"
        "       zfstune checkpoint [options] drop NAME [DATASET ...]"
    )
    parser.description = (
        "Take a snapshot of each dataset and all below it, all in one transaction. "
        "`zfstune rollback NAME` brings them back. `list` shows the checkpoints, and "
        "`drop NAME` destroys one. To give a checkpoint the name of an action, write "
        "`take` before it, as in `zfstune checkpoint take list`."
    )
    parser.add_argument(
        "words",
        nargs="+",
        metavar="NAME",
        help="the name of the checkpoint, and then datasets, each with all below it "
        "(default: all of the pool that zfstune manages, and the dataset that is mounted "
        "at / with all below it)",
    )
    parser.add_argument("--drop", action="store_true", help="the same as the word drop")
    parser.add_argument(
        "--lose",
        action="append",
        default=[],
        choices=DROP_LOSSES,
        help="with drop, consent to a loss: of the copies that rollbacks to it kept aside, "
        "of clones that somebody made of it, or of bases without which a replication needs "
        "a full stream; may be given several times",
    )
    add_options(parser)
    parser.set_defaults(run=_run)


def add_options(parser: Any) -> None:
    """Add the options that checkpoint and rollback share."""
    parser.add_argument("--pool", help="where no dataset is named (default: as for apply)")
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="show the steps and do nothing"
    )
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    action, *words = args.words if args.words[0] in _ACTIONS else ("", *args.words)
    wrong = _wrong(action, words, args)
    if wrong:
        warn(*wrong)
        return exit_status.USAGE
    if action == "list":
        return _list(args)
    if action == "drop" or args.drop:
        return _drop(args, *words)
    return _take(args, *words)


def _wrong(action: str, words: list[str], args: argparse.Namespace) -> tuple[str, ...]:
    """Return an error for words that make no sense, with its hint; else nothing."""
    rest = " ".join(map(for_shell, words))
    if action == "list":
        if words or args.drop or args.lose:
            message = (
                "cannot list checkpoints: `list` takes neither names nor options of drop"
            )
            command = " ".join(("zfstune checkpoint take list", *map(for_shell, words)))
            return message, f"to take a checkpoint of that name: {command}"
        return ()
    if not words:
        hint = f"zfstune checkpoint {action} NAME; `zfstune checkpoint list` shows names"
        return f"cannot {action} a checkpoint: no name was given", hint
    if not action and not args.drop and words[0] in _LIKE_ACTIONS.split():
        message = f"cannot take a checkpoint called '{words[0]}': it reads like an action"
        hint = f"to take a checkpoint of that name: zfstune checkpoint take {rest}"
        return message, f"the actions are {', '.join(_ACTIONS)}; {hint}"
    if args.lose and action != "drop" and not args.drop:
        return "cannot take a checkpoint with --lose: it is an option of drop", ""
    if action == "take" and args.drop:
        return "cannot take a checkpoint and drop it at once", "leave out --drop or take"
    return ()


def _take(args: argparse.Namespace, name: str, *datasets: str) -> int:
    with open_zfs(args) as engine, StepLine("took") as line:
        snapshots = checkpoint(
            name,
            *datasets,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
            passed=line.passed,
        )
    if args.json:
        print_json({"snapshots": list(snapshots)}, part="take", changed=True)
    else:
        print("\n".join(snapshots))
    return exit_status.DONE


def _list(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        checkpoints = list_checkpoints(pool=args.pool, engine=engine)
    if args.json:
        rows = [checkpoint_as_json(listed) for listed in checkpoints]
        print_json({"checkpoints": rows}, part="list")
    else:
        print_checkpoints(checkpoints)
    return exit_status.DONE


def print_checkpoints(checkpoints: Sequence[Checkpoint]) -> None:
    """Print a table of checkpoints; a terminal is told that there is none."""
    rows = [
        (
            listed.name,
            _time(listed),
            f"{len(listed.datasets)} of {listed.size}"
            if len(listed.datasets) < listed.size
            else str(listed.size),
            str(len(listed.copies) or "-"),
        )
        for listed in checkpoints
    ]
    print_table(("NAME", "TAKEN", "DATASETS", "COPIES"), rows, scripted=False, right="llrr")
    if not rows and stdout_columns():
        warn("there is no checkpoint", "zfstune checkpoint NAME takes one")


def _time(listed: Checkpoint) -> str:
    return utc_instant(listed.taken) or "-"


def checkpoint_as_json(listed: Checkpoint) -> dict[str, object]:
    """Return a checkpoint in JSON's types."""
    return {
        "name": listed.name,
        "taken": utc_instant(listed.taken),
        "datasets": list(listed.datasets),
        "taken_of": listed.size,
        "copies": list(listed.copies),
    }


def _drop(args: argparse.Namespace, name: str, *datasets: str) -> int:
    with open_zfs(args) as engine, StepLine("destroyed") as line:
        plan = drop_checkpoint(
            name,
            *datasets,
            lose=args.lose,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else partial(show_losing, args),
            passed=line.passed,
        )
    if args.json:
        print_json(plan.to_dict(), part="drop", changed=True)
    elif not args.dry_run:
        print(f"dropped checkpoint {name}")
    return exit_status.DONE


def show_losing(args: argparse.Namespace, plan: LosingPlan) -> None:
    """Print a line for each thing that goes or, where nothing is done, "would" go.

    After a dry run, the options that a run takes are named.

    Args:
        args: The options; a dry run, and a loss without consent, stop before anything.
        plan: What is to be done.
    """
    missing = without_consent(plan.losses, args.lose)
    print_lines(plan.lines(would="would " if args.dry_run or missing else ""))
    if args.dry_run and missing:
        warn(f"without {lose_options(missing)}, {args.verb} refuses this plan")
