"""Read the figures that Prometheus gathers, as ``zfstune metrics`` does."""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.health.observe import observe
from zfstune.health.prometheus_text import families, render_metrics
from zfstune.host.files import state_folder
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import ZfstuneError

__all__ = ["Metrics", "read_metrics"]


@frozen
class Metrics:
    """Figures in Prometheus' text format, which ``str()`` gives as well.

    Attributes:
        text: The figures; docs/reference/metrics.md lists them.
        faults: Schedules that could not be read, whose figures are left out.
        damaged: Name and reason of each dataset that could not be read.
    """

    text: str
    faults: tuple[ZfstuneError, ...] = ()
    damaged: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.text


def read_metrics(
    *datasets: str,
    folder: str | None = None,
    version: str | None = None,
    engine: Engine | None = None,
) -> Metrics:
    """Read figures about snapshots, copies, scheduled runs and pools.

    Args:
        datasets: Full names; default: all that have a schedule, and those that a schedule
            takes along.
        folder: The folder with the notes of scheduled runs; default: as for
            ``zfstune schedule``.
        version: What ``zfstune_build_info`` says; default: that of the installed package.
        engine: Default: the running kernel's ZFS.

    Raises:
        NotFound: A dataset that is named does not exist.
        ZfsUnavailable: There is no ZFS here.
    """
    if version is None:
        # It takes a third of a start, and a timer names the version.
        from importlib import metadata  # noqa: PLC0415

        version = metadata.version("zfstune")
    with using(engine) as zfs:
        seen = observe(zfs, datasets, state_folder(folder, image=zfs.file or None))
    found = families(
        seen.datasets,
        seen.pools,
        seen.runs,
        version,
        seen.damaged,
        targets=seen.targets,
    )
    return Metrics(render_metrics(found), seen.faults, seen.damaged)
