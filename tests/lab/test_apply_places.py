"""apply where something is in the way: live data, files, links, an adversary."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from other_user import alice
from zfstune.profiles.load import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine
    from zfstune.profiles.profile import Profile

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

PROFILE = """
name = "app"
summary = "An application"

[[dataset]]
path = "app"
owner = "alice"
mode = "0750"

[[dataset]]
path = "app/x"
owner = "alice"
mode = "0700"
"""


@pytest.fixture
def app() -> Profile:
    """Give a profile of one dataset below the other, both alice's."""
    return load_text(PROFILE, "app.toml")


@pytest.fixture
def base() -> Iterator[Path]:
    """Give a directory that is root's alone, on the root file system."""
    path = Path("/srv") / secrets.token_hex(4)
    path.mkdir(parents=True)
    yield path
    subprocess.run(["rm", "-r", "--one-file-system", path], check=True)


@pytest.fixture
def root(pool: str, base: Path, command: Command) -> Iterator[str]:
    """Give a root for profiles that mounts below `base`."""
    name = f"{pool}/{secrets.token_hex(4)}"
    command("zfs", "create", "-o", "canmount=off", "-o", f"mountpoint={base}/data", name)
    yield name
    command("zfs", "destroy", "-R", name)


def verdicts(root: str, engine: Engine) -> dict[str, str]:
    """Give what is not ok below a root."""
    found = zfstune.verify(root, engine=engine).datasets
    return {v.name: v.findings[0].note for v in found if v.pending}


def test_live_data(
    root: str, base: Path, app: Profile, engine: Engine, command: Command
) -> None:
    """It is not hidden; the commands that are shown bring it into the new dataset."""
    live = base / "data" / "app" / "x" / "PG_VERSION"
    live.parent.mkdir(parents=True)
    live.write_text("15")
    for call in (zfstune.plan, zfstune.apply):
        with pytest.raises(zfstune.PlanError, match="not empty") as caught:
            call(app, root=root, engine=engine)
    assert live.read_text() == "15"
    assert command("zfs", "list", "-rHo", "name", root).split() == [root]
    aside, back = caught.value.hint.split("`")[1::2]
    command("sh", "-c", aside)
    zfstune.apply(app, root=root, engine=engine)
    command("sh", "-c", back)
    assert live.read_text() == "15"
    assert command("findmnt", "-no", "SOURCE", "-T", str(live)).strip() == f"{root}/app/x"
    command("zfs", "unmount", f"{root}/app/x")
    live.write_text("hidden soon")  # now in the dataset above
    with pytest.raises(zfstune.PlanError, match="PG_VERSION"):
        zfstune.apply(app, root=root, engine=engine)
    assert "not empty" in verdicts(root, engine)[f"{root}/app/x"]
    live.unlink()
    zfstune.apply(app, root=root, engine=engine)
    assert live.read_text() == "15"
    assert verdicts(root, engine) == {}


def test_what_an_older_dataset_holds(
    root: str, base: Path, app: Profile, engine: Engine, command: Command
) -> None:
    """What cannot be seen before its parent is mounted is seen by the mount itself."""
    zfstune.apply(app, root=root, engine=engine)
    command("zfs", "unmount", f"{root}/app/x")
    live = base / "data" / "app" / "x" / "file"
    live.write_text("live")
    command("zfs", "unmount", f"{root}/app")
    with pytest.raises(zfstune.PlanError, match=f"cannot mount '{root}/app/x'"):
        zfstune.apply(app, root=root, engine=engine)
    assert live.read_text() == "live"
    live.unlink()
    zfstune.apply(app, root=root, engine=engine)
    assert verdicts(root, engine) == {}


@pytest.mark.parametrize("kind", ["file", "dangling", "component", "read-only"])
def test_what_is_in_the_way(
    root: str, app: Profile, engine: Engine, command: Command, kind: str
) -> None:
    """It is found before anything is made; once it is gone, apply goes through."""
    data = command("zfs", "get", "-Ho", "value", "mountpoint", root).strip()
    way = Path(data) / "app"
    way.parent.mkdir()
    match kind:
        case "file":
            way.touch()
        case "dangling":
            way.symlink_to("gone")
        case "component":
            way = way.parent
            way.rmdir()
            way.touch()
        case "read-only":
            command("mount", "-t", "tmpfs", "-o", "ro", "none", str(way.parent))
    try:
        with pytest.raises(zfstune.PlanError, match=f"cannot plan '{root}/app': "):
            zfstune.apply(app, root=root, engine=engine)
        assert command("zfs", "list", "-rHo", "name", root).split() == [root]
    finally:
        if kind == "read-only":
            command("umount", str(way.parent))
        else:
            way.unlink()
    zfstune.apply(app, root=root, engine=engine)
    assert verdicts(root, engine) == {}


