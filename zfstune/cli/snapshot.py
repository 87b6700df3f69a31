"""``zfstune snapshot``: take snapshots at one instant."""

from __future__ import annotations

from contextlib import nullcontext

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, report
from zfstune.cli.sweep_leftovers import sweep_leftovers
from zfstune.cli.which_zfs import open_zfs
from zfstune.snapshots.take import snapshot
from zfstune.values.errors import BatchError, HookError
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractContextManager
    from typing import Any

    from zfstune.values.errors import ZfstuneError

__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Take a snapshot of each dataset, all in one transaction, or none. "
        "Their name is the time in UTC, and a property marks them as zfstune's, so that "
        "`zfstune prune` knows them."
    )
    parser.add_argument("datasets", nargs="+", metavar="DATASET")
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="take one of all datasets below as well",
    )
    parser.add_argument(
        "--name",
        help="the name after the @ (default: the time); prune leaves such a snapshot alone "
        "unless --match asks for it",
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print the names and take nothing"
    )
    add_json(parser)
    _add_hooks(parser)
    parser.set_defaults(run=_run)


def _add_hooks(parser: Any) -> None:
    group = parser.add_argument_group(
        "hooks",
        "Commands that /bin/sh -c runs, as the user of this command. ZFSTUNE_DATASETS has "
        "the names of the datasets, one a line. A dry run runs none.",
    )
    group.add_argument(
        "--before",
        metavar="COMMAND",
        help="runs before the snapshot, which is not taken if it fails",
    )
    group.add_argument(
        "--after", metavar="COMMAND", help="runs after the snapshot, also if that failed"
    )
    group.add_argument(
        "--hook",
        metavar="COMMAND",
        help="runs around the snapshot: it holds an application still, prints `ready`, and "
        "lets go when its standard input ends",
    )
    group.add_argument(
        "--postgres",
        metavar="USER",
        help="hold PostgreSQL in backup mode, through a psql that runs as USER (mostly "
        "postgres); PGHOST and the like choose the server",
    )
    group.add_argument(
        "--hook-timeout",
        metavar="SECONDS",
        type=float,
        default=60,
        help="for each step of each hook (default: %(default)s)",
    )


def _run(args: argparse.Namespace) -> int:
    taken: tuple[str, ...] = ()
    late: ZfstuneError | None = None
    with open_zfs(args) as engine:
        try:
            with _held(args):
                taken = snapshot(
                    *args.datasets,
                    recursive=args.recursive,
                    name=args.name,
                    dry_run=args.dry_run,
                    engine=engine,
                )
        except HookError as error:
            if not taken:
                error.hint = "; ".join(filter(None, ("no snapshot was taken", error.hint)))
                raise
            late = error
        except BatchError as error:
            if not error.done:
                raise
            taken, late = error.done, error
        sweep_leftovers(engine, map(pool_of, args.datasets), dry_run=args.dry_run)
    if args.json:
        print_json({"snapshots": list(taken)}, changed=bool(taken))
    else:
        print("\n".join(taken))
    if late is None:
        return exit_status.DONE
    report(late)
    return exit_status.PARTLY


def _held(args: argparse.Namespace) -> AbstractContextManager[object]:
    """Hold still the applications that the options name."""
    named = (args.before, args.after, args.hook, args.postgres)
    if args.dry_run or not any(named):
        return nullcontext()
    # That module imports subprocess, which takes a third as long as the rest of a snapshot.
    from zfstune.snapshots.quiesce import (  # noqa: PLC0415 (few snapshots have hooks)
        Commands,
        Postgres,
        Session,
        quiesced,
    )

    environ = {"ZFSTUNE_DATASETS": "\n".join(args.datasets)}
    limit = args.hook_timeout
    held: list[Any] = []
    if args.before or args.after:
        held.append(
            Commands(args.before, args.after, timeout_seconds=limit, environ=environ)
        )
    if args.hook:
        held.append(Session(args.hook, timeout_seconds=limit, environ=environ))
    if args.postgres:
        held.append(Postgres(user=args.postgres, timeout_seconds=limit))
    return quiesced(*held)
