"""``zfstune prune``."""

from __future__ import annotations

from collections import Counter

from zfstune.cli import status
from zfstune.cli.opening import open_meant
from zfstune.cli.output import print_json, print_table, warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.pruning import Pruned

__all__ = ["add_parser"]


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "prune",
        help="destroy all but the newest snapshots",
        description="Destroy all but the newest snapshots of each dataset. Only those "
        "that `zfstune snapshot` made are in scope, unless --match names others. Held "
        "and cloned snapshots stay and are reported.",
    )
    parser.add_argument(
        "datasets",
        nargs="*",
        metavar="DATASET",
        help="default: every dataset of the pool that zfstune manages",
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="how many to keep of each dataset"
    )
    parser.add_argument(
        "--match",
        metavar="GLOB",
        help="names in scope, whoever made them; must match all that follows the @",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="also of all datasets below"
    )
    parser.add_argument("--pool", help="where no dataset is named; default as for apply")
    parser.add_argument(
        "--all-of-them",
        action="store_true",
        help="consent to --keep 0, which leaves none in scope",
    )
    parser.add_argument(
        "-n",
        "--dry-run",
        action="store_true",
        help="show what would go and destroy nothing",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="name each snapshot, with the reason"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from zfstune.errors import PolicyError  # noqa: PLC0415 (not for --help)
    from zfstune.pruning import prune  # noqa: PLC0415 (not for --help)

    if args.keep is None:
        raise PolicyError(
            "cannot prune: no rule says what to keep", hint="say it: --keep 48"
        )
    with open_meant(args) as engine:
        pruned = prune(
            *args.datasets,
            keep=args.keep,
            match=args.match,
            recursive=args.recursive,
            all_of_them=args.all_of_them,
            pool=args.pool,
            dry_run=args.dry_run,
            engine=engine,
        )
    if args.json:
        print_json(pruned.to_dict())
    else:
        _print(pruned, dry_run=args.dry_run, verbose=args.verbose or args.dry_run)
    for decision in pruned.spared:
        warn(f"kept '{decision.snapshot.name}': {'; '.join(decision.reasons)}")
    return status.PARTLY if pruned.spared else status.DONE


def _print(pruned: Pruned, *, dry_run: bool, verbose: bool) -> None:
    plan = pruned.plan
    if not plan.datasets:
        print("nothing to do: zfstune manages no dataset of this pool")
        return
    gone = {s.name for s in plan.victims} if dry_run else set(pruned.destroyed)
    if verbose:
        rows = [
            (
                "destroy" if d.snapshot.name in gone else "keep",
                d.snapshot.name,
                "; ".join(d.reasons),
            )
            for d in plan.decisions
        ]
        print_table(("ACTION", "SNAPSHOT", "WHY"), rows, scripted=False)
    total = Counter(d.snapshot.dataset for d in plan.decisions)
    fewer = Counter(name.partition("@")[0] for name in gone)
    verb = "would destroy" if dry_run else "destroyed"
    for dataset in plan.datasets:
        kept = total[dataset] - fewer[dataset]
        print(f"{dataset}: {verb} {fewer[dataset]}, kept {kept}")
