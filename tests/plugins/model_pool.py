"""A pool made of dicts: what plans do to it, whole or cut short anywhere."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zfstune.datasets.actions import Adjust, Create, Export, MountDataset, Remount
from zfstune.datasets.planner import make_plan
from zfstune.datasets.put_on import put_on
from zfstune.datasets.request import Machine, Request
from zfstune.profiles.profile import DatasetProfile, Profile, Setting
from zfstune.values import properties as props
from zfstune.values.frozen import replace
from zfstune.values.mountpoint import (
    effective_mountpoint,
    inherited_mountpoint,
    mount_blocker,
    mount_differs,
    mount_words,
)
from zfstune.values.names import ancestors_of, parent_of
from zfstune.values.properties import DEFAULT_LIMITS
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Dataset,
    Mount,
    PoolInfo,
    PropertyValue,
    Vdev,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.datasets.actions import Action, SetOwner
    from zfstune.datasets.cautions import Caution
    from zfstune.datasets.plan import Plan

FEATURES = frozenset({"lz4_compress", "zstd_compress", "large_blocks"})
ACCOUNTS = {"root": 0, "postgres": 114, "app": 1000}
# What a call asks for; all other options of a plan are what is there.
ASKED = ("overrides", "owner", "allow_unsafe")
SHOWN = ("recordsize", "compression", "atime", "sync", "exec", "quota", "sharenfs")


def pool_info(
    kind: str = "mirror",
    *,
    ashift: int = 12,
    features: frozenset[str] = FEATURES,
    readonly: bool = False,
    suspended: bool = False,
    altroot: str = "",
) -> PoolInfo:
    """Give the facts of a pool called tank."""
    vdev = Vdev(kind, ashift, "normal", ("/dev/sda",), rotational=False)
    size = 1 << 40
    return PoolInfo("tank", 1, (vdev,), features, size, size, readonly, suspended, altroot)


@dataclass
class Model:
    """Datasets with what is set on each, and what is mounted."""

    local: dict[str, dict[str, str]] = field(default_factory=lambda: {"tank": {}})
    mounts: dict[str, Mount] = field(default_factory=dict)
    referenced: dict[str, int] = field(default_factory=dict)
    pool: PoolInfo = field(default_factory=pool_info)
    # what a filesystem stores itself, and the kernel gives without a source
    stored: dict[str, str] = field(default_factory=dict)
    received: dict[str, dict[str, str]] = field(default_factory=dict)

    def copy(self) -> Model:
        """Give a model that goes its own way."""
        return Model(
            copy.deepcopy(self.local), dict(self.mounts), dict(self.referenced), self.pool
        )

    def dataset(self, name: str) -> Dataset:
        """Give a dataset as the engine reads it, inherited user properties included."""
        shown: dict[str, PropertyValue] = {
            prop: PropertyValue(props.default_of(prop), DEFAULT) for prop in SHOWN
        }
        for ancestor in ancestors_of(name):
            for prop, value in self.local[ancestor].items():
                known = props.find(prop)
                if known is None or known.inheritable:
                    shown[prop] = PropertyValue(value, INHERITED, ancestor)
        parent = parent_of(name)
        if parent is None:
            shown["mountpoint"] = PropertyValue("/", DEFAULT)
        else:
            shown["mountpoint"] = inherited_mountpoint(self.dataset(parent))
        shown["canmount"] = PropertyValue("on", DEFAULT)
        shown["referenced"] = PropertyValue(str(self.referenced.get(name, 98304)), NONE)
        received = self.received.get(name, {})
        shown.update({p: PropertyValue(v, RECEIVED) for p, v in received.items()})
        shown.update({p: PropertyValue(v, LOCAL) for p, v in self.local[name].items()})
        shown.update({p: PropertyValue(v, NONE) for p, v in self.stored.items()})
        return Dataset(name, "filesystem", 1, 1, shown)

    def datasets(self) -> dict[str, Dataset]:
        """Give all datasets by name."""
        return {name: self.dataset(name) for name in self.local}

    def plan(self, *profiles: Profile, root: str = "tank/data", **options: object) -> Plan:
        """Plan profiles on what is there."""
        asked = {name: options.pop(name) for name in ASKED if name in options}
        at = options.pop("at", None)
        there: dict[str, object] = {
            "pool": self.pool,
            "datasets": self.datasets(),
            "mounts": self.mounts,
            "limits": DEFAULT_LIMITS,
            "accounts": ACCOUNTS,
            "groups": ACCOUNTS,
            **options,
        }
        request = Request(
            profiles,
            root=None if root == "tank/data" else root,
            **asked,  # type: ignore[arg-type]
        )
        if at is not None:
            request = put_on(request, str(at))
        return make_plan(request, Machine(**there))  # type: ignore[arg-type]

    def run(self, actions: Iterable[Action]) -> Model:
        """Carry actions out, as strictly as ZFS would."""
        for action in actions:
            self.step(action)
        return self

    def step(self, action: Action, written: Callable[[str], bool] | None = None) -> None:
        """Carry one action out; with `written`, only the properties that it lets pass.

        That is a kill within the action. Inheriting comes first, and only what has
        been inherited entirely is followed by setting, and the notes come last.
        """
        name = action.dataset
        if isinstance(action, Create):
            assert name not in self.local, f"{name} exists"
            assert parent_of(name) in self.local, f"{name} has no parent"
            props.check(props.settable(action.properties), kind="filesystem", creating=True)
            self._set(name, action.properties, written)
        elif isinstance(action, Adjust):
            values = props.settable(action.values) | action.notes
            props.check(values, kind="filesystem", creating=False)
            for prop in action.inherited:
                if written is not None and not written(prop):
                    return
                del self.local[name][prop]
            self._set(name, action.values, written)
            if written is None or all(map(written, action.values)):
                self._set(name, action.notes, written)
        elif written is None:
            self._mount_or_own(action)

    def _set(
        self,
        name: str,
        values: dict[str, str] | object,
        written: Callable[[str], bool] | None,
    ) -> None:
        assert hasattr(values, "items")
        local = self.local.setdefault(name, {})
        local.update({p: v for p, v in values.items() if written is None or written(p)})

    def _mount_or_own(self, action: MountDataset | Remount | SetOwner | Export) -> None:
        name = action.dataset
        if isinstance(action, MountDataset):
            dataset = self.dataset(name)
            assert name not in self.mounts
            assert mount_blocker(dataset) is None
            assert effective_mountpoint(dataset, self.pool.altroot) == action.path
            assert action.path not in {m.path for m in self.mounts.values()}
            words = mount_words(dataset)
            self.mounts[name] = Mount(name, action.path, 0, 0, 0o755, words)
            return
        mount = self.mounts[name]
        assert mount.path == action.path
        if isinstance(action, Export):
            return
        if isinstance(action, Remount):
            dataset = self.dataset(name)
            assert mount.options is not None
            assert mount_differs(dataset, mount.options) == action.changes
            self.mounts[name] = replace(mount, options=mount_words(dataset))
            return
        uid = mount.uid if action.uid is None else action.uid
        gid = mount.gid if action.gid is None else action.gid
        mode = mount.mode if action.mode is None else action.mode
        self.mounts[name] = replace(mount, uid=uid, gid=gid, mode=mode)

    def state(self) -> tuple[dict[str, dict[str, str]], dict[str, Mount]]:
        """Give what two runs must agree on."""
        return self.local, self.mounts


def app_profile(
    name: str = "app", *paths: str, owner: str | None = None, **values: str
) -> Profile:
    """Give a profile: values on its first path, owner and mode if `owner` is given."""
    asked = tuple(Setting(n, v, f"Why {n}. And more.", "") for n, v in values.items())
    first, *rest = paths or (name,)
    datasets = [DatasetProfile(first, asked, owner, owner, 0o750 if owner else None)]
    return Profile(name, "A test", (*datasets, *(DatasetProfile(p, ()) for p in rest)))


def applied(*wanted: Profile, **options: object) -> Model:
    """Give a pool on which profiles have been applied."""
    model = Model()
    return model.run(model.plan(*wanted, **options).actions)  # type: ignore[arg-type]


def said(plan: Plan, word: str) -> Caution:
    """Give the one warning that has `word` in it."""
    [found] = [caution for caution in plan.warnings if word in caution.message]
    return found
