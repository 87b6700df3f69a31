"""Tuned ZFS storage for applications, through libzfs_core.

::

    import zfstune

    zfstune.apply("postgres")                    # datasets, tuned and mounted
    zfstune.snapshot("tank/data/postgres", recursive=True)
    zfstune.prune(keep=48)

Importing this package needs no ZFS and loads nothing else: each name below is
fetched from its module when it is first used (PEP 562), and functions check the types
of their arguments. No package has one of these
names, for the import of a submodule binds its name in the package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.clones import golden
    from zfstune.clones.clone import clone
    from zfstune.clones.clone_plan import ClonePlan
    from zfstune.datasets.apply import Applied, apply, plan
    from zfstune.datasets.destroy import destroy_named as destroy
    from zfstune.datasets.destroy_plan import DestroyPlan
    from zfstune.datasets.move_in import MovedIn, move_in
    from zfstune.datasets.plan import Plan
    from zfstune.datasets.unmanage import unmanage
    from zfstune.datasets.unmanage_plan import UnmanagePlan
    from zfstune.engine.open import open_engine as open  # noqa: A004 (zfstune.open)
    from zfstune.engine.protocol import Engine
    from zfstune.engine.pytest_plugin import MakePool
    from zfstune.health.check import check_freshness as check
    from zfstune.health.diagnosis import Diagnosis
    from zfstune.health.doctor import doctor
    from zfstune.health.findings import Finding, Verdict
    from zfstune.health.nagios import Check
    from zfstune.health.observation import ObservedTarget
    from zfstune.health.observe_targets import list_replicas
    from zfstune.health.read_metrics import Metrics
    from zfstune.health.read_metrics import read_metrics as metrics
    from zfstune.health.status import read_status as status
    from zfstune.health.status_page import StatusPage
    from zfstune.health.verification import Verification
    from zfstune.health.verify import verify
    from zfstune.measurement.draw_up import Wishes
    from zfstune.measurement.measure_result import MeasureResult
    from zfstune.measurement.measure_workload import measure_workload as measure
    from zfstune.measurement.retuning.choice import Retuning
    from zfstune.measurement.retuning.retune import retune
    from zfstune.measurement.retuning.retune_result import RetuneResult
    from zfstune.profiles.explain import explain
    from zfstune.profiles.explanation import Explanation
    from zfstune.profiles.load import load_profile
    from zfstune.profiles.load import profile_names as list_profiles
    from zfstune.profiles.profile import Profile
    from zfstune.retention.assess import AssessedSnapshot, list_snapshots
    from zfstune.retention.plan import Pruned, PrunePlan
    from zfstune.retention.policy import Followed, Policy
    from zfstune.retention.prune import prune
    from zfstune.retention.simulate_policy import simulate_policy as simulate
    from zfstune.retention.simulation import Simulation
    from zfstune.retention.store import drop_policy, list_policies, store_policy
    from zfstune.schedules.schedule import Scheduled, list_schedules
    from zfstune.schedules.store import store_schedule
    from zfstune.snapshots.changes import ChangesBetween
    from zfstune.snapshots.checkpoint import checkpoint
    from zfstune.snapshots.copies_plan import CopiesPlan
    from zfstune.snapshots.diff import diff
    from zfstune.snapshots.drop import drop_checkpoint
    from zfstune.snapshots.drop import list_checkpoints as checkpoints
    from zfstune.snapshots.drop_copies import drop_copies
    from zfstune.snapshots.drop_plan import Checkpoint, DropPlan
    from zfstune.snapshots.hold import hold_snapshots as hold
    from zfstune.snapshots.hold import release_snapshots as release
    from zfstune.snapshots.hold_plan import HoldPlan
    from zfstune.snapshots.quiesce import Commands, Postgres, Session, quiesced
    from zfstune.snapshots.restore import restore_path as restore
    from zfstune.snapshots.restore_plan import RestoredPath
    from zfstune.snapshots.rewind_plan import RewindPlan
    from zfstune.snapshots.rollback import Rewound, rollback
    from zfstune.snapshots.take import snapshot
    from zfstune.streams.compare import compare
    from zfstune.streams.comparison import Comparison
    from zfstune.streams.failover import failover
    from zfstune.streams.failover_plan import FailoverPlan
    from zfstune.streams.forget import Forgotten, forget_replica
    from zfstune.streams.pace import Pace
    from zfstune.streams.receive import receive
    from zfstune.streams.receive_plan import ReceivePlan
    from zfstune.streams.replicate import replicate
    from zfstune.streams.replication_plan import ReplicationPlan
    from zfstune.streams.send import send, send_resumed, send_saved
    from zfstune.streams.send_plan import SendPlan
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
    from zfstune.values.state import Bookmark, Dataset, PoolInfo, Snapshot

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "Applied",
    "AssessedSnapshot",
    "BatchError",
    "Bookmark",
    "Busy",
    "ChangesBetween",
    "Check",
    "Checkpoint",
    "ClonePlan",
    "Commands",
    "Comparison",
    "CopiesPlan",
    "Damaged",
    "Dataset",
    "DestroyPlan",
    "Diagnosis",
    "DropPlan",
    "Engine",
    "EngineError",
    "Explanation",
    "FailoverPlan",
    "Finding",
    "Followed",
    "Forgotten",
    "HoldPlan",
    "HookError",
    "ImageDied",
    "InvalidName",
    "InvalidProperty",
    "InvalidValue",
    "MakePool",
    "MeasureResult",
    "Metrics",
    "MovedIn",
    "NoSpace",
    "NotFound",
    "NotPermitted",
    "NotSupported",
    "ObservedTarget",
    "Pace",
    "Plan",
    "PlanError",
    "Policy",
    "PolicyError",
    "PoolInfo",
    "PoolSuspended",
    "Postgres",
    "Profile",
    "ProfileError",
    "PrunePlan",
    "Pruned",
    "ReadOnly",
    "ReceivePlan",
    "RefusedValue",
    "ReplicationPlan",
    "RestoredPath",
    "RetuneResult",
    "Retuning",
    "RewindPlan",
    "Rewound",
    "Scheduled",
    "SendPlan",
    "Session",
    "Simulation",
    "Snapshot",
    "StatusPage",
    "UnmanagePlan",
    "Verdict",
    "Verification",
    "Wishes",
    "ZfsUnavailable",
    "ZfstuneError",
    "__version__",
    "apply",
    "check",
    "checkpoint",
    "checkpoints",
    "clone",
    "compare",
    "destroy",
    "diff",
    "doctor",
    "drop_checkpoint",
    "drop_copies",
    "drop_policy",
    "explain",
    "failover",
    "forget_replica",
    "golden",
    "hold",
    "list_policies",
    "list_profiles",
    "list_replicas",
    "list_schedules",
    "list_snapshots",
    "load_profile",
    "measure",
    "metrics",
    "move_in",
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
    "simulate",
    "snapshot",
    "status",
    "store_policy",
    "store_schedule",
    "unmanage",
    "verify",
]

# The module of each public name, and the name that it has there; none: the name is the
# module itself. A public name that is not listed here is an error class.
_HOMES = {
    "Applied": ("datasets.apply", "Applied"),
    "AssessedSnapshot": ("retention.assess", "AssessedSnapshot"),
    "Bookmark": ("values.state", "Bookmark"),
    "ChangesBetween": ("snapshots.changes", "ChangesBetween"),
    "Check": ("health.nagios", "Check"),
    "Checkpoint": ("snapshots.drop_plan", "Checkpoint"),
    "ClonePlan": ("clones.clone_plan", "ClonePlan"),
    "Commands": ("snapshots.quiesce", "Commands"),
    "Comparison": ("streams.comparison", "Comparison"),
    "CopiesPlan": ("snapshots.copies_plan", "CopiesPlan"),
    "Dataset": ("values.state", "Dataset"),
    "DestroyPlan": ("datasets.destroy_plan", "DestroyPlan"),
    "Diagnosis": ("health.diagnosis", "Diagnosis"),
    "DropPlan": ("snapshots.drop_plan", "DropPlan"),
    "Engine": ("engine.protocol", "Engine"),
    "Explanation": ("profiles.explanation", "Explanation"),
    "FailoverPlan": ("streams.failover_plan", "FailoverPlan"),
    "Finding": ("health.findings", "Finding"),
    "Followed": ("retention.policy", "Followed"),
    "Forgotten": ("streams.forget", "Forgotten"),
    "HoldPlan": ("snapshots.hold_plan", "HoldPlan"),
    "MakePool": ("engine.pytest_plugin", "MakePool"),
    "MeasureResult": ("measurement.measure_result", "MeasureResult"),
    "Metrics": ("health.read_metrics", "Metrics"),
    "MovedIn": ("datasets.move_in", "MovedIn"),
    "ObservedTarget": ("health.observation", "ObservedTarget"),
    "Pace": ("streams.pace", "Pace"),
    "Plan": ("datasets.plan", "Plan"),
    "Policy": ("retention.policy", "Policy"),
    "PoolInfo": ("values.state", "PoolInfo"),
    "Postgres": ("snapshots.quiesce", "Postgres"),
    "Profile": ("profiles.profile", "Profile"),
    "PrunePlan": ("retention.plan", "PrunePlan"),
    "Pruned": ("retention.plan", "Pruned"),
    "ReceivePlan": ("streams.receive_plan", "ReceivePlan"),
    "ReplicationPlan": ("streams.replication_plan", "ReplicationPlan"),
    "RestoredPath": ("snapshots.restore_plan", "RestoredPath"),
    "RetuneResult": ("measurement.retuning.retune_result", "RetuneResult"),
    "Retuning": ("measurement.retuning.choice", "Retuning"),
    "RewindPlan": ("snapshots.rewind_plan", "RewindPlan"),
    "Rewound": ("snapshots.rollback", "Rewound"),
    "Scheduled": ("schedules.schedule", "Scheduled"),
    "SendPlan": ("streams.send_plan", "SendPlan"),
    "Session": ("snapshots.quiesce", "Session"),
    "Simulation": ("retention.simulation", "Simulation"),
    "Snapshot": ("values.state", "Snapshot"),
    "StatusPage": ("health.status_page", "StatusPage"),
    "UnmanagePlan": ("datasets.unmanage_plan", "UnmanagePlan"),
    "Verdict": ("health.findings", "Verdict"),
    "Verification": ("health.verification", "Verification"),
    "Wishes": ("measurement.draw_up", "Wishes"),
    "apply": ("datasets.apply", "apply"),
    "check": ("health.check", "check_freshness"),
    "checkpoint": ("snapshots.checkpoint", "checkpoint"),
    "checkpoints": ("snapshots.drop", "list_checkpoints"),
    "clone": ("clones.clone", "clone"),
    "compare": ("streams.compare", "compare"),
    "destroy": ("datasets.destroy", "destroy_named"),
    "diff": ("snapshots.diff", "diff"),
    "doctor": ("health.doctor", "doctor"),
    "drop_checkpoint": ("snapshots.drop", "drop_checkpoint"),
    "drop_copies": ("snapshots.drop_copies", "drop_copies"),
    "drop_policy": ("retention.store", "drop_policy"),
    "explain": ("profiles.explain", "explain"),
    "failover": ("streams.failover", "failover"),
    "forget_replica": ("streams.forget", "forget_replica"),
    "golden": ("clones.golden", ""),
    "hold": ("snapshots.hold", "hold_snapshots"),
    "list_policies": ("retention.store", "list_policies"),
    "list_profiles": ("profiles.load", "profile_names"),
    "list_replicas": ("health.observe_targets", "list_replicas"),
    "list_schedules": ("schedules.schedule", "list_schedules"),
    "list_snapshots": ("retention.assess", "list_snapshots"),
    "load_profile": ("profiles.load", "load_profile"),
    "measure": ("measurement.measure_workload", "measure_workload"),
    "metrics": ("health.read_metrics", "read_metrics"),
    "move_in": ("datasets.move_in", "move_in"),
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
    "simulate": ("retention.simulate_policy", "simulate_policy"),
    "snapshot": ("snapshots.take", "snapshot"),
    "status": ("health.status", "read_status"),
    "store_policy": ("retention.store", "store_policy"),
    "store_schedule": ("schedules.store", "store_schedule"),
    "unmanage": ("datasets.unmanage", "unmanage"),
    "verify": ("health.verify", "verify"),
}

# A type checker that saw a module's __getattr__ would take any name for one of its own,
# and a typo for a value of any type. It sees the imports above instead.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Fetch a public name from its module, once."""
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415 (dir() shows public names)
        from types import FunctionType  # noqa: PLC0415 (the same)

        module, original = _HOMES.get(name, ("values.errors", name))
        home = import_module(f"{__name__}.{module}")
        value = getattr(home, original) if original else home
        if isinstance(value, FunctionType):
            from zfstune.values.arguments import checked  # noqa: PLC0415 (the same)

            value = checked(value)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})