def test_a_link_of_the_administrator(
    root: str, base: Path, app: Profile, engine: Engine, command: Command
) -> None:
    """A mountpoint whose path goes through root's link settles for apply and verify."""
    (base / "real").mkdir()
    (base / "data").symlink_to(base / "real")
    zfstune.apply(app, root=root, engine=engine)
    assert engine.mounts()[f"{root}/app"].path == f"{base}/real/app"
    assert verdicts(root, engine) == {}
    again = zfstune.plan(app, root=root, engine=engine)
    assert (again.actions, again.warnings) == ((), ())
    (base / "real" / "app" / "x").chmod(0o755)
    zfstune.apply(app, root=root, engine=engine)
    assert (base / "real" / "app" / "x").stat().st_mode & 0o777 == 0o700
    assert engine.mount(f"{root}/app") == f"{base}/data/app"
    for name in ("app/x", "app"):
        engine.unmount(f"{root}/{name}")
    command("zfs", "mount", f"{root}/app")
    command("zfs", "mount", f"{root}/app/x")
    assert verdicts(root, engine) == {}
    assert not zfstune.plan(app, root=root, engine=engine).pending


def test_a_user_who_may_not_look(
    root: str, base: Path, app: Profile, engine: Engine
) -> None:
    """Mounts below a closed directory are mounts all the same."""
    zfstune.apply(app, root=root, engine=engine)
    base.chmod(0o700)
    with alice():
        found = zfstune.verify(app, root=root, engine=engine)
    assert {v.name: v.state for v in found.datasets if v.pending} == {}
    states = {v.name: v.state for v in found.datasets}
    assert states[f"{root}/app"] == "unseen"
    base.chmod(0o755)


def test_a_link_of_the_owner(
    root: str, base: Path, app: Profile, engine: Engine, command: Command
) -> None:
    """Where the owner of a directory plants a link, nothing is mounted or given away."""
    zfstune.apply(app, root=root, engine=engine)
    command("zfs", "unmount", f"{root}/app/x")
    victim = base / "victim"
    victim.mkdir(mode=0o755)
    place = base / "data" / "app" / "x"
    with alice():
        place.rmdir()
        place.symlink_to(victim)
    with pytest.raises(
        zfstune.PlanError, match="a link that users other than root could change"
    ):
        zfstune.apply(app, root=root, engine=engine)
    with pytest.raises(zfstune.EngineError):
        engine.mount(f"{root}/app/x")
    assert not os.path.ismount(victim)
    with pytest.raises(zfstune.EngineError):
        engine.give(f"{root}/app/x", uid=1)
    assert victim.stat().st_uid == 0
    place.unlink()


# OpenZFS 2.1 knows no RENAME_EXCHANGE, so the directory is gone for a moment.
SWAPPER = """
import itertools, os, sys, time
from contextlib import suppress
place, victim = sys.argv[1:]
print("ready", flush=True)
for aside in map(f"{place}.{{}}".format, itertools.count()):
    for call, words in (
        (os.rename, (place, aside)),
        (os.symlink, (victim, place)),
        (os.unlink, (place,)),
        (os.rename, (aside, place)),
    ):
        with suppress(OSError):
            call(*words)
    time.sleep(0.001)
"""


def test_an_adversary_swaps_a_directory_for_a_link(
    root: str, base: Path, app: Profile, engine: Engine, command: Command
) -> None:
    """While alice swaps as fast as she can, nothing of hers reaches what is root's."""
    zfstune.apply(app, root=root, engine=engine)
    victim = base / "victim"
    victim.mkdir(mode=0o755)
    (victim / "x").mkdir()
    above = base / "data" / "app"
    command("zfs", "unmount", f"{root}/app/x")
    uid = pwd.getpwnam("alice").pw_uid
    with alice():
        (above / "way" / "x").mkdir(parents=True)
    command("zfs", "set", f"mountpoint={above}/way/x", f"{root}/app/x")
    with suppress(zfstune.ZfstuneError):  # later releases mount it there at once
        engine.unmount(f"{root}/app/x")
    argv = ["/usr/bin/python3", "-c", SWAPPER, f"{above}/way", str(victim)]
    swapper = subprocess.Popen(argv, user=uid, stdout=subprocess.PIPE)
    outcomes: set[str] = set()
    links_seen = 0
    try:
        assert swapper.stdout is not None
        swapper.stdout.readline()
        for _ in range(60):
            try:
                engine.mount(f"{root}/app/x", hide=False)
                outcomes.add("mounted")
                engine.give(f"{root}/app/x", uid=uid, mode=0o700)
            except zfstune.ZfstuneError as error:
                outcomes.add(type(error).__name__)
            assert not os.path.ismount(victim / "x")
            assert (victim.stat().st_uid, (victim / "x").stat().st_uid) == (0, 0)
            links_seen += sum((above / "way").is_symlink() for _ in range(20))
            for _ in range(20):  # it is met by a link there, too
                with suppress(zfstune.ZfstuneError):
                    engine.unmount(f"{root}/app/x")
                    break
    finally:
        swapper.kill()
        swapper.communicate()
    assert outcomes
    assert links_seen  # she did swap, whatever of it a mount has met
    assert list((victim / "x").iterdir()) == []
