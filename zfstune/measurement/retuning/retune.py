"""Bring the files of a dataset to the recordsize and compression of today."""

from __future__ import annotations

from contextlib import contextmanager

from zfstune.engine.open import using
from zfstune.host.obstacles import obstacle
from zfstune.measurement.retuning.choice import Retuning
from zfstune.measurement.retuning.clean import clean
from zfstune.measurement.retuning.copy import Settled, copy_file
from zfstune.measurement.retuning.found_file import LeftAlone
from zfstune.measurement.retuning.look_through import look_through, opened, refuse_users
from zfstune.measurement.retuning.retune_plan import Left
from zfstune.measurement.retuning.retune_result import RetuneProgress, RetuneResult
from zfstune.measurement.retuning.spare import Spare
from zfstune.measurement.retuning.swap import (
    drop_originals,
    put_back,
    put_in_place,
    watch,
)
from zfstune.measurement.retuning.trial import try_out
from zfstune.streams.meter import Meter
from zfstune.values.errors import PlanError
from zfstune.values.names import check_dataset, pool_of
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.measurement.retuning.copy import Copied
    from zfstune.measurement.retuning.found_file import FoundFile
    from zfstune.measurement.retuning.retune_plan import RetunePlan

__all__ = ["retune"]

# Files that change places together: their copies are on disk by one sync of the pool.
_MOST_FILES = 64
_MOST_BYTES = 256 << 20


def retune(
    dataset: str,
    *,
    choice: Retuning | None = None,
    dry_run: bool = False,
    on_plan: Callable[[RetunePlan], object] | None = None,
    on_progress: Callable[[RetuneProgress], object] | None = None,
    engine: Engine | None = None,
) -> RetuneResult:
    """Write the files of a filesystem anew whose blocks are not those of today.

    ZFS fixes the block size of a file when the file outgrows one block, so a new
    recordsize is for new files (zfs_grow_blocksize() in
    module/os/linux/zfs/zfs_znode_os.c). Each such file is copied with all that belongs
    to it, compared with its copy, and exchanged for it, if nobody has it open and it has
    not changed. A run that was killed is completed by the next one.

    Args:
        dataset: A mounted filesystem; those below it are left as they are.
        choice: Which files, and how gently; default: those with blocks of another size,
            at full speed, and a tenth of the pool stays free.
        dry_run: Make the plan alone.
        on_plan: Is given the plan before the first file is copied.
        on_progress: Is called about once a second while files are copied.
        engine: Default: the running kernel's ZFS.

    Returns:
        The plan, the number of files written anew, and those left, each with the reason.

    Raises:
        PlanError: The dataset cannot be retuned as things are: it is not mounted, an
            application uses it, ZFS or the kernel lacks what makes it safe.
        EngineError: ZFS refused, or there is no such dataset.
    """
    choice = choice or Retuning()
    check_dataset(dataset)
    with using(engine) as zfs, opened(zfs, dataset, idle=choice.idle) as (root, mount):
        refuse_users(dataset, root)
        with _told(dataset):
            # A run that was killed comes first: it may have left a file with two inodes.
            settled, kept = (0, ()) if dry_run else _clean(dataset, root, choice)
            zfs.sync(pool_of(dataset))  # until then a new file takes no space
            plan = look_through(zfs, dataset, root, mount, choice)
            if on_plan is not None:
                on_plan(plan)
            if dry_run:
                return RetuneResult(plan, 0, 0, plan.left, pending=len(plan.files))
            run = _Run(zfs, plan, root, choice, on_progress)
            if plan.files:
                run.work()
        left = (*kept, *plan.left, *run.left)
        pending = len(plan.files) - run.done - len(run.left)
        return RetuneResult(
            plan, run.done, run.done_bytes, left, run.stopped, pending, settled
        )


def _clean(dataset: str, root: int, choice: Retuning) -> tuple[int, tuple[Left, ...]]:
    try:
        return clean(root, idle=choice.idle)
    except BlockingIOError:
        raise PlanError(
            f"cannot retune '{dataset}': another run is under way",
            hint="wait until it has ended; files that it has done are not done again",
        ) from None


