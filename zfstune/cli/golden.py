"""``zfstune golden``: make, stamp, list, export, restore and retire golden images."""

from __future__ import annotations

from functools import partial

from zfstune.cli import exit_status
from zfstune.cli.golden_files import add_export, add_restore
from zfstune.cli.output import (
    add_json,
    add_scripted,
    print_json,
    print_lines,
    print_table,
    report,
    stdout_columns,
    warn,
)
from zfstune.cli.progress_line import ProgressLine
from zfstune.cli.step_line import StepLine
from zfstune.cli.steps_done import StepsDone
from zfstune.cli.value_options import add_dry_run, add_values
from zfstune.cli.which_zfs import open_zfs
from zfstune.clones import golden
from zfstune.clones.read_disk import DISK_FORMATS
from zfstune.clones.retire_plan import RETIRE_LOSSES
from zfstune.host.accounts import group_numbers, user_numbers
from zfstune.values.errors import InvalidValue
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zfstune.clones.retire_plan import RetirePlan
    from zfstune.clones.seal import GoldenImage
    from zfstune.clones.stamp import Stamped


__all__ = ["add_arguments"]

_MODES = range(0o10000)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.description = (
        "Set a system up once, seal it as a golden image, and stamp clones from it: each "
        "takes no space until it changes, and has an identity of its own."
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    _add_create(verbs)
    _add_stamp(verbs)
    _add_list(verbs)
    add_export(verbs)
    add_restore(verbs)
    _add_retire(verbs)


def _add_create(verbs: Any) -> None:
    create = verbs.add_parser(
        "create",
        help="seal a dataset, or a disk in a file",
        description="Seal a dataset as a golden image: it becomes read-only, and its "
        "snapshot @golden is taken and held. For DATASET@SNAPSHOT that snapshot is sealed. "
        "With --disk, the disk is written to a new volume first: zeros take no space. An "
        "image that was retired is taken back.",
    )
    create.add_argument("name", metavar="DATASET", help="the dataset, or its snapshot")
    create.add_argument(
        "--disk", metavar="FILE", help="a disk to write to a new volume DATASET"
    )
    create.add_argument(
        "--format",
        choices=DISK_FORMATS,
        help="what FILE is (default: qcow2 if it begins like one, else raw)",
    )
    add_values(create, "a value for the new volume")
    create.add_argument(
        "--writable",
        action="store_true",
        help="leave the dataset writable; its snapshot never changes",
    )
    add_dry_run(create)
    create.set_defaults(run=_create)


def _add_stamp(verbs: Any) -> None:
    stamp = verbs.add_parser(
        "stamp",
        help="make clones of an image, each with an identity of its own",
        description="Make clones of IMAGE, all at once, and mount them. From each "
        "filesystem the identity of the image is taken: machine-id is emptied, and random "
        "seed, credential secret and ssh host keys are removed, before anybody can use "
        "the clone. A clone that is there already stays as it is; one that a run left "
        "unfinished is finished.",
    )
    stamp.add_argument("golden", metavar="IMAGE", help="the golden image")
    stamp.add_argument(
        "names", metavar="NAME", nargs="+", help="a clone to make; its parent exists"
    )
    add_values(
        stamp, "a value for each clone; in mountpoint, {} is the last part of its name"
    )
    stamp.add_argument(
        "--owner", metavar="USER[:GROUP]", help="owner of each clone's root directory"
    )
    stamp.add_argument("--mode", help="mode of each clone's root directory, as in 0750")
    stamp.add_argument(
        "--keep-identity",
        action="store_true",
        help="leave machine-id and host keys as they are in the image",
    )
    stamp.add_argument(
        "--new-uuid",
        action="store_true",
        help="give the file system (ext, XFS, FAT) on each volume a UUID of its own; an "
        "fstab in it that names the old one stays",
    )
    stamp.add_argument(
        "--wait",
        metavar="SECONDS",
        type=float,
        default=30.0,
        help="how long to wait for the device node of a volume (default: 30; 0: not)",
    )
    add_dry_run(stamp)
    stamp.set_defaults(run=_stamp)


def _add_list(verbs: Any) -> None:
    listing = verbs.add_parser(
        "list",
        help="list images and their clones",
        description="List golden images, each with its snapshot, its clones, and theirs. A "
        "clone that a run of stamp left unfinished may have the identity of the image; the "
        "next run with its name finishes it.",
    )
    listing.add_argument(
        "datasets",
        metavar="DATASET",
        nargs="*",
        help="a dataset; it and all below it are looked at (default: all pools)",
    )
    add_scripted(listing)
    add_json(listing)
    listing.set_defaults(run=_list)


def _add_retire(verbs: Any) -> None:
    retire = verbs.add_parser(
        "retire",
        help="stamp no more clones from an image; destroy it",
        description="Retire IMAGE: no further clone is stamped from it. With --lose it is "
        "destroyed, if no clone is left; if some are, they are named, it stays, and the "
        "exit status is 4. `zfstune golden create IMAGE` takes it back.",
    )
    retire.add_argument("golden", metavar="IMAGE", help="the golden image")
    retire.add_argument(
        "--lose",
        action="append",
        default=[],
        choices=RETIRE_LOSSES,
        help="consent to a loss: of the image with its dataset, or of the dataset's other "
        "snapshots; may be given several times",
    )
    add_dry_run(retire)
    retire.set_defaults(run=_retire)


def _create(args: argparse.Namespace) -> int:
    progress = ProgressLine(json=args.json)
    steps = StepsDone(args, progress)

    def left() -> str:
        if args.disk is None or steps.printed:
            return "the steps that are printed were done, and the next run does the others"
        return f"no part of {shown(args.name)} stays; run this again to make it"

    with open_zfs(args) as engine, steps.interruptible(left):
        plan = golden.create(
            args.name,
            disk=args.disk,
            disk_format=args.format,
            properties=dict(args.properties),
            writable=args.writable,
            dry_run=args.dry_run,
            engine=engine,
            on_step=steps.tell,
            on_progress=progress.show,
        )
    steps.end(plan.lines())
    if args.json:
        print_json(plan.to_dict(), changed=bool(plan.steps))
    return exit_status.DONE


def _stamp(args: argparse.Namespace) -> int:
    progress = StepLine("cloned")
    steps = StepsDone(args, progress)

    def left() -> str:
        return "clones that were made stay, and the next run finishes them"

    with open_zfs(args) as engine, steps.interruptible(left):
        stamped = golden.stamp(
            args.golden,
            *args.names,
            properties=dict(args.properties),
            owner=_owner(args),
            keep_identity=args.keep_identity,
            new_uuid=args.new_uuid,
            wait_s=args.wait,
            dry_run=args.dry_run,
            engine=engine,
            say=warn,
            on_step=steps.tell,
            on_progress=progress.passed,
        )
    steps.end(_stamped_lines(stamped, dry_run=args.dry_run))
    if args.json:
        pending = stamped.plan.new or stamped.plan.unfinished
        changed = bool(pending if args.dry_run else stamped.done)
        print_json(stamped.to_dict(), changed=changed)
    for _, error in sorted(stamped.left.items()):
        report(error)
    return exit_status.PARTLY if stamped.left else exit_status.DONE


def _stamped_lines(stamped: Stamped, *, dry_run: bool) -> list[str]:
    """Return the lines of the plan that are true after the run, or all in a dry run."""
    plan = stamped.plan
    if dry_run:
        return plan.lines()
    there = (name for name in plan.there if name not in stamped.left)
    return [f"{name} is there already" for name in there]


def _owner(args: argparse.Namespace) -> golden.Owner | None:
    """Read who is to own the clones.

    Raises:
        InvalidValue: There is no such user or group, or the mode cannot be one.
    """
    if args.owner is None and args.mode is None:
        return None
    user, _, group = (args.owner or "").partition(":")
    mode = None
    if args.mode is not None:
        try:
            mode = int(args.mode, 8)
        except ValueError:
            mode = -1
        if mode not in _MODES:
            raise InvalidValue(
                f"cannot use '{shown(args.mode)}' as a mode: it is none",
                hint="a mode is octal, as in 0750",
            )
    return golden.Owner(
        _number(user, "user", user_numbers), _number(group, "group", group_numbers), mode
    )


def _number(name: str, what: str, numbers_of: Any) -> int | None:
    if not name:
        return None
    if name.isascii() and name.isdecimal():
        return int(name)
    found: int | None = numbers_of([name]).get(name)
    if found is None:
        raise InvalidValue(
            f"cannot use '{shown(name)}' as an owner: no such {what}",
            hint=f"a number does where the {what} is not of this host",
        )
    return found


def _list(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        images = golden.images(*args.datasets, engine=engine)
    if args.json:
        print_json({"images": [_as_json(image) for image in images]})
        return exit_status.DONE
    rows = []
    size = str if args.scripted else partial(format_size, exact=False)
    for image in images:
        short_name = image.snapshot.partition("@")[2] or "-"
        sizes = (size(image.referenced_bytes), size(image.used_bytes))
        rows.append((image.name, short_name, image.state, *sizes, str(len(image.clones))))
        indent = "" if args.scripted else "  "
        for depth, clone in image.descendants():
            state = "unfinished" if clone in image.unfinished else "clone"
            rows.append((f"{indent * depth}{clone}", "-", state, "-", "-", "-"))
    header = ("NAME", "SNAPSHOT", "STATE", "REFER", "USED", "CLONES")
    print_table(header, rows, scripted=args.scripted, right="lllrrr")
    if not rows and not args.scripted and stdout_columns():
        warn("there is no golden image", "zfstune golden create DATASET makes one")
    return exit_status.DONE


def _as_json(image: GoldenImage) -> dict[str, object]:
    return {
        "name": image.name,
        "kind": image.kind,
        "snapshot": image.snapshot or None,
        "guid": str(image.seal.guid),  # jq rounds numbers above 2**53
        "state": image.state,
        "referenced_bytes": image.referenced_bytes,
        "used_bytes": image.used_bytes,
        "clones": list(image.clones),
        "unfinished": list(image.unfinished),
        "lineage": {name: list(own) for name, own in sorted(image.lineage.items())},
    }


def _show(plan: RetirePlan) -> None:
    """Print the plan, which names each victim, before it is carried out."""
    print_lines(plan.lines())


def _retire(args: argparse.Namespace) -> int:
    with open_zfs(args) as engine:
        plan = golden.retire(
            args.golden,
            lose=args.lose,
            dry_run=args.dry_run,
            engine=engine,
            show=None if args.json else _show,
        )
    if args.json:
        print_json(plan.to_dict(), changed=plan.mark or bool(plan.victims))
    return exit_status.PENDING if args.lose and plan.clones else exit_status.DONE
