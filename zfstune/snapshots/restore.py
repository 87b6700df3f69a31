"""Bring a file or a folder back out of a snapshot of a mounted filesystem."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime

from zfstune.engine.open import using
from zfstune.host.attributes import gives_access_lists
from zfstune.host.copy_tree import Copier, CopyError, count_tree, same_tree
from zfstune.host.mount_points import mount_points_at
from zfstune.host.obstacles import is_elsewhere, obstacle
from zfstune.snapshots.look_up import look_up
from zfstune.snapshots.restore_folder import (
    COPY_DRAFT,
    RestoreFolder,
    left_folders,
    move_new,
    stands,
)
from zfstune.snapshots.restore_places import (
    InSnapshot,
    make_folders,
    open_root,
    reach,
    real_path,
)
from zfstune.snapshots.restore_plan import (
    PathPlan,
    RestoredPath,
    name_aside,
    names_below,
)
from zfstune.values.errors import NotSupported, PlanError
from zfstune.values.text import for_shell, shown, utc_stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Dataset, Mount

__all__ = ["restore_path"]

_FILESYSTEM = "filesystem"
_NFSV4 = "nfsv4"
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


def restore_path(
    snapshot: str,
    path: str,
    *,
    to: str | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    show: Callable[[PathPlan], object] | None = None,
    passed: Callable[[int], object] = lambda _: None,
) -> RestoredPath:
    """Bring a file or a folder back out of a snapshot, with all that belongs to it.

    Content, holes, owners, modes, times, extended attributes, access lists, the flags of
    chattr and hard links within the folder come back. Nothing is overwritten: what
    stands in the way is kept beside it, as ``NAME.before-restore-TIME``. The copy is
    made in a folder that nobody else can enter, and takes its name once it is whole. A
    run that was killed has lost nothing, and the next run completes it.

    Args:
        snapshot: Full name of a snapshot of a mounted filesystem.
        path: The path of the file or folder, absolute or relative to the mountpoint.
        to: A folder to put it into; default: the place where it was.
        dry_run: Make the plan alone.
        engine: Default: the running kernel's ZFS.
        show: Called with the plan before anything changes.
        passed: Is told how many bytes were copied, after each part.

    Raises:
        NotFound: There is no such snapshot, or it does not have that path.
        NotSupported: The pool is in an image, whose filesystems no kernel has mounted.
        PlanError: The dataset is not mounted, the path lies elsewhere, something is
            mounted in the way, or the system refused; nothing was lost.
    """
    with using(engine) as zfs, ExitStack() as opened, _told(path):
        mount = _mount_of(zfs, snapshot)
        names = _names(path, mount, snapshot)
        mounts = zfs.mounts()
        root = open_root(mount.path)
        opened.callback(os.close, root)
        source = InSnapshot(root, snapshot, mounts, names)
        opened.callback(source.close)
        work = _Work(root, source, names, to, zfs.dataset(mount.dataset))
        recovered = () if dry_run else work.recover()
        plan = work.plan(snapshot, mounts)
        if show is not None:
            show(plan)
        if dry_run or plan.same:
            return RestoredPath(plan, recovered=recovered)
        work.carry_out(plan, passed)
        return RestoredPath(plan, done=True, recovered=recovered)


def _mount_of(engine: Engine, snapshot: str) -> Mount:
    """Return the mount of a snapshot's dataset, below which its files can be read.

    Raises:
        NotFound: There is no such dataset or snapshot.
        NotSupported: No kernel mounts it.
        PlanError: It is not mounted.
    """
    look_up(engine, snapshot, operation="restore from")
    name = snapshot.partition("@")[0]
    if engine.file:
        raise NotSupported(
            operation="restore from",
            target=snapshot,
            reason="the pool is in an image, and no kernel has its files mounted",
            hint="to bring back the whole dataset: zfstune rollback "
            f"{for_shell(snapshot)}; to reach its files, send it to a pool of this host",
        )
    refused = f"cannot restore from '{snapshot}'"
    clone = f"zfstune clone {for_shell(snapshot)} {for_shell(name + '-old')}"
    if engine.dataset(name).kind != _FILESYSTEM:
        raise PlanError(
            f"{refused}: '{name}' is a volume, whose files ZFS does not know",
            hint=f"make a second volume of the snapshot, and mount that: {clone}",
        )
    mount = engine.mounts().get(name)
    if mount is None:
        raise PlanError(
            f"{refused}: '{name}' is not mounted",
            hint=f"zfs mount {for_shell(name)}; or look into a clone: {clone}",
        )
    if mount.hidden:
        raise PlanError(
            f"{refused}: something is mounted over '{name}' at '{shown(mount.path)}'",
            hint=f"unmount that first; or look into a clone: {clone}",
        )
    return mount


def _names(path: str, mount: Mount, snapshot: str) -> tuple[str, ...]:
    """Return the names on the way to a path, whose folder a link may lead to."""
    try:
        return names_below(path, mount.path, snapshot)
    except PlanError:
        if not path.startswith("/") or ".." in path.split("/"):
            raise
        folder, _, name = path.rstrip("/").rpartition("/")
        real = os.path.join(os.path.realpath(folder or "/"), name)
        with suppress(PlanError):
            return names_below(real, mount.path, snapshot)
        raise


class _Work:
    """One restore: its open places, its plan, and the copying.

    Attributes:
        folder: The path of the folder that the copy goes into.
        new_name: The name that it gets there.
    """

    def __init__(
        self,
        root: int,
        source: InSnapshot,
        names: tuple[str, ...],
        to: str | None,
        dataset: Dataset,
    ) -> None:
        self._root = root
        self._source = source
        self._names = names
        self._dataset = dataset
        self._to = os.path.abspath(to) if to is not None else None
        self.folder = self._to or os.path.dirname(source.path)
        self.new_name = names[-1] if names else os.path.basename(dataset.name)

    def plan(self, snapshot: str, mounts: Mapping[str, Mount]) -> PathPlan:
        """Look at both places: what comes back, and what stands in the way."""
        source = self._source
        mode = os.stat(source.name, dir_fd=source.folder, follow_symlinks=False).st_mode
        tree = count_tree(source.folder, source.name)
        target, makes = self._look()
        try:
            in_the_way = not makes and stands(target, self.new_name)
            same = in_the_way and same_tree(
                source.folder, source.name, target, self.new_name
            )
            aside = ""
            if in_the_way and not same:
                self._refuse_mounts(os.path.join(real_path(target), self.new_name))
                aside = os.path.join(self.folder, self._aside(target))
        finally:
            os.close(target)
        return PathPlan(
            snapshot=snapshot,
            path=source.path,
            target=os.path.join(self.folder, self.new_name),
            kind=_KINDS.get(stat.S_IFMT(mode), "special"),
            files=tree.files,
            folders=tree.folders,
            size_bytes=tree.size_bytes,
            aside=aside,
            makes=makes,
            same=same,
            cautions=tuple(self._cautions(mounts)),
        )

    def carry_out(self, plan: PathPlan, passed: Callable[[int], object]) -> None:
        """Copy, and put the copy in place."""
        target = (
            open_root(self._to)
            if self._to is not None
            else make_folders(self._source.top, self._names[:-1], self._root)
        )
        try:
            copier = Copier(passed)
            with RestoreFolder.made(target) as folder:
                copier.copy(self._source.folder, self._source.name, folder.fd, COPY_DRAFT)
                aside = os.path.basename(plan.aside) or self._aside(target)
                folder.put_in_place(self.new_name, aside)
            copier.seal(target, self.new_name)
        finally:
            os.close(target)

    def recover(self) -> tuple[str, ...]:
        """Clear up after runs that were killed; return the paths of what they had kept."""
        target, makes = self._look()
        try:
            return () if makes else tuple(self._recover(target))
        finally:
            os.close(target)

    def _look(self) -> tuple[int, tuple[str, ...]]:
        """Open the folder for the copy, or the last one above it that is there.

        Returns:
            The open folder, and the paths of the folders that are to be made below it.
        """
        if self._to is not None:
            return open_root(self._to), ()
        if not self._names:
            raise PlanError(
                f"cannot restore '{shown(self._source.path)}': it is all of "
                f"'{self._dataset.name}'",
                hint="name a folder to put it into with --to; or, to bring the dataset "
                "itself back: zfstune rollback",
            )
        above = self._names[:-1]
        folder, count = reach(self._root, above)
        top = real_path(self._root)
        return folder, tuple(
            os.path.join(top, *above[: number + 1]) for number in range(count, len(above))
        )

    def _aside(self, target: int) -> str:
        stamp = utc_stamp(datetime.now(UTC))
        return name_aside(self.new_name, stamp, os.listdir(target))

    def _refuse_mounts(self, path: str) -> None:
        """Refuse to move something aside that has a mount in it."""
        mounted = mount_points_at(path)
        if mounted:
            raise PlanError(
                f"cannot restore '{shown(self._source.path)}': what is there now cannot be "
                f"put aside, for something is mounted at '{shown(mounted[0])}'",
                hint="unmount it first, or name another folder with --to",
            )

    def _cautions(self, mounts: Mapping[str, Mount]) -> Iterator[str]:
        below = f"{self._source.path.rstrip('/')}/"
        for name, mount in sorted(mounts.items()):
            if mount.path.startswith(below) and name != self._dataset.name:
                yield (
                    f"'{name}' is mounted at '{shown(mount.path)}': its files are in "
                    "snapshots of its own"
                )
        if self._dataset.value("acltype") == _NFSV4 and not gives_access_lists(self._root):
            yield "this kernel does not give out NFSv4 access lists: they do not come back"

    def _recover(self, target: int) -> Iterator[str]:
        for left in left_folders(target):
            with left:
                for name in set(os.listdir(left.fd)) - {COPY_DRAFT}:
                    if name == self.new_name and same_tree(
                        self._source.folder, self._source.name, left.fd, name
                    ):
                        left.remove(name)  # its copy, which never got its place
                        continue
                    stamp = utc_stamp(datetime.now(UTC))
                    aside = name_aside(name, stamp, os.listdir(target))
                    move_new(left.fd, name, target, aside)
                    yield os.path.join(self.folder, aside)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn an error of the system into one that names the path."""
    try:
        yield
    except CopyError as error:
        where = os.path.join(path, error.path) if error.path else path
        raise _refusal(where, error.error) from None
    except OSError as error:
        raise _refusal(path, error) from None


def _refusal(path: str, error: OSError) -> PlanError:
    hint = "nothing has been overwritten"
    if isinstance(error, PermissionError):
        hint += "; to give files their owners back takes root"
    if is_elsewhere(error):
        hint = "name a folder with --to; what is mounted there has snapshots of its own"
    return PlanError(f"cannot restore '{shown(path)}': {obstacle(error)}", hint=hint)