class _Run:
    """One run: what it did so far."""

    def __init__(
        self,
        engine: Engine,
        plan: RetunePlan,
        root: int,
        choice: Retuning,
        on_progress: Callable[[RetuneProgress], object] | None,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._root = root
        self._idle = choice.idle
        self._pool = pool_of(plan.dataset)
        self._settled = Settled(lambda: engine.sync(self._pool))
        self._meter = Meter(
            plan.size_bytes,
            len(plan.files),
            rate_bytes_s=choice.rate_bytes_s,
            on_progress=on_progress
            and (lambda so_far: on_progress(RetuneProgress(so_far))),
        )
        self.done = 0
        self.done_bytes = 0
        self.left: list[Left] = []
        self.stopped = ""

    def work(self) -> None:
        """Write all files of the plan anew."""
        with Spare.made(self._root, idle=self._idle) as spare:
            try_out(spare, self._plan.dataset)
            self._settled.settle()
            for batch in _batches(self._plan.files):
                if not self._has_room(batch):
                    return
                copies: list[Copied] = []
                try:
                    self._copy(spare, batch, copies)
                    self._swap(spare, copies)
                finally:
                    self._end(spare, copies)
                if self.stopped:
                    return

    def _has_room(self, batch: list[FoundFile]) -> bool:
        free = self._engine.pool(self._pool).free_bytes
        left = free - sum(file.used_bytes for file in batch)
        floor = self._plan.floor_bytes
        if left < floor:
            free_text, floor_text = (
                format_size(size, exact=False) for size in (free, floor)
            )
            self.stopped = f"{free_text} of the pool are free, and {floor_text} are to stay"
        return not self.stopped

    def _copy(self, spare: Spare, batch: list[FoundFile], copies: list[Copied]) -> None:
        for file in batch:
            try:
                copies.append(
                    copy_file(
                        spare, file, self._meter, self._settled, self._plan.record_bytes
                    )
                )
            except LeftAlone as reason:
                self._leave(file, reason)
            except OSError as error:
                self.stopped = obstacle(error)
                return

    def _swap(self, spare: Spare, copies: list[Copied]) -> None:
        """Put the copies of a batch in place, those that are good."""
        if not copies:
            return
        self._engine.sync(self._pool)
        placed: list[Copied] = []
        for copied in list(copies):
            try:
                put_in_place(spare, copied, placed)
            except LeftAlone as reason:
                self._forget(spare, copied, copies, reason)
            else:
                placed.append(copied)
            self._meter.tick()
        for copied in watch(placed):
            self._drop(spare, copied, copies)
        for copied in placed:
            if copied in copies:
                self._drop(spare, copied, copies)

    def _drop(self, spare: Spare, copied: Copied, copies: list[Copied]) -> None:
        try:
            drop_originals(spare, copied)
        except LeftAlone as reason:
            self._forget(spare, copied, copies, reason)
            return
        copies.remove(copied)
        copied.close()
        self.done += 1
        self.done_bytes += copied.file.size_bytes
        self._meter.dataset_ended()

    def _forget(
        self, spare: Spare, copied: Copied, copies: list[Copied], reason: LeftAlone
    ) -> None:
        copies.remove(copied)
        spare.remove_all_of(copied.copy)
        copied.close()
        self._leave(copied.file, reason)

    def _leave(self, file: FoundFile, reason: LeftAlone) -> None:
        self.left.append(Left(file.path, str(reason)))
        self._meter.dataset_ended()

    def _end(self, spare: Spare, copies: list[Copied]) -> None:
        """Take back what was not finished, as after Ctrl-C."""
        for copied in list(copies):
            put_back(spare, copied)
            copies.remove(copied)
            spare.remove_all_of(copied.copy)
            copied.close()


def _batches(files: tuple[FoundFile, ...]) -> Iterator[list[FoundFile]]:
    """Yield the files in groups that change places together."""
    batch: list[FoundFile] = []
    size = 0
    for file in files:
        if batch and (len(batch) == _MOST_FILES or size + file.size_bytes > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield batch


@contextmanager
def _told(dataset: str) -> Iterator[None]:
    """Turn an error of the system into one that names the dataset."""
    try:
        yield
    except OSError as error:
        raise PlanError(f"cannot retune '{dataset}': {obstacle(error)}") from None
