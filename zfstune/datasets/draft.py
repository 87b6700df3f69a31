"""A plan in the making: its datasets, their properties and their owners."""

from __future__ import annotations

from zfstune.datasets.actions import Adjust, Create, Export, MountDataset, Remount, SetOwner
from zfstune.datasets.applied import read_record, write_record
from zfstune.datasets.cautions import (
    is_nearly_full,
    weigh_recordsize,
    weigh_special,
    weigh_wait,
)
from zfstune.datasets.difference import compare_container, compare_dataset, values_for_new
from zfstune.datasets.draft_mounts import MountDraft
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    POLICY_PROPERTY,
    PROFILE_PROPERTY,
    SCHEDULE_PROPERTY,
)
from zfstune.values.mountpoint import in_the_way
from zfstune.values.names import ancestors_of, pool_of
from zfstune.values.properties import default_of
from zfstune.values.property_rules import UNSAFE, is_unsafe
from zfstune.values.size import format_size
from zfstune.values.state import LOCAL, RECEIVED, Dataset, Place, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.datasets.difference import Difference
    from zfstune.datasets.wanted import Wanted


__all__ = ["Draft"]

# An empty filesystem refers to a few dozen KiB of metadata; more than this is data.
_EMPTY_BYTES = 1 << 20
# Properties that a child inherits and that this module looks at.
_PASSED_ON = ("zoned", "encryption", "keystatus")
_PLAIN = (None, "off")
_MOUNTING = (Export, MountDataset, Remount)  # these actions do not change the pool


