"""sharenfs: what zfstune tells the NFS server is what ``zfs share`` would.

The guests have no NFS server. An exportfs stands in for it that does what the real one
does with its files: it gathers them into etab.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.actions import Export
from zfstune.profile import load_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine import Engine
    from zfstune.profile import Profile

    Command = Callable[..., str]

EXPORTFS = Path("/usr/sbin/exportfs")
FOLDER = Path("/etc/exports.d")
FILE = FOLDER / "zfs.exports"
ETAB = Path("/var/lib/nfs/etab")
SCRIPT = """#!/bin/sh
# stands in for nfs-kernel-server's
echo "$@" >>/var/lib/nfs/calls
cat /etc/exports /etc/exports.d/*.exports 2>/dev/null | grep -v '^#' | grep . \
    >/var/lib/nfs/etab
exit 0
"""


@pytest.fixture
def server() -> Iterator[None]:
    """Put the stand-in in place."""
    assert not EXPORTFS.exists(), "the guest has a real one now: use that"
    ETAB.parent.mkdir(parents=True, exist_ok=True)
    EXPORTFS.write_text(SCRIPT)
    EXPORTFS.chmod(0o755)
    yield
    for path in (EXPORTFS, FILE, Path(f"{FILE}.lock"), *ETAB.parent.iterdir()):
        path.unlink(missing_ok=True)


@pytest.fixture
def root(pool: str, command: Command) -> Iterator[str]:
    """Give a root for profiles."""
    command("zfs", "create", f"{pool}/srv")
    yield f"{pool}/srv"
    command("zfs", "destroy", "-R", f"{pool}/srv")


def profile(sharenfs: str = "") -> Profile:
    """Give a profile of a dataset that is shared, and one below."""
    lines = ['name = "app"', 'summary = "x"', "[[dataset]]", 'path = "app"']
    if sharenfs:
        lines.append("[dataset.properties.sharenfs]")
        lines.append(f'value = "{sharenfs}"\nwhy = "Because."\nsource = "x"')
    lines += ["[[dataset]]", 'path = "app/below"', ""]
    return load_text("\n".join(lines), "app.toml")


def served() -> set[str]:
    """Give the lines that the server goes by."""
    return set(ETAB.read_text().splitlines()) if ETAB.exists() else set()


@pytest.mark.usefixtures("server")
def test_exported_and_withdrawn(root: str, engine: Engine, command: Command) -> None:
    """The server serves what libshare would write, and nothing once it is over."""
    for value in ("rw=@10.0.0.0/24:host,ro=*,sync,no_root_squash", "on"):
        wants = profile(value)
        done = zfstune.apply(wants, root=root, engine=engine).done
        exports = [action for action in done if isinstance(action, Export)]
        assert [a.path for a in exports] == [f"/{root}/app", f"/{root}/app/below"]
        assert not zfstune.plan(wants, root=root, engine=engine).pending
        ours = served()
        assert len(ours) == 2 * len(exports[0].lines) > 0
        FILE.unlink()
        command("zfs", "share", "-a")
        assert served() == ours
        assert not zfstune.plan(wants, root=root, engine=engine).pending
    done = zfstune.apply(profile(), root=root, engine=engine).done
    assert [a.to_dict()["action"] for a in done if isinstance(a, Export)] == [
        "withdraw"
    ] * 2
    assert served() == set()
    assert not zfstune.plan(profile(), root=root, engine=engine).pending


@pytest.mark.usefixtures("server")
def test_a_kill_before_the_server_heard(root: str, engine: Engine) -> None:
    """What was said and is not served yet is by the next run; so is the reverse."""
    zfstune.apply(profile("on"), root=root, engine=engine)
    before = served()
    ETAB.write_text("")
    assert zfstune.plan(profile("on"), root=root, engine=engine).pending
    zfstune.apply(profile("on"), root=root, engine=engine)
    assert served() == before
    zfstune.apply(profile(), root=root, engine=engine)
    ETAB.write_text("".join(f"{line}\n" for line in before))
    zfstune.apply(profile(), root=root, engine=engine)
    assert served() == set()


@pytest.mark.usefixtures("server")
def test_a_server_that_fails(root: str, engine: Engine) -> None:
    """Its own words are the reason, and the next run tries again."""
    EXPORTFS.write_text("#!/bin/sh\necho 'exportfs: no such luck' >&2\nexit 1\n")
    with pytest.raises(zfstune.EngineError, match="no such luck"):
        zfstune.apply(profile("on"), root=root, engine=engine)
    EXPORTFS.write_text(SCRIPT)
    zfstune.apply(profile("on"), root=root, engine=engine)
    assert len(served()) == 2


def test_no_server(root: str, engine: Engine) -> None:
    """The property is set, nothing is exported, and the plan says why."""
    applied = zfstune.apply(profile("on"), root=root, engine=engine)
    assert "no NFS server" in applied.plan.warnings[-1].message
    assert not FILE.exists()
    assert not zfstune.plan(profile("on"), root=root, engine=engine).pending
