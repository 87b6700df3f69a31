"""``zfstune golden export`` and ``restore``: an image goes to files and comes back."""

from __future__ import annotations

from zfstune.cli import exit_status
from zfstune.cli.output import add_json, print_json, print_lines
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.steps_done import StepsDone
from zfstune.cli.value_options import add_dry_run, add_values
from zfstune.cli.which_zfs import open_zfs
from zfstune.clones import golden
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_export", "add_restore"]


def add_export(verbs: Any) -> None:
    """Add `export`."""
    export = verbs.add_parser(
        "export",
        help="write an image to files",
        description="Write IMAGE to a new FOLDER: its stream, and a manifest with guid, "
        "digest of the content, SHA-256 and properties, by which `restore` checks it. With "
        "--disk, write the disk that a volume holds to a plain file instead; for other "
        "formats see `qemu-img convert`.",
    )
    export.add_argument("golden", metavar="IMAGE", help="the golden image")
    where = export.add_mutually_exclusive_group(required=True)
    where.add_argument("folder", metavar="FOLDER", nargs="?", help="the folder to make")
    where.add_argument("--disk", metavar="FILE", help="the file to make")
    add_json(export)
    export.set_defaults(run=_export)


def add_restore(verbs: Any) -> None:
    """Add `restore`."""
    restore = verbs.add_parser(
        "restore",
        help="make an image of exported files",
        description="Restore an image from FOLDER. Its stream is read in full before "
        "anything is made, and the content that arrived is compared with the digest of "
        "the original; of a stream that was cut or changed nothing is left.",
    )
    restore.add_argument("folder", metavar="FOLDER", help="the folder of `export`")
    restore.add_argument(
        "name", metavar="DATASET", help="the dataset to make; its parent exists"
    )
    add_values(restore, "a value for the dataset")
    add_dry_run(restore)
    restore.set_defaults(run=_restore)


def _export(args: argparse.Namespace) -> int:
    progress = ProgressLine(json=args.json)
    target = args.folder if args.disk is None else args.disk

    def left() -> str:
        return f"nothing is left of {shown(target)}"

    steps = StepsDone(args, progress)
    with open_zfs(args) as engine, steps.interruptible(left):
        if args.disk is not None:
            size = golden.export_disk(
                args.golden, args.disk, engine=engine, on_progress=progress.show
            )
            said: dict[str, object] = {"file": args.disk, "size_bytes": size}
            said |= {"folder": None, "manifest": None}
            line = (
                f"exported the disk of {args.golden} ({format_size(size)}) to {args.disk}"
            )
        else:
            manifest = golden.export(
                args.golden, args.folder, engine=engine, on_progress=progress.show
            )
            said = {"file": None, "size_bytes": manifest.stream_bytes}
            said |= {"folder": args.folder, "manifest": manifest.to_dict()}
            length = format_size(manifest.stream_bytes, exact=False)
            line = f"exported {args.golden} ({length}) to {args.folder}"
    if args.json:
        print_json(said, changed=True)
    else:
        print_lines([line])
    return exit_status.DONE


def _restore(args: argparse.Namespace) -> int:
    progress = ProgressLine(json=args.json)
    steps = StepsDone(args, progress)

    def left() -> str:
        if steps.printed:
            return "the image has arrived, and the next run compares and holds it"
        return f"no part of {shown(args.name)} stays; run this again to make it"

    with open_zfs(args) as engine, steps.interruptible(left):
        plan = golden.restore(
            args.folder,
            args.name,
            properties=dict(args.properties),
            dry_run=args.dry_run,
            engine=engine,
            on_step=steps.tell,
            on_progress=progress.show,
        )
    steps.end(plan.lines())
    if args.json:
        print_json(plan.to_dict(), changed=plan.arrival is not None or plan.hold)
    return exit_status.DONE
