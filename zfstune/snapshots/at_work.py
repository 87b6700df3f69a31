"""Tell whether a measurement is at work in its scratch dataset, from wherever one looks.

Scratch datasets of a kernel's pool are seen from each container that has ``/dev/zfs``,
processes and files are not: another PID namespace has other numbers, another mount
namespace other lock files. So a measurement holds a snapshot of its scratch dataset. The
kernel ends such a hold with the process (zfs_onexit in module/zfs/zfs_onexit.c), also
after SIGKILL; after a power cut the next import does (dsl_pool_clean_tmp_userrefs() in
module/zfs/dsl_pool.c).
"""

from __future__ import annotations

from contextlib import contextmanager

from zfstune.host.process_identity import is_running
from zfstune.values.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.protocol import Engine

__all__ = ["at_work_in", "is_at_work"]

_SHORT = "at-work"
_TAG = "zfstune-measure"


@contextmanager
def at_work_in(engine: Engine, dataset: str) -> Iterator[None]:
    """Show during a block, and no longer than this process lives, that it is at work.

    The caller destroys the snapshot together with the dataset.

    Args:
        engine: Where the dataset is.
        dataset: A dataset that this process has made.

    Raises:
        NotFound: Somebody else has removed the dataset before it was held.
    """
    snapshot = f"{dataset}@{_SHORT}"
    engine.take_snapshots([snapshot])
    with engine.holding([snapshot], _TAG):
        yield


def is_at_work(engine: Engine, dataset: str, mark: str) -> bool:
    """Tell whether the process that made a scratch dataset is there.

    Args:
        engine: Where the dataset is.
        dataset: Its name.
        mark: Its mark, which names the process as it is seen from its own namespace. It
            decides alone until the snapshot is held, and in an image, which has one
            process at a time.
    """
    if is_running(mark):
        return True
    try:
        return bool(engine.holds(f"{dataset}@{_SHORT}"))
    except NotFound:
        return False