class Draft(MountDraft):
    """A plan in the making: the actions so far, and the state they will lead to."""

    def check_root(self, root: str) -> None:
        """Refuse a root that cannot have filesystems below it."""
        if pool_of(root) != self.pool.name:
            message = f"cannot plan '{root}': it is not in pool '{self.pool.name}'"
            raise PlanError(message)
        if self.pool.name not in self.now:
            message = f"cannot plan '{root}': the pool's own dataset was not read"
            raise PlanError(message)

    def existing(self, name: str) -> Dataset | None:
        """Return the filesystem of that name, or None; refuse a dataset of another kind."""
        dataset = self.now.get(name)
        if dataset is not None and dataset.kind != "filesystem":
            message = f"cannot plan '{name}': a {dataset.kind} of that name is in the way"
            raise PlanError(message, hint="choose another place with --root")
        return dataset

    def check_pool(self) -> None:
        """Refuse a plan with actions that the pool cannot take."""
        changing = [a for a in self.actions if not isinstance(a, _MOUNTING)]
        if self.pool.suspended and self.actions:
            message = f"cannot change pool '{self.pool.name}': it is suspended"
            hint = (
                f"bring its devices back and run `zpool clear {for_shell(self.pool.name)}`"
            )
            raise PlanError(message, hint=hint)
        if changing and is_nearly_full(self.pool):
            left = format_size(self.pool.free_bytes, exact=False)
            message = f"less than a tenth of the pool is free ({left}): writes get slow"
            self.warn(self.pool.name, message, "make room, or add a vdev")
        if self.pool.readonly and changing:
            message = f"cannot change pool '{self.pool.name}': it was imported read-only"
            raise PlanError(message, hint="export it and import it without readonly=on")

    def container(
        self, name: str, values: Mapping[str, str], *, for_root: bool = False
    ) -> None:
        """Make a dataset that only holds others below it.

        Once it exists, it belongs to the administrator. It is put right only where ZFS
        created it and a crash kept it from getting its properties, or where a property
        was inherited since.
        """
        dataset = self.existing(name)
        if dataset is None:
            noted = {**values, APPLIED_PROPERTY: write_record(values)}
            self.create(name, noted, "holds the datasets below it", {})
            return
        record = dataset.local(APPLIED_PROPERTY)
        if record is None and not self.half_made(dataset, values, trusted=for_root):
            return
        noted = dict(values) if record is None else read_record(record)
        missing = {
            n: v
            for n, v in values.items()
            if n in noted and not _set_or_received(dataset, n)
        }
        if record is None:
            missing[APPLIED_PROPERTY] = write_record(values)
            shown = " ".join(f"{n}={v}" for n, v in values.items())
            message = "it is empty and has no properties, as if its creation was cut short"
            self.warn(name, f"{message}: it gets {shown}")
        if missing:
            self.adjust(dataset, compare_container(dataset, missing))

    def would_hide(self, name: str, at: str) -> tuple[str, str]:
        """Tell why a new dataset would hide data of the one that a profile is put on.

        Args:
            name: The new dataset.
            at: The dataset above it that the profile is put on.

        Returns:
            The reason and a hint; both empty: nothing would be hidden.
        """
        is_seen = self.pool.mountable and at in self.mounts and not self.mounts[at].hidden
        if not is_seen:
            if int(self.now[at].value("referenced") or 0) <= _EMPTY_BYTES:
                return "", ""
            message = f"'{at}' has data and is not mounted, so nobody can see what it hides"
            return message, f"mount '{at}' and apply again; see docs/howto/adopt.md"
        path = f"{self.mounts[at].path.rstrip('/')}{name.removeprefix(at)}"
        blocked = in_the_way(self.machine.places.get(path, Place(path, path)))
        return blocked or ("", "")

    def half_made(
        self, dataset: Dataset, values: Mapping[str, str], *, trusted: bool
    ) -> bool:
        """Tell whether a container looks like one that a crash left unfinished.

        ZFS creates first and sets properties afterwards (zfs_ioc_create() in
        module/zfs/zfs_ioctl.c), so a power cut between the two leaves a dataset
        without any. A user's own new dataset looks the same, but is mounted.

        Args:
            dataset: The dataset.
            values: The properties that it should have.
            trusted: It is the root that zfstune chose: it counts even while it is mounted.
        """
        below = dataset.name + "/"
        set_values = {
            n: p.value
            for n, p in dataset.properties.items()
            if _set_or_received(dataset, n)
        }
        return (
            (trusted or dataset.name not in self.mounts)
            and dataset.name != self.pool.name
            and PROFILE_PROPERTY not in set_values
            and all(values.get(n) == v for n, v in set_values.items())
            and not any(name.startswith(below) for name in self.now)
            and int(dataset.value("referenced") or 0) <= _EMPTY_BYTES
        )

    def dataset(self, wanted: Wanted) -> None:
        """Make one of the profiles' datasets, or put it right."""
        dataset = self.existing(wanted.dataset)
        self._make_or_change(dataset, wanted)
        self._weigh_special(wanted)
        for name, unsafe in UNSAFE.items():
            value, _ = self._in_force(wanted.dataset, name)
            if name not in wanted.values and is_unsafe(name, value):
                message = f"{name} is {value} here: {unsafe.loss}"
                hint = f"`zfs set {name}={unsafe.safe} {for_shell(wanted.dataset)}`"
                self.warn(wanted.dataset, message, hint)

    def _make_or_change(self, dataset: Dataset | None, wanted: Wanted) -> None:
        lacking = self._missing_snapshot_properties(dataset, wanted)
        if dataset is None:
            reasons = {n: wanted.settings[n].why for n in wanted.values}
            if wanted.snapshots is not None:
                reasons |= dict.fromkeys(lacking, wanted.snapshots.why)
            why = f"profile {', '.join(wanted.profiles)}"
            self.create(wanted.dataset, {**values_for_new(wanted), **lacking}, why, reasons)
            self.cautions += [
                *weigh_recordsize(wanted, self.pool),
                *weigh_wait(wanted, self.pool),
            ]
            return
        difference = compare_dataset(dataset, wanted, lacking)
        self.cautions.extend(difference.cautions)
        if difference.changes:
            self.adjust(dataset, difference)
        changed = {change.property for change in difference.changes}
        if "recordsize" in changed:
            self.cautions += weigh_recordsize(wanted, self.pool)

    def _weigh_special(self, wanted: Wanted) -> None:
        """Say once, not for each heir, that all data goes to the special vdev."""
        size, _ = self._in_force(wanted.dataset, "recordsize")
        small, origin = self._in_force(wanted.dataset, "special_small_blocks")
        cautions = list(
            weigh_special(
                wanted.dataset, recordsize=size, small=small, origin=origin, pool=self.pool
            )
        )
        parent = wanted.dataset.rpartition("/")[0]
        own = wanted.values.keys() & {"recordsize", "special_small_blocks"}
        if cautions and (own or parent not in self.special):
            self.cautions += cautions
        if cautions:
            self.special.add(wanted.dataset)

    def _in_force(self, dataset: str, name: str) -> tuple[str, str]:
        """Return the future value of a native property, and the dataset that sets it."""
        nearest, value = self._nearest(dataset, name)
        return default_of(name) if value is None else value.value, nearest

    def _nearest(self, dataset: str, name: str) -> tuple[str, PropertyValue | None]:
        """Return the nearest dataset that has a value of its own, itself included."""
        upwards = (dataset, *reversed(ancestors_of(dataset)))
        for candidate in filter(self.future.__contains__, upwards):
            value = self.future[candidate].properties.get(name)
            if value is not None and value.source in (LOCAL, RECEIVED):
                return candidate, value
        return "", None

    def _missing_snapshot_properties(
        self, dataset: Dataset | None, wanted: Wanted
    ) -> dict[str, str]:
        """Return the schedule and the policy that are still to be stored on a dataset.

        Once stored, they belong to the administrator. A value that is stored on a dataset
        above, which no profile of this plan manages, is the administrator's, too, and
        stays in force.
        """
        if wanted.snapshots is None:
            return {}
        asked = {
            SCHEDULE_PROPERTY: wanted.snapshots.every,
            POLICY_PROPERTY: wanted.snapshots.keep,
        }
        lacking = {}
        for name, value in asked.items():
            origin = self.set_here_on(wanted.dataset, name)
            if value and (not origin or origin in self.managed - {wanted.dataset}):
                lacking[name] = value
            elif value and origin not in self.managed and dataset is None:
                message = (
                    f"{name} is inherited from {origin}, not set to the profile's {value}"
                )
                self.warn(wanted.dataset, message)
        return lacking

    def set_here_on(self, dataset: str, name: str) -> str:
        """Return the dataset whose local value is in force; "" if there is none."""
        near, value = self._nearest(dataset, name)
        return near if value is not None and value.source == LOCAL else ""

    def create(
        self, name: str, values: Mapping[str, str], why: str, reasons: Mapping[str, str]
    ) -> None:
        """Add a creation; refuse one that ZFS would refuse."""
        parent = self.future[name.rpartition("/")[0]]
        if parent.value("keystatus") == "unavailable":
            message = f"cannot plan '{name}': its parent's encryption key is not loaded"
            root = parent.value("encryptionroot") or parent.name
            raise PlanError(message, hint=f"run `zfs load-key {for_shell(root)}`")
        shielded = parent.value("encryption") not in _PLAIN
        if "keyformat" in values or not (shielded or values.get("encryption") in _PLAIN):
            message = (
                f"cannot plan '{name}': it needs an encryption key, and zfstune makes none"
            )
            hint = "apply below an encrypted dataset (--root): its children inherit its key"
            raise PlanError(message, hint=hint)
        self.actions.append(Create(name, dict(values), why, dict(reasons)))
        passed = {n: parent.properties[n] for n in _PASSED_ON if n in parent.properties}
        local = {n: PropertyValue(v, LOCAL) for n, v in values.items()}
        # Without a mountpoint of its own: mount() looks up the one that it inherits.
        self.future[name] = Dataset(
            name, "filesystem", guid=0, createtxg=0, properties=passed | local
        )

    def adjust(self, dataset: Dataset, difference: Difference) -> None:
        """Add changes to a dataset that exists."""
        self.actions.append(Adjust(dataset.name, tuple(difference.changes)))
        properties = dict(dataset.properties)
        for change in difference.changes:
            if change.new is not None:
                properties[change.property] = PropertyValue(change.new, LOCAL)
            else:  # the value to inherit is looked up where it is asked for
                properties.pop(change.property, None)
        self.future[dataset.name] = replace(dataset, properties=properties)

    def own(self, wanted: Wanted, path: str | None, *, owner: bool) -> None:
        """Give the mounted directory its owner and mode where they differ."""
        if path is None or (wanted.owner, wanted.group, wanted.mode) == (None, None, None):
            return
        name = wanted.dataset
        if not owner:
            account = f"{wanted.owner or ''}:{wanted.group or ''}".removesuffix(":")
            mode = "" if wanted.mode is None else f"{wanted.mode:04o}"
            asked = " ".join(filter(None, (account, mode)))
            self.warn(name, f"owner and mode of {path} are not set to {asked}")
            return
        uid = None if wanted.owner is None else self.machine.accounts[wanted.owner]
        gid = None if wanted.group is None else self.machine.groups[wanted.group]
        mounted = self.mounts.get(name)
        if mounted is not None and (mounted.uid is None or mounted.hidden):
            why = "something else is mounted over it"
            if mounted.uid is None:
                why = "this user cannot read them"
            self.warn(name, f"owner and mode of {path} are not set: {why}")
            return
        if mounted is not None:
            compared = ((uid, mounted.uid), (gid, mounted.gid), (wanted.mode, mounted.mode))
            if all(want is None or want == have for want, have in compared):
                return
        if self.future[name].value("readonly") == "on":
            self.warn(name, f"owner and mode of {path} cannot be set: readonly is on")
            return
        self.actions.append(
            SetOwner(name, path, wanted.owner, wanted.group, uid, gid, wanted.mode)
        )


def _set_or_received(dataset: Dataset, name: str) -> bool:
    """Tell whether a property was set or received on this very dataset."""
    value = dataset.properties.get(name)
    return value is not None and value.source in (LOCAL, RECEIVED)
