"""prune on a real pool: what goes, what stays, and in how many calls."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.marks import PROFILE_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.retention.prune import PrunePlan

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

OWN = {SNAPSHOT_PROPERTY: "auto"}


def own(day: int, suffix: int = 0) -> str:
    """Give a name as `zfstune snapshot` gives it."""
    return f"zfstune-202601{day:02d}T000000Z" + (f"-{suffix}" if suffix else "")


def take(engine: Engine, dataset: str, shorts: Iterable[str]) -> list[str]:
    """Take marked snapshots one after the other; give their full names."""
    taken = [f"{dataset}@{short}" for short in shorts]
    for name in taken:
        engine.take_snapshots([name], properties=OWN)
    return taken


def left(command: Command, dataset: str) -> list[str]:
    """Give what stands behind the @ of the snapshots that are left, oldest first."""
    listed = command(
        "zfs", "list", "-Hd1", "-t", "snapshot", "-o", "name", "-s", "createtxg", dataset
    )
    return [line.partition("@")[2] for line in listed.splitlines()]


def destroy_calls(command: Command, pool: str) -> list[str]:
    """Give the lines that destroyed snapshots, one a call."""
    lines = command("zpool", "history", pool).splitlines()
    return [line for line in lines if " zfstune destroy " in line]


def test_age_is_createtxg_not_the_name(
    dataset: str, engine: Engine, command: Command
) -> None:
    """A clock that was wrong gave the oldest snapshot the newest name: it goes first."""
    take(engine, dataset, [own(31), own(1), own(15), own(10)])
    pruned = zfstune.prune(dataset, keep=2, engine=engine)
    assert pruned.destroyed == (f"{dataset}@{own(31)}", f"{dataset}@{own(1)}")
    assert left(command, dataset) == [own(15), own(10)]
    assert zfstune.prune(dataset, keep=2, engine=engine).destroyed == ()


def test_spares_what_it_did_not_make(
    dataset: str, engine: Engine, command: Command
) -> None:
    """A hand-made snapshot stays, and is reported where its name looks like ours."""
    command("zfs", "snapshot", f"{dataset}@{own(1)}")
    command("zfs", "snapshot", f"{dataset}@before-upgrade")
    take(engine, dataset, ["zfstune-looks-alike", own(2), own(3)])
    pruned = zfstune.prune(dataset, keep=1, engine=engine)
    assert pruned.destroyed == (f"{dataset}@{own(2)}",)
    [spared] = pruned.spared
    assert spared.snapshot.name == f"{dataset}@{own(1)}"
    assert "zfstune did not make it here" in spared.reasons[0]
    assert left(command, dataset) == [
        own(1),
        "before-upgrade",
        "zfstune-looks-alike",
        own(3),
    ]


def test_a_mark_that_is_inherited_is_no_mark(
    dataset: str, engine: Engine, command: Command
) -> None:
    """The property set on the dataset, which its snapshots inherit, does not count."""
    command("zfs", "set", f"{SNAPSHOT_PROPERTY}=auto", dataset)
    command("zfs", "snapshot", f"{dataset}@{own(1)}")
    pruned = zfstune.prune(dataset, keep=0, all_of_them=True, engine=engine)
    assert pruned.destroyed == ()
    assert left(command, dataset) == [own(1)]


def test_spares_what_was_received(
    dataset: str, pool: str, engine: Engine, command: Command
) -> None:
    """Snapshots that came from elsewhere carry the mark as received: they stay."""
    take(engine, dataset, [own(1), own(2), own(3)])
    copy = f"{dataset}-copy"
    line = f"zfs send -R {dataset}@{own(3)} | zfs recv -u {copy}"
    subprocess.run(["bash", "-o", "pipefail", "-c", line], check=True)
    assert "received" in command("zfs", "get", "-H", SNAPSHOT_PROPERTY, f"{copy}@{own(1)}")
    pruned = zfstune.prune(copy, dataset, keep=1, engine=engine)
    assert left(command, copy) == [own(1), own(2), own(3)]
    assert left(command, dataset) == [own(3)]
    assert {d.snapshot.dataset for d in pruned.spared} == {copy}
    assert pruned.destroyed == (f"{dataset}@{own(1)}", f"{dataset}@{own(2)}")
    # named by a glob, they go
    zfstune.prune(copy, keep=1, match="zfstune-*", engine=engine)
    assert left(command, copy) == [own(3)]


def test_glob_matches_whole_names(dataset: str, engine: Engine, command: Command) -> None:
    """A glob covers the names it matches from end to end, whoever made them."""
    for short in ("daily-1", "daily-2", "my-daily-3", "daily-4", "DAILY-5"):
        command("zfs", "snapshot", f"{dataset}@{short}")
    take(engine, dataset, [own(1), own(2)])
    zfstune.prune(dataset, keep=1, match="daily", engine=engine)
    assert len(left(command, dataset)) == 7
    zfstune.prune(dataset, keep=1, match="daily-?", engine=engine)
    assert left(command, dataset) == ["my-daily-3", "daily-4", "DAILY-5", own(1), own(2)]
    with pytest.raises(zfstune.PolicyError):
        zfstune.prune(dataset, keep=1, match="*/*", engine=engine)


def test_keeping_none_takes_consent(dataset: str, engine: Engine, command: Command) -> None:
    """keep=0 and a negative count are refused; with consent, all of ours go."""
    take(engine, dataset, [own(1), own(2)])
    command("zfs", "snapshot", f"{dataset}@mine")
    for keep in (0, -3):
        with pytest.raises(zfstune.PolicyError):
            zfstune.prune(dataset, keep=keep, engine=engine)
    assert len(left(command, dataset)) == 3
    zfstune.prune(dataset, keep=0, all_of_them=True, engine=engine)
    assert left(command, dataset) == ["mine"]


def test_held_and_cloned_stay_and_the_rest_goes(
    dataset: str, engine: Engine, command: Command
) -> None:
    """What is held or cloned is reported with its reason; the others go all the same."""
    taken = take(engine, dataset, [own(day) for day in range(1, 7)])
    command("zfs", "hold", "backup", taken[0])
    command("zfs", "clone", taken[2], f"{dataset}-clone")
    pruned = zfstune.prune(dataset, keep=1, engine=engine)
    reasons = {d.snapshot.name: d.reasons for d in pruned.spared}
    assert set(reasons) == {taken[0], taken[2]}
    assert "held" in reasons[taken[0]][0]
    assert "clone" in reasons[taken[2]][0]
    assert left(command, dataset) == [own(1), own(3), own(6)]
    command("zfs", "release", "backup", taken[0])
    command("zfs", "destroy", f"{dataset}-clone")
    zfstune.prune(dataset, keep=1, engine=engine)
    assert left(command, dataset) == [own(6)]


def test_what_changes_after_the_plan(
    dataset: str, engine: Engine, command: Command
) -> None:
    """Made anew, held, cloned or destroyed since it was planned: spared, or no matter."""
    taken = take(engine, dataset, [own(day) for day in range(1, 8)])

    def meanwhile(plan: PrunePlan) -> None:
        assert len(plan.victims) == 6
        command("zfs", "destroy", taken[0])
        command("zfs", "snapshot", "-o", f"{SNAPSHOT_PROPERTY}=auto", taken[0])
        command("zfs", "hold", "late", taken[1])
        command("zfs", "clone", taken[2], f"{dataset}-late")
        command("zfs", "destroy", taken[3])

    pruned = zfstune.prune(dataset, keep=1, engine=engine, show=meanwhile)
    assert pruned.destroyed == (taken[4], taken[5])
    reasons = {d.snapshot.name: d.reasons[0] for d in pruned.spared}
    assert set(reasons) == {taken[0], taken[1], taken[2]}
    assert "made anew" in reasons[taken[0]]
    assert "held" in reasons[taken[1]]
    assert "clones" in reasons[taken[2]]
    assert left(command, dataset) == [own(2), own(3), own(7), own(1)]
    command("zfs", "release", "late", taken[1])


def test_many_go_in_few_calls(
    dataset: str, pool: str, engine: Engine, command: Command
) -> None:
    """120 victims of two datasets go in three calls, dealt out in turn."""
    command("zfs", "create", f"{dataset}/b")
    before = len(destroy_calls(command, pool))
    for number in range(1, 63):
        both = [f"{dataset}@{own(1, number)}", f"{dataset}/b@{own(1, number)}"]
        engine.take_snapshots(both, properties=OWN)
    pruned = zfstune.prune(dataset, keep=2, recursive=True, engine=engine)
    assert len(pruned.destroyed) == 120
    assert pruned.destroyed[:3] == (
        f"{dataset}@{own(1, 1)}",
        f"{dataset}/b@{own(1, 1)}",
        f"{dataset}@{own(1, 2)}",
    )
    calls = destroy_calls(command, pool)[before:]
    assert [line.count(own(1)) for line in calls] == [50, 50, 20]
    assert left(command, dataset) == left(command, f"{dataset}/b")
    assert left(command, dataset) == [own(1, 61), own(1, 62)]


def test_two_pools_in_one_call(
    dataset: str, make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """Datasets of two pools are pruned in one call, each pool in calls of its own."""
    other = make_pool()
    for each in (dataset, other):
        take(engine, each, [own(1), own(2)])
    pruned = zfstune.prune(dataset, other, keep=1, engine=engine)
    assert set(pruned.destroyed) == {f"{dataset}@{own(1)}", f"{other}@{own(1)}"}
    assert left(command, dataset) == left(command, other) == [own(2)]
    command("zpool", "destroy", other)


def test_default_is_what_zfstune_manages(
    make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """With no dataset named, managed ones are pruned, volumes too, and no others."""
    pool = make_pool(options=("-O", "mountpoint=none"))
    command("zfs", "create", "-o", f"{PROFILE_PROPERTY}=logs", f"{pool}/managed")
    command("zfs", "create", f"{pool}/managed/child")
    command("zfs", "create", f"{pool}/other")
    command(
        "zfs",
        "create",
        "-s",
        "-V",
        "8M",
        "-o",
        "volmode=none",
        "-o",
        f"{PROFILE_PROPERTY}=disk",
        f"{pool}/volume",
    )
    datasets = [f"{pool}/{n}" for n in ("managed", "managed/child", "other", "volume")]
    for each in datasets:
        take(engine, each, [own(1), own(2), own(3)])
    pruned = zfstune.prune(keep=1, pool=pool, engine=engine)
    assert set(pruned.plan.datasets) == {f"{pool}/managed", f"{pool}/volume"}
    assert [len(left(command, each)) for each in datasets] == [1, 3, 3, 1]
    zfstune.prune(f"{pool}/managed", keep=1, recursive=True, engine=engine)
    assert [len(left(command, each)) for each in datasets] == [1, 1, 3, 1]
    command("zpool", "destroy", pool)


def test_dry_run_destroys_nothing(dataset: str, engine: Engine, command: Command) -> None:
    """A dry run says what would go and what would stay, with a reason for each."""
    take(engine, dataset, [own(1), own(2), own(3)])
    pruned = zfstune.prune(dataset, keep=1, dry_run=True, engine=engine)
    assert pruned.destroyed == ()
    assert [s.name for s in pruned.plan.victims] == [
        f"{dataset}@{own(2)}",
        f"{dataset}@{own(1)}",
    ]
    assert all(decision.reasons for decision in pruned.plan.decisions)
    assert len(left(command, dataset)) == 3


def test_names_are_checked_first(dataset: str, engine: Engine) -> None:
    """A snapshot is no dataset, and a dataset that is missing is named."""
    with pytest.raises(zfstune.InvalidName):
        zfstune.prune(f"{dataset}@x", keep=1, engine=engine)
    with pytest.raises(zfstune.NotFound, match=f"'{dataset}/none'"):
        zfstune.prune(f"{dataset}/none", keep=1, engine=engine)
