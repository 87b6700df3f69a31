"""The mounts of a plan in the making, and the obstacles to a mount."""

from __future__ import annotations

from zfstune.datasets.actions import MountDataset, Remount
from zfstune.datasets.cautions import Caution
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.mountpoint import (
    effective_mountpoint,
    in_the_way,
    mount_blocker,
    mount_differs,
    with_inherited,
)
from zfstune.values.state import Place
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.datasets.actions import Action
    from zfstune.datasets.request import Machine
    from zfstune.values.state import Dataset, Mount


__all__ = ["MountDraft"]


class MountDraft:
    """The part of a draft that plans mounts; it holds the state of the whole draft.

    Args:
        machine: The state of the machine.
        cautions: The cautions so far.
        managed: Names of the datasets that the profiles ask for.

    Attributes:
        now: The datasets that exist, by name.
        future: The datasets as they will be after the actions so far.
        mounted_at: Path to the dataset that will be mounted there.
        actions: The actions so far.
        warned: Datasets that were said to be unmountable, each with the reason.
        special: Datasets whose records all fit into the special vdev.
        covered: Paths, with a slash at the end, where this plan mounts something.
    """

    def __init__(
        self, machine: Machine, *, cautions: list[Caution], managed: set[str]
    ) -> None:
        self.machine = machine
        self.pool = machine.pool
        self.now = machine.datasets
        self.future = dict(machine.datasets)
        self.mounts = machine.mounts
        self.mounted_at = {m.path: m.dataset for m in machine.mounts.values()}
        self.actions: list[Action] = []
        self.cautions = cautions
        self.managed = managed
        self.warned: set[tuple[str, str]] = set()
        self.special: set[str] = set()
        self.covered: list[str] = []

    def warn(self, dataset: str, message: str, hint: str = "") -> None:
        """Add a warning."""
        self.cautions.append(Caution(dataset, message, hint))

    def path_of(self, name: str) -> str | None:
        """Return the path where a dataset will be mounted, or None if it will not be."""
        dataset = self.future[name]
        if mount_blocker(dataset) is not None:
            return None
        return effective_mountpoint(dataset, self.pool.altroot)

    def mount(self, name: str) -> str | None:
        """Plan the mount of a dataset if it needs one; return its path, None: no mount."""
        dataset = self._after_inheriting(name)
        if not self.pool.mountable:
            return None
        mounted = self.mounts.get(name)
        if mounted is not None and dataset.value("mountpoint") != "legacy":
            self._remount(dataset, mounted)
        path = effective_mountpoint(dataset, self.pool.altroot)
        if dataset.value("canmount") in ("off", "noauto"):
            return mounted.path if mounted is not None else None
        blocker = mount_blocker(dataset)
        if blocker is not None or path is None:
            self._warn_unmountable(dataset, blocker or "", path)
            return None
        place = self.machine.places.get(path, Place(path, path))
        if mounted is not None:
            if mounted.path not in (path, place.real):
                message = f"it is mounted at {mounted.path} and belongs at {path}"
                unmount = f"zfs unmount {for_shell(name)}"
                hint = f"stop the programs that use it, then `{unmount}` and apply again"
                self.warn(name, message, hint)
                self._check_new_place(dataset, place)
            return mounted.path
        taken = self.mounted_at.get(place.real)
        if taken is not None:
            message = f"cannot plan '{name}': '{taken}' is mounted at {place.real}"
            raise PlanError(message, hint="give another --root, or another mountpoint")
        inside = place.real.rstrip("/") + "/"
        hidden = [p for p in self.mounted_at if p.startswith(inside)]
        if hidden:
            message = (
                f"it is not mounted: at {path} it would hide the mount at {min(hidden)}"
            )
            self.warn(
                name, message, f"unmount the filesystems below {path} and apply again"
            )
            return None
        self._check_place(name, place)
        self.actions.append(MountDataset(name, path))
        self.mounted_at[place.real] = name
        self.covered.append(inside)
        return place.real

    def _check_new_place(self, dataset: Dataset, place: Place) -> None:
        """Refuse a new mountpoint where the dataset, once mounted, would hide something."""
        now = self.now.get(dataset.name)
        if now is None or now.value("mountpoint") == dataset.value("mountpoint"):
            return
        self._check_place(dataset.name, place)

    def _check_place(self, name: str, place: Place) -> None:
        """Refuse a mount that would hide something, or that cannot be made.

        Below a mount of this plan nothing is left to hide. The mount itself looks once
        more, since nobody can see the files of a dataset before it is mounted.
        """
        if any(place.real.startswith(covered) for covered in self.covered):
            return
        blocked = in_the_way(place)
        if blocked is not None:
            reason, hint = blocked
            raise PlanError(f"cannot plan '{name}': {reason}", hint=hint)
        if place.obstacle == "denied":
            message = f"this user cannot see the files at {place.obstacle_path}"
            self.warn(name, f"{message}, which a mount may hide", "run zfstune as root")

    def _remount(self, dataset: Dataset, mounted: Mount) -> None:
        """Plan to make a mount follow the properties that the dataset will have."""
        if mounted.options is None or mounted.hidden or self.pool.readonly:
            return
        changes = mount_differs(dataset, mounted.options)
        if changes:
            self.actions.append(Remount(dataset.name, mounted.path, changes))

    def _warn_unmountable(self, dataset: Dataset, blocker: str, path: str | None) -> None:
        """Say why a dataset cannot be mounted, once for all that inherit the reason."""
        origin = dataset.name
        if path is None:
            origin = dataset.properties["mountpoint"].origin or dataset.name
        if (origin, blocker) in self.warned:
            return
        self.warned.add((origin, blocker))
        hint = ""
        if path is None:
            hint = f"set a mountpoint: `zfs set mountpoint=/... {for_shell(origin)}`"
        subject = "it" if origin == dataset.name else "the datasets below it"
        self.warn(origin, f"{subject} cannot be mounted: {blocker}", hint)

    def _after_inheriting(self, name: str) -> Dataset:
        """Return the future dataset with the inherited values that a mount depends on."""
        dataset = self.future[name]
        parent = self.future.get(name.rpartition("/")[0])
        if parent is None:
            return dataset
        heir = replace(dataset, properties=with_inherited(dataset, parent))
        self.future[name] = heir
        return heir
