"""Properties at arrival: the zfs command does the same, and nothing is mounted or shown."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

INERT = {"readonly": "on", "canmount": "noauto", "exec": "off", "org.x:own": "1"}
THEIRS = {
    "atime": "off",
    "compression": "zle",
    "quota": "300M",
    "recordsize": "8K",
    "refquota": "200M",
    "setuid": "off",
    "org.x:theirs": "1",
}
EXCLUDED = ("atime", "compression", "recordsize", "setuid", "org.x:theirs", "quota")


def properties(command: Callable[..., str], name: str) -> dict[str, tuple[str, str]]:
    """Give value and source of each property that has one, as the zfs command does."""
    text = command("zfs", "get", "-Hpo", "property,value,source", "all", name)
    rows = (line.split("\t") for line in text.splitlines())
    return {
        prop: (value, source)
        for prop, value, source in rows
        if source != "-" and prop != "mountpoint"  # whose value has the name in it
    }


def send(file: Path, *words: str) -> Path:
    """Send with the zfs command."""
    with file.open("wb") as stream:
        subprocess.run(("zfs", "send", *words), stdout=stream, check=True)
    return file


def received(engine: Engine, file: Path, snapshot: str, **how: object) -> None:
    """Receive a stream from a file."""
    with file.open("rb") as stream:
        engine.receive(snapshot, stream.fileno(), **how)  # type: ignore[arg-type]


@pytest.fixture
def source(dataset: str, command: Callable[..., str]) -> str:
    """Give a filesystem with the stream's properties and two snapshots."""
    name = f"{dataset}/source"
    options = [word for pair in THEIRS.items() for word in ("-o", "=".join(pair))]
    command("zfs", "create", *options, name)
    Path(f"/{name}/file").write_bytes(b"x" * 100_000)
    command("zfs", "snapshot", f"{name}@1")
    Path(f"/{name}/file").write_bytes(b"y" * 100_000)
    command("zfs", "snapshot", f"{name}@2")
    return name


@pytest.mark.parametrize("excluded", [(), EXCLUDED])
def test_the_zfs_command_does_the_same(
    engine: Engine,
    source: str,
    tmp_path: Path,
    command: Callable[..., str],
    excluded: tuple[str, ...],
) -> None:
    """With -o, -x and the stream's own properties, all values and sources agree."""
    theirs, ours = f"{source}-theirs", f"{source}-ours"
    plain = send(tmp_path / "plain", f"{source}@1")
    package = send(tmp_path / "package", "-p", f"{source}@1")
    # The releases before 2.3.9 and 2.4.4 pass over every second -x, so here there is one.
    options = [word for pair in INERT.items() for word in ("-o", "=".join(pair))]
    left_out = [word for name in excluded[:1] for word in ("-x", name)]
    with package.open("rb") as stream:
        words = ("zfs", "receive", "-u", *options, *left_out, theirs)
        subprocess.run(words, stdin=stream, check=True)
    received(
        engine,
        plain,
        f"{ours}@1",
        properties=INERT,
        received=THEIRS,
        excluded=excluded[:1],
    )
    assert properties(command, ours) == properties(command, theirs)
    if excluded:  # all of them at once, which the command of those releases cannot
        received(
            engine,
            plain,
            f"{source}-none@1",
            properties=INERT,
            received=THEIRS,
            excluded=excluded,
        )
        found = properties(command, f"{source}-none")
        for name in excluded:
            assert found.get(name, ("", "-"))[1] not in {"received", "local"}, name
        assert found["refquota"] == (str(200 << 20), "received")


def test_an_inert_copy_is_neither_mounted_nor_shown(
    engine: Engine, source: str, tmp_path: Path, command: Callable[..., str]
) -> None:
    """A filesystem mounts nowhere by itself, a volume has no device; later ones neither."""
    copy = f"{source}-copy"
    received(engine, send(tmp_path / "1", f"{source}@1"), f"{copy}@1", properties=INERT)
    command("zfs", "mount", "-a")
    assert copy not in engine.mounts()
    found = properties(command, copy)
    assert {p: v for p, (v, s) in found.items() if s == "local"} == INERT
    # mounted by hand, nothing can be written, so the next incremental fits
    command("zfs", "mount", copy)
    with pytest.raises(OSError, match="Read-only"):
        Path(f"/{copy}/new").write_bytes(b"")
    assert Path(f"/{copy}/file").read_bytes()[:1] == b"x"
    received(
        engine,
        send(tmp_path / "2", "-i", "@1", f"{source}@2"),
        f"{copy}@2",
        properties=INERT,
    )
    assert Path(f"/{copy}/file").read_bytes()[:1] == b"y"
    volume = f"{source}-v"
    command("zfs", "create", "-V", "8M", volume)
    command("zfs", "snapshot", f"{volume}@1")
    file = send(tmp_path / "v", f"{volume}@1")
    received(engine, file, f"{volume}-shown@1")
    received(
        engine,
        file,
        f"{volume}-hidden@1",
        properties={"volmode": "none", "readonly": "on"},
    )
    command("udevadm", "settle")
    assert shown(f"{volume}-shown")
    assert not shown(f"{volume}-hidden")
    found = properties(command, f"{volume}-hidden")
    assert found["volmode"] == ("none", "local")
    assert found["readonly"] == ("on", "local")


def shown(volume: str) -> bool:
    """Tell whether a volume has a device, by its links or by the kernel's own name."""
    nodes = Path("/sys/block").glob("zd*")
    return Path(f"/dev/zvol/{volume}").exists() or volume in map(name_of, nodes)


def name_of(node: Path) -> str:
    """Give the volume behind a block device of ZFS."""
    ask = subprocess.run(
        ("/lib/udev/zvol_id", f"/dev/{node.name}"),
        capture_output=True,
        text=True,
        check=False,
    )
    return ask.stdout.strip()


def test_a_failed_receive_brings_the_old_values_back(
    engine: Engine, source: str, tmp_path: Path
) -> None:
    """What was received before and is set here by the call counts again afterwards."""
    copy = f"{source}-copy"
    received(engine, send(tmp_path / "1", f"{source}@1"), f"{copy}@1", received=THEIRS)
    file = send(tmp_path / "2", "-i", "@1", f"{source}@2")
    file.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(EngineError):
        received(engine, file, f"{copy}@2", properties={"atime": "on", "sync": "always"})
    dataset = engine.dataset(copy)
    assert dataset.properties["sync"].source != "local"
    assert dataset.properties["atime"].source == "received"
