"""Move a directory into a new dataset: copy, compare, and exchange the two.

A note on the dataset says how far the move has come, so that the next run goes on after a
crash or kill -9 anywhere. Until the last byte was compared, the directory stays as it is
and in its place; after that, it stays beside the dataset under another name. Nothing of
it is ever removed.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing, suppress
from functools import partial

from zfstune.datasets.apply import apply
from zfstune.datasets.move_in_plan import (
    COPYING,
    SWAPPING,
    MoveFacts,
    Moving,
    check_users,
    moving_on,
    plan_move,
    refuse_move,
)
from zfstune.engine.open import using
from zfstune.engine.pools import ready_pool
from zfstune.host.copy_tree import Copier, CopyError, same_tree
from zfstune.host.empty_tree import empty_tree
from zfstune.host.mount_points import mount_points_at
from zfstune.host.obstacles import obstacle
from zfstune.host.tree_survey import survey_tree, users_of
from zfstune.host.walk import open_below, open_parent
from zfstune.values import names
from zfstune.values.frozen import frozen, replace
from zfstune.values.marks import MOVING_PROPERTY
from zfstune.values.text import for_shell, shown
from zfstune.values.whole_number import read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from zfstune.datasets.move_in_plan import (
        MovePlan,
    )
    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile

__all__ = ["MovedIn", "move_in"]

_PRIVATE = 0o700


@frozen
class MovedIn:
    """A move, as planned and as far as it was carried out.

    Attributes:
        plan: The plan.
        done: Whether the dataset has taken the directory's place.
    """

    plan: MovePlan
    done: bool

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types, and ``done``."""
        return {**self.plan.to_dict(), "done": self.done}


def move_in(
    profile: str | Profile,
    directory: str | os.PathLike[str],
    *,
    at: str,
    variant: str | None = None,
    properties: Mapping[str, str] | None = None,
    owner: bool = True,
    allow_unsafe: bool = False,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[MovePlan], None] | None = None,
    passed: Callable[[int], object] = lambda _: None,
    on_step: Callable[[str], object] = lambda _: None,
) -> MovedIn:
    """Move a directory into a new dataset with a profile, mounted in its place.

    A call that was interrupted is finished by the same call. The directory is kept as
    ``DIR.before-zfs``.

    Args:
        profile: The profile, or its name.
        directory: The directory, which nothing may use.
        at: The dataset that is made; the one above it exists.
        variant: Name of a variant of the profile.
        properties: Other values for the dataset.
        owner: Give the mounted directories the owner and mode of the profile.
        allow_unsafe: Let `properties` and the variant disable sync or checksums.
        dry_run: Stop once the plan is made.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before the first change.
        passed: Is told how many bytes were copied, after each part.
        on_step: Is told each step that was done.

    Raises:
        PlanError: The directory cannot move as things are; it is in its place, unless
            the error says something else.
        EngineError: ZFS refused a step; the next call goes on from there.
    """
    with using(engine) as zfs:
        put_on = partial(
            apply,
            profile,
            at=at,
            variant=variant,
            properties=properties,
            owner=owner,
            allow_unsafe=allow_unsafe,
            engine=zfs,
        )
        move = _Move(zfs, os.fspath(directory), at, put_on, passed=passed, on_step=on_step)
        with closing(move):
            plan = move.make_plan()
            if show is not None:
                show(plan)
            if not dry_run:
                move.carry_out(plan)
            return MovedIn(plan, not dry_run)


