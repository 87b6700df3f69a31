"""``zfstune image``: pools in plain files."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines, report
from zfstune.cli.which_zfs import image_name
from zfstune.engine import open as opening
from zfstune.engine.image import create_image
from zfstune.values.errors import Damaged
from zfstune.values.size import format_size, parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.values.state import Dataset


__all__ = ["add_arguments"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Make a pool in a plain file, or look at one. The other verbs work on "
        "it with --image, without a kernel module and without root."
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    create = verbs.add_parser(
        "create", help="make a pool in a new file", description="Make a pool in a new file."
    )
    create.add_argument(
        "image_file", metavar="FILE", type=image_name, help="the file, which must not exist"
    )
    create.add_argument(
        "--size",
        required=True,
        help="size of the pool, as in 4G; the file takes only the space that is used",
    )
    create.add_argument(
        "--ashift",
        type=int,
        default=12,
        help="sector size as an exponent of two (default: 12)",
    )
    create.add_argument("--pool", default="tank", help="name of the pool (default: tank)")
    add_json(create)
    create.set_defaults(run=_create)
    info = verbs.add_parser(
        "info", help="show the pool in a file", description="Show the pool in a file."
    )
    info.add_argument("image_file", metavar="FILE", type=image_name)
    add_json(info)
    info.set_defaults(run=_info)


def _create(args: argparse.Namespace) -> int:
    size_bytes = parse_size(args.size)
    with create_image(
        args.image_file, size_bytes=size_bytes, ashift=args.ashift, pool=args.pool
    ) as engine:
        return _show(engine, args)


def _info(args: argparse.Namespace) -> int:
    with opening.open_engine(
        args.image_file, take_over_from=args.take_over_from or ""
    ) as engine:
        return _show(engine, args)


def _show(engine: Any, args: argparse.Namespace) -> int:
    (name,) = engine.pools()
    pool = engine.pool(name)
    datasets = engine.datasets(name)
    damaged = [dataset for dataset in datasets if dataset.damaged]
    snapshots = sum(len(engine.snapshots(d.name)) for d in datasets if not d.damaged)
    release = ".".join(map(str, engine.limits.release))
    if args.json:
        print_json(
            {
                "file": args.image_file,
                "pool": name,
                "size_bytes": pool.size_bytes,
                "free_bytes": pool.free_bytes,
                "ashift": pool.ashift,
                "datasets": len(datasets),
                "snapshots": snapshots,
                "damaged": [dataset.name for dataset in damaged],
                "openzfs": release,
            },
            changed=True if args.run is _create else None,
        )
        return _tell_of(damaged)
    used = format_size(pool.size_bytes - pool.free_bytes, exact=False)
    size = format_size(pool.size_bytes, exact=False)
    counts = f"datasets: {len(datasets)}, snapshots: {snapshots}"
    print_lines(
        [
            f"{args.image_file}: pool {name}, {used} of {size} used, ashift {pool.ashift}",
            f"{counts}; opened by OpenZFS {release} or later",
        ]
    )
    return _tell_of(damaged)


def _tell_of(damaged: list[Dataset]) -> int:
    """Report the datasets that cannot be read, and return the exit status."""
    for dataset in damaged:
        report(Damaged(operation="read", target=dataset.name, reason=dataset.damaged))
    return exit_status.PARTLY if damaged else exit_status.DONE
