"""Tuned ZFS storage for applications, through libzfs_core.

::

    import zfstune

    zfstune.apply("postgres")                    # datasets, tuned and mounted
    zfstune.snapshot("tank/data/postgres", recursive=True)
    zfstune.prune(keep=48)

Importing this package needs no ZFS and loads nothing else: each name below is
fetched from its module when it is first used (PEP 562). No package has one of these
names, for the import of a submodule binds its name in the package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.clones import golden
    from zfstune.clones.clone import clone
    from zfstune.datasets.apply import apply, plan
    from zfstune.datasets.destroy import destroy_named as destroy
    from zfstune.datasets.unmanage import unmanage
    from zfstune.engine.open import open_engine as open  # noqa: A004 (zfstune.open)
    from zfstune.engine.protocol import Engine
    from zfstune.health.doctor import doctor
    from zfstune.health.status import read_status as status
    from zfstune.health.verify import verify
    from zfstune.measurement.draw_up import Wishes
    from zfstune.measurement.measure_result import MeasureResult
    from zfstune.measurement.measure_workload import measure_workload as measure
    from zfstune.measurement.retuning.choice import Retuning
    from zfstune.measurement.retuning.retune import retune
    from zfstune.retention.prune import prune
    from zfstune.snapshots.checkpoint import checkpoint
    from zfstune.snapshots.diff import diff
    from zfstune.snapshots.drop import drop_checkpoint
    from zfstune.snapshots.drop import list_checkpoints as checkpoints
    from zfstune.snapshots.drop_copies import drop_copies
    from zfstune.snapshots.hold import hold_snapshots as hold
    from zfstune.snapshots.hold import release_snapshots as release
    from zfstune.snapshots.quiesce import Commands, Postgres, Session, quiesced
    from zfstune.snapshots.restore import restore_path as restore
    from zfstune.snapshots.rollback import rollback
    from zfstune.snapshots.take import snapshot
    from zfstune.streams.compare import compare
    from zfstune.streams.failover import failover
    from zfstune.streams.pace import Pace
    from zfstune.streams.receive import receive
    from zfstune.streams.replicate import replicate
    from zfstune.streams.send import send, send_resumed, send_saved
    from zfstune.values.errors import (
        AlreadyExists,
        BatchError,
        Busy,
        Damaged,
        EngineError,
        HookError,
        ImageDied,
        InvalidName,
        InvalidProperty,
        InvalidValue,
        NoSpace,
        NotFound,
        NotPermitted,
        NotSupported,
        PlanError,
        PolicyError,
        PoolSuspended,
        ProfileError,
        ReadOnly,
        RefusedValue,
        ZfstuneError,
        ZfsUnavailable,
    )

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "BatchError",
    "Busy",
    "Commands",
    "Damaged",
    "Engine",
    "EngineError",
    "HookError",
    "ImageDied",
    "InvalidName",
    "InvalidProperty",
    "InvalidValue",
    "MeasureResult",
    "NoSpace",
    "NotFound",
    "NotPermitted",
    "NotSupported",
    "Pace",
    "PlanError",
    "PolicyError",
    "PoolSuspended",
    "Postgres",
    "ProfileError",
    "ReadOnly",
    "RefusedValue",
    "Retuning",
    "Session",
    "Wishes",
    "ZfsUnavailable",
    "ZfstuneError",
    "__version__",
    "apply",
    "checkpoint",
    "checkpoints",
    "clone",
    "compare",
    "destroy",
    "diff",
    "doctor",
    "drop_checkpoint",
    "drop_copies",
    "failover",
    "golden",
    "hold",
    "measure",
    "open",
    "plan",
    "prune",
    "quiesced",
    "receive",
    "release",
    "replicate",
    "restore",
    "retune",
    "rollback",
    "send",
    "send_resumed",
    "send_saved",
    "snapshot",
    "status",
    "unmanage",
    "verify",
]

# The module of each public name, and the name that it has there; none: the name is the
# module itself. A public name that is not listed here is an error class.
_HOMES = {
    "Commands": ("snapshots.quiesce", "Commands"),
    "Engine": ("engine.protocol", "Engine"),
    "MeasureResult": ("measurement.measure_result", "MeasureResult"),
    "Pace": ("streams.pace", "Pace"),
    "Postgres": ("snapshots.quiesce", "Postgres"),
    "Retuning": ("measurement.retuning.choice", "Retuning"),
    "Session": ("snapshots.quiesce", "Session"),
    "Wishes": ("measurement.draw_up", "Wishes"),
    "apply": ("datasets.apply", "apply"),
    "checkpoint": ("snapshots.checkpoint", "checkpoint"),
    "checkpoints": ("snapshots.drop", "list_checkpoints"),
    "clone": ("clones.clone", "clone"),
    "compare": ("streams.compare", "compare"),
    "destroy": ("datasets.destroy", "destroy_named"),
    "diff": ("snapshots.diff", "diff"),
    "doctor": ("health.doctor", "doctor"),
    "drop_checkpoint": ("snapshots.drop", "drop_checkpoint"),
    "drop_copies": ("snapshots.drop_copies", "drop_copies"),
    "failover": ("streams.failover", "failover"),
    "golden": ("clones.golden", ""),
    "hold": ("snapshots.hold", "hold_snapshots"),
    "measure": ("measurement.measure_workload", "measure_workload"),
    "open": ("engine.open", "open_engine"),
    "plan": ("datasets.apply", "plan"),
    "prune": ("retention.prune", "prune"),
    "quiesced": ("snapshots.quiesce", "quiesced"),
    "receive": ("streams.receive", "receive"),
    "release": ("snapshots.hold", "release_snapshots"),
    "replicate": ("streams.replicate", "replicate"),
    "restore": ("snapshots.restore", "restore_path"),
    "retune": ("measurement.retuning.retune", "retune"),
    "rollback": ("snapshots.rollback", "rollback"),
    "send": ("streams.send", "send"),
    "send_resumed": ("streams.send", "send_resumed"),
    "send_saved": ("streams.send", "send_saved"),
    "snapshot": ("snapshots.take", "snapshot"),
    "status": ("health.status", "read_status"),
    "unmanage": ("datasets.unmanage", "unmanage"),
    "verify": ("health.verify", "verify"),
}


def __getattr__(name: str) -> object:
    """Fetch a public name from its module, once."""
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415 (dir() shows public names alone)

    module, original = _HOMES.get(name, ("values.errors", name))
    home = import_module(f"{__name__}.{module}")
    value: object = getattr(home, original) if original else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})