class _Move:
    """One move, with the folder that the directory lies in held open."""

    def __init__(
        self,
        engine: Engine,
        directory: str,
        dataset: str,
        put_on: Callable[[], object],
        *,
        passed: Callable[[int], object],
        on_step: Callable[[str], object],
    ) -> None:
        self._engine, self._dataset = engine, names.check_dataset(dataset, creating=True)
        self._put_on, self._passed, self._on_step = put_on, passed, on_step
        if not os.path.isabs(directory) or os.path.normpath(directory) == "/":
            raise refuse_move(directory, "name it by its path from the root folder")
        # The way there may lead over links; the directory itself may be none.
        above, self._name = os.path.split(os.path.normpath(directory))
        self._path = os.path.join(os.path.realpath(above), self._name)
        try:
            path_only, _ = open_parent(self._path)
            self._above = open_below(path_only, ())
            os.close(path_only)
        except OSError as error:
            raise refuse_move(self._path, obstacle(error)) from None
        self._moving: Moving | None = None

    def close(self) -> None:
        os.close(self._above)

    def make_plan(self) -> MovePlan:
        """Look at the directory, and at what an earlier run left."""
        engine = self._engine
        pool = ready_pool(engine, names.pool_of(self._dataset), operation="plan on pool")
        if not pool.mountable:
            raise refuse_move(
                self._path,
                "the filesystems of an image cannot be mounted",
                "leave out --image on a host that has ZFS in its kernel; in an image, "
                f"zfstune apply PROFILE --at {for_shell(self._dataset)} works on a dataset "
                "that exists",
            )
        parent = names.parent_of(self._dataset)
        if parent is None:
            raise refuse_move(self._path, f"'{self._dataset}' is a pool itself")
        available = read_whole(engine.dataset(parent).value("available") or "0")
        if engine.exists(self._dataset):
            found = engine.dataset(self._dataset)
            self._moving = moving_on(found, MOVING_PROPERTY, self._path)
            available += read_whole(found.value("used") or "0")
        facts = self._look(self._swapped())
        plan = plan_move(facts, self._dataset, pool, available)
        if self._moving is not None:
            again = "an earlier run was interrupted, and this one goes on from there"
            plan = replace(plan, cautions=(*plan.cautions, again))
            if self._swapped():
                plan = replace(plan, aside=self._moving.aside)
        self._state = facts.state
        return plan

    def _swapped(self) -> bool:
        """Tell whether the directory has its other name already."""
        moving = self._moving
        if moving is None or moving.step != SWAPPING:
            return False
        if self._stands(os.path.basename(moving.aside)):
            return True
        if not self._stands(self._name):
            raise refuse_move(
                self._path,
                f"neither it nor '{shown(moving.aside)}' is there",
                f"its copy is in '{self._dataset}': `zfs mount {for_shell(self._dataset)}`",
            )
        return False

    def _stands(self, name: str) -> bool:
        return _stat(self._above, name) is not None

    def _look(self, swapped: bool) -> MoveFacts:  # noqa: FBT001 (one caller)
        """Look at the directory, or at what it is called by now."""
        moving = self._moving
        name = os.path.basename(moving.aside) if swapped and moving else self._name
        path = os.path.join(os.path.dirname(self._path), name)
        found = _stat(self._above, name)
        if found is None or not stat.S_ISDIR(found.st_mode):
            reason = "it is no folder" if found else "it is not there"
            raise refuse_move(path, reason, "a link to a folder is none: name the folder")
        points = mount_points_at(path)
        try:
            survey = survey_tree(self._above, name)
        except OSError as error:
            raise refuse_move(path, obstacle(error)) from None
        return MoveFacts(
            path=self._path,
            is_mount=path in points,
            mounts=tuple(point for point in points if point != path),
            files=survey.files,
            size_bytes=survey.size_bytes,
            space_bytes=survey.space_bytes,
            linked=survey.linked,
            users=users_of(survey, path),
            taken=frozenset(os.listdir(self._above)),
            state=survey.state,
        )

    def carry_out(self, plan: MovePlan) -> None:
        """Do all that an earlier run has not done."""
        if self._moving is None or not self._swapped():
            self._fill(plan)
            self._set_aside(plan)
        self._take_place(plan)

    def _note(self, plan: MovePlan, step: str) -> Moving:
        return Moving(plan.source, plan.aside, step, self._state)

    def _fill(self, plan: MovePlan) -> None:
        """Make the dataset, and copy the directory into it."""
        engine, name = self._engine, self._dataset
        note = {MOVING_PROPERTY: self._note(plan, COPYING).to_text()}
        place = {"mountpoint": plan.first_mountpoint, "canmount": "noauto"}
        if engine.exists(name):
            self._unmount_all()
            engine.set(name, note | place)
        else:
            engine.create(name, properties=note | place)
        self._on_step("made")
        with suppress(FileExistsError):
            os.mkdir(os.path.basename(plan.temporary), _PRIVATE, dir_fd=self._above)
        engine.mount(name, hide=False)
        self._put_on()
        self._on_step("tuned")
        target = os.path.basename(plan.temporary)
        try:
            self._copy(target)
            self._on_step("copied")
            alike = same_tree(self._above, self._name, self._above, target)
        except CopyError as error:
            where = f"'{shown(error.path)}': " if error.path else ""
            raise self._left(plan, f"{where}{obstacle(error.error)}") from None
        except OSError as error:
            raise self._left(plan, obstacle(error)) from None
        if not alike or self._look(swapped=False).state != self._state:
            raise self._left(plan, "it changed meanwhile, or the copy is not like it")
        self._on_step("compared")

    def _copy(self, target: str) -> None:
        there = os.open(target, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._above)
        try:
            os.fchmod(there, _PRIVATE)  # nobody enters it until it is whole
            empty_tree(there)
            source = open_below(self._above, (self._name,))
            try:
                copier = Copier(self._passed)
                copier.copy_into(source, there)
            finally:
                os.close(source)
        finally:
            os.close(there)
        copier.seal(self._above, target)

    def _left(self, plan: MovePlan, reason: str) -> Exception:
        """Return the error for a move that ends before the exchange."""
        return refuse_move(
            self._path,
            f"{reason}; it is as it was, and in its place",
            f"run the same command again, or give up: zfs destroy -r "
            f"{for_shell(self._dataset)} && rmdir {for_shell(plan.temporary)}",
        )

    def _set_aside(self, plan: MovePlan) -> None:
        """Take the dataset off its temporary place, and give the directory another name."""
        check_users(self._path, self._look(swapped=False).users)
        note = self._note(plan, SWAPPING).to_text()
        self._engine.set(self._dataset, {MOVING_PROPERTY: note})
        self._unmount_all()
        self._engine.set(self._dataset, {"mountpoint": plan.mountpoint})
        self._on_step("unmounted")
        aside = os.path.basename(plan.aside)
        if self._stands(aside):
            raise self._left(plan, f"something is called '{shown(plan.aside)}' by now")
        os.rename(self._name, aside, src_dir_fd=self._above, dst_dir_fd=self._above)
        self._moving = self._note(plan, SWAPPING)
        self._on_step("set aside")

    def _take_place(self, plan: MovePlan) -> None:
        """Mount the dataset where the directory was, unless the directory has changed."""
        moving, aside = self._moving, os.path.basename(plan.aside)
        found = self._look(swapped=True)
        mounted = self._engine.mounts().get(self._dataset)
        in_place = mounted is not None and mounted.path == plan.source
        if moving and not in_place and (found.users or found.state != moving.state):
            with suppress(FileNotFoundError):
                os.rmdir(self._name, dir_fd=self._above)  # fails where somebody uses it
            os.rename(aside, self._name, src_dir_fd=self._above, dst_dir_fd=self._above)
            raise self._left(plan, "a program used it at the last moment")
        if not in_place:
            facts = os.stat(aside, dir_fd=self._above, follow_symlinks=False)
            with suppress(FileExistsError):
                os.mkdir(self._name, _PRIVATE, dir_fd=self._above)
                os.chown(self._name, facts.st_uid, facts.st_gid, dir_fd=self._above)
                os.chmod(self._name, stat.S_IMODE(facts.st_mode), dir_fd=self._above)
            self._on_step("directory made")
            self._unmount_all()
            self._engine.mount(self._dataset, hide=False)
            self._on_step("mounted")
        self._engine.set(self._dataset, {"canmount": "on"})
        self._put_on()
        self._on_step("in force")
        with suppress(OSError):  # it is not empty: somebody put something there
            os.rmdir(os.path.basename(plan.temporary), dir_fd=self._above)
        self._engine.inherit(self._dataset, MOVING_PROPERTY)
        self._on_step("done")

    def _unmount_all(self) -> None:
        """Unmount the dataset and all below it, the deepest first."""
        for name in reversed(list(self._mounted())):
            self._engine.unmount(name)

    def _mounted(self) -> Iterator[str]:
        top = self._dataset
        for name in sorted(self._engine.mounts()):
            if name == top or name.startswith(f"{top}/"):
                yield name


def _stat(directory: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
