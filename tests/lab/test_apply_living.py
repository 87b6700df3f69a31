"""apply on datasets that are in use: what follows at once, and what does not."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.datasets.actions import Adjust, Remount
from zfstune.profiles.load import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

HARD = {"atime": "off", "devices": "off", "exec": "off", "setuid": "off"}
SOFT = {"atime": "on", "relatime": "off", "devices": "on", "exec": "on", "setuid": "on"}


def profile(**values: str) -> Profile:
    """Give a profile of a dataset with these values, and one below it without any."""
    lines = ['name = "app"', 'summary = "x"', "[[dataset]]", 'path = "app"']
    for name, value in values.items():
        lines.append(f"[dataset.properties.{name}]")
        lines.append(f'value = "{value}"\nwhy = "Because."\nsource = "x"')
    lines += ["[[dataset]]", 'path = "app/below"', ""]
    return load_text("\n".join(lines), "app.toml")


@pytest.fixture
def root(pool: str, command: Command) -> Iterator[str]:
    """Give a root for profiles."""
    command("zfs", "create", f"{pool}/srv")
    yield f"{pool}/srv"
    command("zfs", "destroy", "-R", f"{pool}/srv")


def options(engine: Engine, name: str) -> frozenset[str]:
    """Give what a filesystem is mounted with."""
    found = engine.mounts()[name].options
    assert found is not None
    return found


def test_mounts_follow(root: str, engine: Engine, command: Command) -> None:
    """A mount in use is changed in place, to just what a mount from anew would be."""
    app, below = f"{root}/app", f"{root}/app/below"
    zfstune.apply(profile(), root=root, engine=engine)
    script = Path(f"/{app}/script")
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    subprocess.run([script], check=True)
    for values in (HARD, SOFT, {**HARD, "readonly": "on"}, SOFT, {"exec": "off"}):
        wanted = profile(**values)
        mode = "r" if "ro" in options(engine, app) else "a"
        with script.open(mode):  # nobody has to stop
            done = zfstune.apply(wanted, root=root, engine=engine).done
        assert [(type(a), a.dataset) for a in done] == [
            (Adjust, app),
            (Remount, app),
            (Remount, below),
        ], values
        assert not zfstune.plan(wanted, root=root, engine=engine).pending
        now = {name: options(engine, name) for name in (app, below)}
        for name in (below, app):
            command("zfs", "unmount", name)
        for name in (app, below):
            command("zfs", "mount", name)
        assert {name: options(engine, name) for name in now} == now, values
        if values.get("exec") == "off":
            with pytest.raises(PermissionError):
                subprocess.run([script], check=True)
        else:
            subprocess.run([script], check=True)
        if "readonly" in values:
            with pytest.raises(OSError, match="Read-only") as caught:
                script.touch()
            assert caught.value.errno == errno.EROFS


def test_a_kill_before_the_mount_followed(
    root: str, engine: Engine, command: Command
) -> None:
    """Where the value is set and the mount is as it was, the mount alone is left to do."""
    zfstune.apply(profile(exec="on"), root=root, engine=engine)
    engine.set(f"{root}/app", {"exec": "off"})  # which remounts nothing
    plan = zfstune.plan(profile(exec="off"), root=root, engine=engine)
    remounts = [action for action in plan.actions if isinstance(action, Remount)]
    assert [action.changes for action in remounts] == ["+noexec"] * 2
    assert (
        "noexec"
        in zfstune.apply(profile(exec="off"), root=root, engine=engine)
        .plan.actions[-1]
        .describe()
    )
    assert "noexec" in command("findmnt", "-no", "OPTIONS", f"/{root}/app/below")


def test_what_only_new_data_gets(root: str, engine: Engine, command: Command) -> None:
    """The plan says so where there is data, once, and which remedy there is."""
    zfstune.apply(profile(recordsize="128K"), root=root, engine=engine)
    file = Path(f"/{root}/app/file")
    file.write_bytes(os.urandom(2 << 20))
    command("zpool", "sync", root.partition("/")[0])
    wants = profile(recordsize="16K", compression="zstd", checksum="sha256", atime="off")
    plan = zfstune.apply(wants, root=root, engine=engine).plan
    [caution] = [c for c in plan.warnings if "written from now on" in c.message]
    assert caution.message.endswith(" the new recordsize and compression and checksum")
    assert file.stat().st_blksize == 128 << 10
    new = file.with_name("new")
    new.write_bytes(os.urandom(1 << 20))
    assert new.stat().st_blksize == 16 << 10


def test_volumes_are_left_alone(root: str, engine: Engine, command: Command) -> None:
    """A volume below a profile's dataset keeps its block size, and is in no plan."""
    zfstune.apply("vm-zvol", root=root, engine=engine)
    options = ("-s", "-V", "16M", "-o", "volblocksize=4K", "-o", "volmode=none")
    volume = f"{root}/zvols/one"
    command("zfs", "create", *options, volume)
    for name in ("vm-zvol", "vm-zvol"):
        plan = zfstune.apply(name, root=root, engine=engine).plan
        assert volume not in {action.dataset for action in plan.actions}
    found = command("zfs", "get", "-Hpo", "value", "volblocksize", volume)
    assert found.strip() == "4096"


def test_a_role_change_plans_the_difference(
    root: str, engine: Engine, command: Command
) -> None:
    """Another role adds what it has beyond the first; what it lacks is told, and stays."""
    more = {"root": root, "owner": False, "engine": engine}
    zfstune.apply(roles="worker", **more)  # type: ignore[arg-type]
    before = set(command("zfs", "list", "-rHo", "name", root).split())
    changed = zfstune.apply(roles="cp", **more)  # type: ignore[arg-type]
    assert {action.dataset for action in changed.done} == {f"{root}/etcd"}
    after = set(command("zfs", "list", "-rHo", "name", root).split())
    assert after - before == {f"{root}/etcd"}
    assert before < after
    back = zfstune.plan(roles="worker", **more)  # type: ignore[arg-type]
    assert not back.pending
    assert [left.dataset for left in back.leftovers] == [f"{root}/etcd"]
    both = zfstune.plan(roles=("worker", "cp"), **more)  # type: ignore[arg-type]
    assert not both.pending
    assert both.leftovers == ()
