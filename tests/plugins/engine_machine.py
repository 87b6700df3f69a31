"""Random changes on real pools against a model of plain dicts, for every engine.

Several engines at once, with pools of one name, have to agree with each other too: in
what they refuse and why, and in all properties after each step.

``ZFSTUNE_MACHINE_EXAMPLES`` and ``ZFSTUNE_MACHINE_STEPS`` make it run longer, and with
``ZFSTUNE_MACHINE_SEED`` each run goes another way; as it stands, each run is the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dataset_model import Model, RefusedError
from zfstune.values.errors import BatchError, ZfstuneError

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

Values = dict[str, tuple[str, ...]]

EXAMPLES = int(os.environ.get("ZFSTUNE_MACHINE_EXAMPLES", "6"))
STEPS = int(os.environ.get("ZFSTUNE_MACHINE_STEPS", "16"))

PARTS = st.sampled_from("abc")
SHORTS = st.sampled_from("stu")
TAGS = st.sampled_from(["k", "l"])
# Values that both kinds take, and that change what a mount looks like.
BOTH: Values = {
    "compression": ("lz4", "off"),
    "sync": ("always", "standard"),
    "org.x:y": ("1", ""),
}
FILESYSTEMS: Values = {
    "recordsize": ("8192", "131072"),
    "canmount": ("off", "on", "noauto"),
}
VOLUME = {"volsize": "1048576", "refreservation": "0"}
ANY = st.integers(0, 1000)
# Space and its names, and what a pool numbers for itself.
OF_THE_POOL = frozenset(
    (
        "available",
        "compressratio",
        "createtxg",
        "creation",
        "guid",
        "inconsistent",
        "ivsetguid",
        "logicalreferenced",
        "logicalused",
        "objsetid",
        "refcompressratio",
        "referenced",
        "snapshots_changed",
        "unique",
        "used",
        "usedbychildren",
        "usedbydataset",
        "usedbyrefreservation",
        "usedbysnapshots",
        "written",
    )
)
DEEPEST = 5  # parts of a name, the pool's among them, less one


def chosen(index: int, among: Values) -> dict[str, str]:
    """Choose one property and value by a number."""
    pairs = [(prop, value) for prop, values in among.items() for value in values]
    prop, value = pairs[index % len(pairs)]
    return {prop: value}


def outcome(engine: Engine, verb: str, *args: object, **more: object) -> str:
    """Make a change; give nothing, or the class of the error and what it says."""
    try:
        getattr(engine, verb)(*args, **more)
    except BatchError as error:
        return f"{type(error.failures[0]).__name__}: {error}"
    except ZfstuneError as error:
        return f"{type(error).__name__}: {error}"
    return ""


class Machine(RuleBasedStateMachine):
    """Makes each change in the model and through the engines, and compares."""

    engines: ClassVar[tuple[Engine, ...]]
    mounts: ClassVar[bool]
    parent: ClassVar[str]
    runs: ClassVar[int] = 0
    tried: ClassVar[dict[str, int]] = {}

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.root = f"{self.parent}/{self.runs}"
        for engine in self.engines:
            engine.create(self.root)
        self.model = Model(self.root)
        self.born: list[dict[int, int]] = [{} for _ in self.engines]

    def teardown(self) -> None:
        """Destroy what is left, so that the pool stays small."""
        for engine in self.engines:
            for name in list(self.model.snapshots()):
                for tag in self.model.snap(name).holds:
                    engine.release([name], tag)
            self.clear(engine)

    def clear(self, engine: Engine) -> None:
        """Destroy the tree, a layer of clones at a time."""
        for _ in range(20):
            datasets = engine.datasets(self.root)
            parents = {dataset.name.rpartition("/")[0] for dataset in datasets}
            for dataset in reversed(datasets):
                # two clones of what lies below each other: neither could go first
                if dataset.name in parents and dataset.value("origin"):
                    outcome(engine, "promote", dataset.name)
                for snapshot in engine.snapshots(dataset.name):
                    outcome(engine, "destroy_snapshots", [snapshot.name])
                outcome(engine, "destroy", dataset.name)
            if not engine.exists(self.root):
                return
        pytest.fail(f"{self.root} cannot be cleared")

    @initialize()
    def begin(self) -> None:
        """Begin with something to work on: a tree, a volume, snapshots and a clone."""
        root = self.root
        for short in ("a", "a/b", "b"):
            self.alike("create", f"{root}/{short}", properties={"recordsize": "8192"})
        self.alike("create", f"{root}/c", properties=VOLUME, volume=True)
        for shorts, mark in ((("a", "a/b", "c"), "s"), (("a", "b"), "t")):
            names = [f"{root}/{short}@{mark}" for short in shorts]
            self.alike("take_snapshots", names, properties={"org.x:s": mark})
        self.alike("clone", f"{root}/a@s", f"{root}/b/a")
        if self.mounts:
            self.alike("mount", root)
            self.alike("mount", f"{root}/a")

    # What a rule works on.

    def a_dataset(self, number: int) -> str:
        """Choose a dataset that exists, the root but once in a while."""
        names = list(self.model.nodes)
        return names[number % len(names)]

    def a_snapshot(self, number: int) -> str:
        """Choose a snapshot that exists; now and then one that does not."""
        names = self.model.snapshots()
        if not names or number % 11 == 0:
            return f"{self.a_dataset(number)}@none"
        return names[number % len(names)]

    def alike(self, verb: str, *args: object, **more: object) -> None:
        """Make a change on all sides: all do it, or all refuse for one reason."""
        expected = ""
        try:
            getattr(self.model, verb)(*args, **more)
        except RefusedError as error:
            expected = str(error)
        outcomes = [outcome(engine, verb, *args, **more) for engine in self.engines]
        assert outcomes[0].partition(":")[0] == expected
        assert outcomes == outcomes[:1] * len(outcomes)
        key = f"{verb}: {expected or 'done'}"
        self.tried[key] = self.tried.get(key, 0) + 1

    # Changes.

    @rule(at=ANY, part=PARTS, number=ANY)
    def create(self, at: int, part: str, number: int) -> None:
        """Create a filesystem, or now and then a volume, below one that exists."""
        name, volume = f"{self.a_dataset(at)}/{part}", number % 4 == 0
        properties = chosen(number, BOTH if volume else BOTH | FILESYSTEMS)
        if name.count("/") <= DEEPEST:
            more = VOLUME if volume else {}
            self.alike("create", name, properties=properties | more, volume=volume)

    @rule(at=ANY, number=ANY)
    def set(self, at: int, number: int) -> None:
        """Set a property."""
        name = self.a_dataset(at)
        volume = self.model.nodes[name].kind == "volume"
        self.alike("set", name, chosen(number, BOTH if volume else BOTH | FILESYSTEMS))

    @rule(at=ANY, prop=st.sampled_from([*BOTH]))
    def inherit(self, at: int, prop: str) -> None:
        """Drop a property."""
        self.alike("inherit", self.a_dataset(at), prop)

    @rule(at=st.lists(ANY, min_size=1, max_size=3), short=SHORTS)
    def take_snapshots(self, at: list[int], short: str) -> None:
        """Take snapshots of several datasets at once."""
        names = sorted({f"{self.a_dataset(number)}@{short}" for number in at})
        self.alike("take_snapshots", names, properties={"org.x:s": short})

    @rule(at=st.lists(ANY, min_size=1, max_size=3))
    def destroy_snapshots(self, at: list[int]) -> None:
        """Destroy several snapshots at once."""
        self.alike("destroy_snapshots", sorted({self.a_snapshot(n) for n in at}))

    @rule(at=ANY, tag=TAGS, verb=st.sampled_from(["hold", "hold", "release"]))
    def hold_or_release(self, at: int, tag: str, verb: str) -> None:
        """Hold a snapshot; release one, most often one that is held."""
        held = [s for s in self.model.snapshots() if self.model.snap(s).holds]
        name = self.a_snapshot(at)
        if verb == "release" and held and at % 5:
            name = held[at % len(held)]
        self.alike(verb, [name], tag)

    @rule(at=ANY, below=ANY, part=PARTS)
    def clone(self, at: int, below: int, part: str) -> None:
        """Clone a snapshot to a place below any dataset."""
        name = f"{self.a_dataset(below)}/{part}"
        if name.count("/") <= DEEPEST:
            self.alike("clone", self.a_snapshot(at), name)

    @rule(at=ANY)
    def promote(self, at: int) -> None:
        """Promote a dataset, most often a clone."""
        clones = [n for n, node in self.model.nodes.items() if node.origin]
        promising = clones and at % 7
        name = clones[at % len(clones)] if promising else self.a_dataset(at)
        self.alike("promote", name)

    @rule(at=ANY, below=ANY, part=PARTS)
    def rename(self, at: int, below: int, part: str) -> None:
        """Move a dataset with all below it."""
        old, new = self.a_dataset(at), f"{self.a_dataset(below)}/{part}"
        deepest = max(name.count("/") for name in [old, *self.model.children(old)])
        if old != self.root and new.count("/") + deepest - old.count("/") <= DEEPEST:
            self.alike("rename", old, new)

    @rule(at=ANY, short=SHORTS, verb=st.sampled_from(["rename", "bookmark", "rollback"]))
    def change_snapshot(self, at: int, short: str, verb: str) -> None:
        """Rename a snapshot, bookmark it, or roll back to it."""
        name = self.a_snapshot(at)
        marks = {"rename": ("@" + short,), "bookmark": ("#" + short,), "rollback": ()}
        self.alike(verb, name, *(name.partition("@")[0] + mark for mark in marks[verb]))

    @rule(at=ANY, verb=st.sampled_from(["mount", "unmount", "destroy"]))
    def change_dataset(self, at: int, verb: str) -> None:
        """Mount, unmount or destroy."""
        name = self.a_dataset(at)
        if not self.mounts:
            verb = "destroy"
        if (verb, name) != ("destroy", self.root):
            self.alike(verb, name)

    # What must hold after each.

    @invariant()
    def datasets_are_alike(self) -> None:
        """Names, kinds, origins and local properties are those of the model."""
        for engine in self.engines:
            found = engine.datasets(self.root)
            assert [d.name for d in found] == sorted(
                self.model.nodes, key=lambda name: name.split("/")
            )
            for dataset in found:
                node = self.model.nodes[dataset.name]
                assert dataset.kind == node.kind
                assert (dataset.value("origin") or "") == node.origin
                local = {p: dataset.local(p) for p in (*BOTH, *FILESYSTEMS)}
                set_here = {p: v for p, v in local.items() if v is not None}
                assert set_here == {p: v for p, v in node.properties.items() if p in local}

    @invariant()
    def snapshots_are_alike(self) -> None:
        """Snapshots are there in order, with their clones, holds and properties."""
        for engine, born in zip(self.engines, self.born, strict=True):
            for name in self.model.nodes:
                self.check_snapshots(engine, name, born)

    def check_snapshots(self, engine: Engine, name: str, when: dict[int, int]) -> None:
        """Compare the snapshots and bookmarks of one dataset with the model's."""
        node = self.model.nodes[name]
        found = engine.snapshots(name, properties=True)
        born = sorted(node.snapshots, key=lambda s: node.snapshots[s].born)
        assert [s.short_name for s in found] == born
        for snapshot in found:
            snap = node.snapshots[snapshot.short_name]
            assert snapshot.clones == len(self.model.clones(snapshot.name))
            assert snapshot.local("org.x:s") == snap.properties["org.x:s"]
            assert int(snapshot.value("userrefs") or 0) == len(snap.holds)
            if snap.holds:
                assert engine.holds(snapshot.name).keys() == snap.holds
            # one instant of the model is one transaction group, and the other way
            assert when.setdefault(snap.born, snapshot.createtxg) == snapshot.createtxg
        marks = {f"{name}#{m}": when[b] for m, b in node.bookmarks.items()}
        found_marks = {m.name: m.createtxg for m in engine.bookmarks(name).values()}
        assert found_marks == marks

    @invariant()
    def engines_are_alike(self) -> None:
        """All properties of all datasets are the same for each engine."""
        if len(self.engines) > 1:
            first, *others = [properties(engine, self.root) for engine in self.engines]
            for other in others:
                assert other == first

    @invariant()
    def mounts_are_alike(self) -> None:
        """What is mounted is mounted at its own name."""
        for engine in self.engines:
            found = {
                name: mount.path
                for name, mount in engine.mounts().items()
                if f"{name}/".startswith(f"{self.root}/")
            }
            nodes = self.model.nodes
            assert found == {n: f"/{n}" for n, node in nodes.items() if node.mounted}


