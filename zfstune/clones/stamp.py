"""Stamp clones from a golden image, all at once, each with an identity of its own."""

from __future__ import annotations

from zfstune.clones.clone import counting, read_there
from zfstune.clones.finish import Finisher
from zfstune.clones.seal import check_usable, read_stamp
from zfstune.clones.stamp_plan import StampChoices, make_stamp_plan
from zfstune.clones.survey import find_image
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.host.in_parallel import in_parallel
from zfstune.values.errors import InvalidValue, ZfstuneError
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset, pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zfstune.clones.stamp_plan import Owner, StampPlan
    from zfstune.engine.protocol import Engine

__all__ = ["Stamped", "stamp"]

_WAIT_S = 30.0
_MOST_WAIT_S = 24 * 60 * 60


@frozen
class Stamped:
    """A plan and the part of it that was carried out.

    Attributes:
        plan: The plan.
        done: Names of the clones that were finished; none in a dry run.
        left: Name of each clone that could not be finished or mounted, with the error.
    """

    plan: StampPlan
    done: tuple[str, ...]
    left: Mapping[str, ZfstuneError]

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types, with the part of it that was done."""
        left = {name: error.message for name, error in sorted(self.left.items())}
        return {**self.plan.to_dict(), "done": list(self.done), "left": left}


def stamp(
    image: str,
    *names: str,
    properties: Mapping[str, str] | None = None,
    owner: Owner | None = None,
    keep_identity: bool = False,
    new_uuid: bool = False,
    wait_s: float = _WAIT_S,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[StampPlan], None] | None = None,
    say: Callable[[str], object] | None = None,
    on_step: Callable[[str], object] = lambda _: None,
    on_progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Stamped:
    """Stamp clones from a golden image, and mount them; all names are judged first.

    A clone of the image that is there already stays as it is; one that an earlier run
    left unfinished is finished.

    Args:
        image: The golden image.
        names: Full names of the clones. Their parents exist.
        properties: Property to value, to set on each clone. In ``mountpoint``, ``{}``
            stands for the last part of the clone's name.
        owner: Owner and mode of each clone's root directory.
        keep_identity: Leave machine-id and ssh host keys as the image has them.
        new_uuid: Give the file system (ext, XFS or FAT) on each volume a UUID of its
            own, by the tool of this system. What lies in it, such as an fstab that names
            the old one, stays.
        wait_s: How long to wait for the device node of a volume, in seconds; 0: not.
        dry_run: Change nothing.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        say: Called with a sentence while a device node is waited for.
        on_step: As for :func:`zfstune.clone`.
        on_progress: As for :func:`zfstune.clone`.

    Returns:
        The plan, and the clones that were finished; the others, with the reasons.

    Raises:
        PlanError: The dataset is no image, or a retired one; or a name is taken, or has
            no parent. Nothing was made.
        InvalidValue: A choice makes no sense for this image; nothing was made.
        EngineError: ZFS refused a clone. Another run goes on from there.
    """
    with using(engine) as zfs:
        if not 0 <= wait_s <= _MOST_WAIT_S:  # NaN is refused too
            raise InvalidValue(f"cannot wait {wait_s:g} s for device nodes")
        choices = StampChoices(properties or {}, owner, keep_identity, new_uuid)
        plan = _plan(zfs, image, names, choices)
        if show is not None:
            show(plan)
        if dry_run:
            return Stamped(plan, (), {})
        with counting(plan.new, plan.line_of, on_step, on_progress) as made:
            zfs.clone_all(plan.snapshot, plan.new, properties=plan.at_birth, on_made=made)
        return _finish(plan, Finisher(zfs, plan, wait_s=wait_s, say=say), on_step)


def _plan(
    engine: Engine, image: str, names: Sequence[str], choices: StampChoices
) -> StampPlan:
    ready_pool(engine, pool_of(check_dataset(image)), operation="stamp clones in")
    found = find_image(engine, image, "stamp")
    check_usable(found, "stamp")
    there = read_there(engine, names)
    unmarked = [n for n in names if n in there and read_stamp(there[n]) is None]
    return make_stamp_plan(
        found,
        names,
        choices,
        there=there,
        in_use={*engine.mounts(), *filter(engine.snapshots, unmarked)},
        limits=engine.limits,
    )


def _finish(
    plan: StampPlan, finisher: Finisher, on_step: Callable[[str], object]
) -> Stamped:
    left: dict[str, ZfstuneError] = {}

    def one(name: str) -> None:
        try:
            (finisher.mount if name in plan.there else finisher.finish)(name)
        except ZfstuneError as error:
            left[name] = error

    in_parallel(one, (*plan.new, *plan.unfinished, *plan.there))
    begun = (*plan.new, *plan.unfinished)
    done = tuple(name for name in begun if name not in left)
    for name in plan.unfinished:
        if name in done:
            on_step(plan.finished_line(name))
    if done:
        where = "each" if len(done) == len(begun) else f"{len(done)} of {len(begun)}"
        on_step(f"in {where}: {plan.identity}")
    return Stamped(plan, done, left)
