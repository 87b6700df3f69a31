"""Try out, on empty files, whether system and ZFS have what makes a run safe."""

from __future__ import annotations

import os

from zfstune.host.lease import take_lease
from zfstune.measurement.retuning.spare_name import DRAFT, TRIAL
from zfstune.values.errors import PlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.measurement.retuning.spare import Spare

__all__ = ["try_out"]


def try_out(spare: Spare, dataset: str) -> None:
    """Refuse to go on without leases, or without an exchange of names in one step.

    Raises:
        PlanError: One of them is missing.
        OSError: No file can be made.
    """
    files = []
    try:
        files = [spare.create(name) for name in (DRAFT, TRIAL)]
        _try_lease(files[0], dataset)
        _try_exchange(spare, dataset)
    finally:
        for file in files:
            os.close(file)
        for name in (DRAFT, TRIAL):
            spare.remove(name)


def _try_lease(file: int, dataset: str) -> None:
    try:
        take_lease(file)
    except OSError as error:
        raise PlanError(
            f"cannot retune '{dataset}': this system gives no lease on a file, so nobody "
            f"can know that no program has it open ({error.strerror})",
            hint="`sysctl fs.leases-enable=1` turns leases on",
        ) from None


def _try_exchange(spare: Spare, dataset: str) -> None:
    if not spare.can_exchange(DRAFT, TRIAL):
        raise PlanError(
            f"cannot retune '{dataset}': this release of ZFS cannot exchange two names in "
            "one step, so a file that a program replaces at that moment could be lost",
            hint="use OpenZFS 2.2 or later, or stop all that uses the dataset and say so "
            "with --idle",
        )
