"""The exceptions that zfstune raises on purpose.

::

    ZfstuneError
    ├── InvalidValue (also ValueError)      refused before ZFS saw it
    │   ├── InvalidName                     pool, dataset, snapshot, bookmark
    │   └── InvalidProperty                 unknown, not for this type, bad value
    ├── ProfileError                        a profile that is missing or malformed
    ├── PolicyError                         a retention policy that cannot be followed
    ├── PlanError                           the state of the system forbids the plan
    ├── HookError                           a command around a snapshot failed
    ├── ZfsUnavailable                      no module, no library, unknown release
    ├── ImageDied                           the process that held an image is gone
    ├── BatchError                          some targets of one call failed
    └── EngineError                         ZFS itself refused: operation, target, errno
        ├── NotFound        ├── Busy                ├── ReadOnly
        ├── AlreadyExists   ├── NoSpace             ├── NotSupported
        ├── NotPermitted    ├── PoolSuspended       ├── RefusedValue
        └── Damaged

Each message reads ``cannot <verb> '<name>': <reason>``. Advice is in ``hint``, which the
command prints on a line of its own, and a traceback as a note.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "AlreadyExists",
    "BatchError",
    "Busy",
    "Damaged",
    "EngineError",
    "HookError",
    "ImageDied",
    "InvalidName",
    "InvalidProperty",
    "InvalidValue",
    "NoSpace",
    "NotFound",
    "NotPermitted",
    "NotSupported",
    "PlanError",
    "PolicyError",
    "PoolSuspended",
    "ProfileError",
    "ReadOnly",
    "RefusedValue",
    "ZfsUnavailable",
    "ZfstuneError",
]


def _as_note(hint: str) -> str:
    return f"hint: {hint}"


class ZfstuneError(Exception):
    """Base of the tree; catch it to catch everything zfstune raises on purpose.

    Args:
        message: One sentence without a final period.
        hint: What the reader can do about it; empty where nothing helps.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self._hint = ""
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    @property
    def hint(self) -> str:
        """What the reader can do about it; a traceback shows it below the message."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        notes: list[str] = getattr(self, "__notes__", [])
        if self._hint:
            notes.remove(_as_note(self._hint))
        if hint:
            self.add_note(_as_note(hint))
        self._hint = hint


class InvalidValue(ZfstuneError, ValueError):
    """A value was refused before ZFS saw it; nothing has changed."""


class InvalidName(InvalidValue):
    """A pool, dataset, snapshot or bookmark name breaks the naming rules."""


class InvalidProperty(InvalidValue):
    """A property is unknown, of another dataset type, or its value is out of range."""


class ProfileError(ZfstuneError):
    """A profile is missing or malformed; the message names file, table and key."""


class PolicyError(ZfstuneError):
    """A retention policy is empty or contradicts itself; it destroyed nothing.

    Args:
        message: As in :class:`ZfstuneError`.
        hint: As in :class:`ZfstuneError`.
        dataset: The dataset that the policy is stored on; empty where the caller gave
            the policy.
    """

    def __init__(self, message: str, *, hint: str = "", dataset: str = "") -> None:
        super().__init__(message, hint=hint)
        self.dataset = dataset


class PlanError(ZfstuneError):
    """The state of this system does not admit the plan; nothing has changed.

    Args:
        message: As in :class:`ZfstuneError`.
        hint: As in :class:`ZfstuneError`.
        losses: Names of all that would be lost and that lacks consent, by the word that
            consents; none where that is not the reason.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        losses: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.losses = dict(losses or {})


class HookError(ZfstuneError):
    """A command that holds an application still during a snapshot failed."""


class ZfsUnavailable(ZfstuneError):
    """No ZFS can be reached: no kernel module, no library, or an unknown release."""


class ImageDied(ZfstuneError):
    """OpenZFS stopped in the process that holds an image; the message says why.

    The engine cannot be used any more. The file is as a power cut would leave it: it
    can be opened again.

    Args:
        message: As in :class:`ZfstuneError`.
        hint: As in :class:`ZfstuneError`.
        errno: The error of writing to the file, such as ENOSPC; 0 where that was not
            the cause.
    """

    def __init__(self, message: str, *, hint: str = "", errno: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.errno = errno


class EngineError(ZfstuneError):
    """ZFS refused an operation.

    Args:
        operation: The verb, as in ``create`` or ``destroy snapshots``.
        target: The dataset, snapshot or pool that was refused.
        reason: Why it was refused.
        errno: The number that OpenZFS returned, 0 where it returned none; from 1024 on
            it is one of its own ``ZFS_ERR_*`` (include/sys/fs/zfs.h).
        hint: What may help.
    """

    def __init__(
        self, *, operation: str, target: str, reason: str, errno: int = 0, hint: str = ""
    ) -> None:
        super().__init__(f"cannot {operation} '{target}': {reason}", hint=hint)
        self.operation = operation
        self.target = target
        self.errno = errno
        self.reason = reason


class NotFound(EngineError):
    """The target, or a parent it needs, does not exist."""


class AlreadyExists(EngineError):
    """Something of that name exists already."""


class Busy(EngineError):
    """The target is mounted, held, cloned or open; the call may succeed later."""


class NotPermitted(EngineError):
    """This user may not do that: it takes root or a ``zfs allow`` delegation."""


class NoSpace(EngineError):
    """The pool, a quota or a reservation leaves no room."""


class ReadOnly(EngineError):
    """The pool was imported read-only."""


class PoolSuspended(EngineError):
    """The pool lost its devices; the call may succeed after `zpool clear`."""


class Damaged(EngineError):
    """The target is damaged on disk, or its devices give I/O errors."""


class NotSupported(EngineError):
    """This release, or a feature that the pool has not enabled, lacks the call."""


class RefusedValue(EngineError):
    """The kernel refused a value that had passed zfstune's own checks."""


class BatchError(ZfstuneError):
    """Some targets of one call failed.

    Args:
        operation: The verb of the whole call.
        failures: One error a target, in the order ZFS named them.
        suppressed: How many further failures ZFS counted without naming their targets.
        done: Names of the snapshots that were made all the same.
    """

    def __init__(
        self,
        *,
        operation: str,
        failures: Iterable[EngineError],
        suppressed: int = 0,
        done: Iterable[str] = (),
    ) -> None:
        self.operation = operation
        self.failures = tuple(failures)
        self.suppressed = suppressed
        self.done = tuple(done)
        count = len(self.failures) + suppressed
        lines = [str(failure) for failure in self.failures]
        if suppressed:
            lines.append(f"and {suppressed} more that ZFS did not name")
        if count > 1:
            lines.insert(0, f"cannot {operation} {count} of the targets")
        # A hint may name its target, so the first of each reason stands for the others.
        hints: dict[str, str] = {}
        for failure in self.failures:
            hints.setdefault(failure.reason, failure.hint)
        different = filter(None, dict.fromkeys(hints.values()))
        super().__init__("\n".join(lines), hint="; ".join(different))