def properties(engine: Engine, root: str) -> dict[tuple[str, str], object]:
    """Give all properties but those that differ between any two pools."""
    return {
        (dataset.name, prop): value
        for dataset in engine.datasets(root)
        for prop, value in dataset.properties.items()
        if prop not in OF_THE_POOL
    }


def walk(
    *engines: Engine, pool: str, mounts: bool = False, examples: int = EXAMPLES
) -> None:
    """Walk engines at random, each on a pool of that name.

    Args:
        engines: Those to compare with the model and with each other.
        pool: The name of the pool that each has.
        mounts: Whether what they make can be mounted.
        examples: How many walks, each from the start.
    """
    Machine.engines, Machine.mounts = engines, mounts
    Machine.parent, Machine.tried = f"{pool}/machine{len(engines)}", {}
    for engine in engines:
        engine.create(Machine.parent)
    run_machine(Machine, examples)
    print("\n".join(f"{count:5} {key}" for key, count in sorted(Machine.tried.items())))
    assert sum(Machine.tried.values()) >= examples * STEPS // 2


def run_machine(
    machine: type[RuleBasedStateMachine], examples: int, *, shrink: bool = True
) -> None:
    """Walk a machine, the same way in each run unless a seed is given.

    Args:
        machine: The machine.
        examples: How many walks, each from the start.
        shrink: Look for a shorter walk that fails, where a seed is given.
    """
    random = int(os.environ.get("ZFSTUNE_MACHINE_SEED", "0"))
    print(f"ZFSTUNE_MACHINE_SEED={random}")
    chosen_settings = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=not random,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if random and shrink else [])],
        suppress_health_check=list(HealthCheck),
    )
    seeded = seed(random)(machine) if random else machine
    run_state_machine_as_test(seeded, settings=chosen_settings)
