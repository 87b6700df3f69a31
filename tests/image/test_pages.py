"""What the pages show is what the commands do and print."""

from __future__ import annotations

import re
import shlex
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from fake_ssh import fake_host
from made_files import changed_files, received, sent, with_files
from mounted_image import MountedImage
from page_blocks import PAGES, matches, read_page, steps
from source_tree import ROOT
from zfstune.cli import schedule
from zfstune.cli.main import main
from zfstune.clones import finish
from zfstune.datasets import apply
from zfstune.engine.image import create_image
from zfstune.engine.open import open_engine
from zfstune.health import verify
from zfstune.values.fold import folded
from zfstune.values.marks import POLICY_PROPERTY, SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMES = re.compile(r"\d{8}T\d{6}Z")
DIGESTS = re.compile(r"(zfstune-content-\d:)[0-9a-f]{64}")
TARGETS = re.compile(r"(?<=-)[0-9a-f]{16}(?=[- \n]|$)")
AGES = re.compile(r"(\S+@\S+) +\d+[smhd]\b")
DATES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\dZ")
ACCOUNTS = {"postgres": 114, "root": 0, "www-data": 33}
PENDING = 4
# What a command that reports something as it should be ends with, if not with 0.
STATUS = {
    "zfstune destroy tank/shop": 1,
    "zfstune verify": PENDING,
    "zfstune compare tank/shop@monday tank/backup/worn@monday": PENDING,
}
# Columns of `zfstune list` whose numbers differ from pool to pool.
USED, AVAILABLE = 4, 5
COLUMNS = 80  # of a terminal
# Only a kernel mounts a dataset that files are read from: tests/lab/test_tutorial.py.
NEED_A_KERNEL = ("zfstune restore ",)
FAR = "far.zpool"  # the pool of the host that ssh reaches


class Machine:
    """A machine with a pool that the commands of a page are run on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine: MountedImage | None = None
        self.count = 0

    def start_anew(self) -> MountedImage:
        """Have a new pool; the one before is gone."""
        self.close()
        self.count += 1
        file = self.folder / f"{self.count}.zpool"
        self.engine = MountedImage.make(file, size_bytes=4 << 30)
        return self.engine

    def close(self) -> None:
        """Let go of the pool."""
        if self.engine is not None:
            self.engine.close()
            self.engine = None

    def open(self, image: str | None = None, **more: Any) -> object:
        """Open the pool in place of the kernel's, or the image that is named."""
        if image is not None:
            return open_engine(image, **more)
        return self.engine or self.start_anew()


def fifty_later(machine: Machine) -> None:
    """Take 49 more snapshots of what one was taken of."""
    assert machine.engine is not None
    names = ["", "/data", "/wal", "/backups"]
    for number in range(49):
        machine.engine.take_snapshots(
            [f"tank/data/postgres{n}@zfstune-20300101T{number:06}Z" for n in names],
            properties={SNAPSHOT_PROPERTY: "auto"},
        )


def applied(*profiles: str) -> Callable[[Machine], None]:
    """Give what starts with a new pool on which profiles were applied."""

    def prepare(machine: Machine) -> None:
        zfstune.apply(*profiles, engine=machine.start_anew())

    return prepare


def one_taken(machine: Machine) -> None:
    """Have one snapshot of each dataset, and not yet the policy that follows."""
    applied("postgres")(machine)
    assert machine.engine is not None
    zfstune.snapshot("tank/data/postgres", recursive=True, engine=machine.engine)


def drifted(machine: Machine) -> None:
    """Set by hand what the page says was set by hand."""
    applied("postgres")(machine)
    assert machine.engine is not None
    machine.engine.set("tank/data/postgres/data", {"recordsize": "16K"})


def only_a_shop(machine: Machine) -> None:
    """Have a new pool with a dataset that no profile made."""
    machine.start_anew().create("tank/data/shop", parents=True)


def a_shop(machine: Machine) -> None:
    """Have a dataset that no profile made, with a policy of its own."""
    assert machine.engine is not None
    policy = {POLICY_PROPERTY: "hourly=48 daily=30"}
    machine.engine.create("tank/data/shop", properties=policy)


def a_shop_with_a_copy(machine: Machine) -> None:
    """Have a new pool with a dataset in use, and a copy of it as of Tuesday."""
    engine = machine.start_anew()
    engine.create("tank/data/shop", parents=True)
    engine.mount("tank/data/shop")
    engine.take_snapshots(["tank/data/shop@monday"])
    engine.take_snapshots(["tank/data/shop@tuesday"])
    zfstune.replicate("tank/data/shop", "tank/copy", engine=engine)


def compressed_anew(machine: Machine) -> None:
    """Set on the shop what the page says was set with the zfs command."""
    assert machine.engine is not None
    machine.engine.set("tank/data/shop", {"compression": "zstd"})


def a_shop_with_images(machine: Machine) -> None:
    """Have a new pool with a dataset and one below it."""
    machine.start_anew().create("tank/data/shop/images", parents=True)


def a_shop_to_destroy(machine: Machine) -> None:
    """Have a new pool with a dataset, one below it, and a snapshot of each."""
    engine = machine.start_anew()
    for name in ("tank/shop", "tank/shop/images"):
        engine.create(name, properties={"mountpoint": "none"})
    engine.take_snapshots(["tank/shop@monday", "tank/shop/images@monday"])


def a_dataset_of_somebody(machine: Machine) -> None:
    """Have a new pool with a dataset that no profile made."""
    machine.start_anew().create("tank/pgdata")


def snapshots_to_hold(machine: Machine) -> None:
    """Have a new pool with a dataset, one below it, and a snapshot of each."""
    engine = machine.start_anew()
    engine.create("tank/data/shop", parents=True)
    engine.take_snapshots(["tank/data@monday", "tank/data/shop@monday"])


def three_shops(machine: Machine) -> None:
    """Have files, a copy of them with other records, and one with a flipped bit."""
    engine = machine.start_anew()
    engine.create("tank/empty")
    engine.take_snapshots(["tank/empty@0"])
    engine.create("tank/backup", properties={"compression": "gzip"})
    empty = sent(engine, machine.folder, "tank/empty@0", compressed=False)
    orders = bytearray(b"order\n" * 50_000)
    for name, block in (("shop", 8192), ("backup/shop", 131_072), ("backup/worn", 8192)):
        if name == "backup/worn":
            orders[123_456] ^= 1
        files = {"orders.db": [(0, bytes(orders))], "prices.csv": [(0, b"1,2\n")]}
        stream = with_files(empty, files, block=block)
        received(engine, machine.folder, f"tank/{name}@monday", stream)
    stream = sent(engine, machine.folder, "tank/backup/shop@monday", compressed=False)
    (machine.folder / "shop.stream").write_bytes(stream)


def a_tuesday(machine: Machine) -> None:
    """Have files of which some changed between two snapshots."""
    days = ("tank/shop@monday", "tank/shop@tuesday")
    changed_files(machine.start_anew(), machine.folder, *days)


def a_node(machine: Machine) -> None:
    """Have a system to seal, a place for its clones, and a disk in a file."""
    engine = machine.start_anew()
    for name in ("tank/golden", "tank/golden/node", "tank/nodes"):
        engine.create(name)
    (machine.folder / "disk.raw").write_bytes(
        bytes(1 << 22) + b"data" + bytes((1 << 22) - 4)
    )


def another_host(machine: Machine) -> None:
    """Have a pool on the host that ssh reaches."""
    create_image(machine.folder / FAR, size_bytes=128 << 20, pool="back").close()


def two_more_images(machine: Machine) -> None:
    """Have two pools in files beside the one that the page works on."""
    for name in ("usb", "other"):
        create_image(machine.folder / f"{name}.zpool", size_bytes=128 << 20).close()


def settings_of(name: str, language: str) -> Callable[[Machine], None]:
    """Give what writes the settings of another tool that the page shows into a file."""

    def prepare(machine: Machine) -> None:
        page = (ROOT / "docs/howto/migrate.md").read_text(encoding="utf-8")
        [text] = re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        only_a_shop(machine)
        (machine.folder / name).write_text(text)

    return prepare


def a_trace(machine: Machine) -> None:
    """Have the recording of a database: pages at random, and a log that is synced."""
    chosen = Random(1)  # noqa: S311 (no secret)
    lines = []
    for number in range(6000):
        stamp, took = 1796048556 + number / 400, chosen.randrange(100)
        pages, name = "5</srv/db/pages>", "pread64" if number % 6 < 4 else "pwrite64"
        call = f'{name}({pages}, ""..., 8192, {8192 * chosen.randrange(8192)}) = 8192'
        lines.append(f"7 {stamp:.6f} {call} <0.0000{took:02}>")
        if number % 6 == 5:
            log = "6</srv/db/wal>"
            place = 8192 * (number // 6)
            lines.append(
                f'7 {stamp:.6f} pwrite64({log}, ""..., 8192, {place}) = 8192 <0.000031>'
            )
            lines.append(f"7 {stamp:.6f} fdatasync({log}) = 0 <0.0041{took:02}>")
    (machine.folder / "db.strace").write_text("\n".join(lines) + "\n")


# What a page tells in words between its commands.
MEANWHILE: dict[str, Callable[[Machine], None]] = {
    "zfstune prune --keep 48": fifty_later,
    "zfstune policy set tank/data hourly=48 daily=30 within=7d tz=Europe/Berlin": one_taken,
    "zfstune checkpoint before-upgrade": applied("postgres"),
    "zfstune schedule install --role web": applied("web", "git"),
    "zfstune schedule install tank/data/shop --every 4h --on-failure alert@%n.service": (
        a_shop
    ),
    "zfstune snapshot tank/data/shop --name monday": only_a_shop,
    "zfstune plan postgres --at tank/pgdata": a_dataset_of_somebody,
    "zfstune destroy tank/shop": a_shop_to_destroy,
    "zfstune hold -r audit tank/data@monday": snapshots_to_hold,
    "zfstune diff tank/shop@monday @tuesday": a_tuesday,
    "zfstune snapshot -r tank/data/shop --name monday": a_shop_with_images,
    "zfstune replicate tank/data/shop backup:back/shop": another_host,
    "zfstune replicate tank/data/shop tank/all/shop --properties": compressed_anew,
    "zfstune failover tank/copy": a_shop_with_a_copy,
    "zfstune verify": drifted,
    "zfstune compare tank/shop@monday tank/backup/shop@monday": three_shops,
    "zfstune list tank/data": applied("postgres"),
    "zfstune golden create tank/golden/node": a_node,
    "zfstune policy import sanoid sanoid.conf": settings_of("sanoid.conf", "ini"),
    "zfstune policy import zrepl zrepl.yml": settings_of("zrepl.yml", "yaml"),
    "zfstune measure --trace db.strace --only-look": a_trace,
    "zfstune replicate -r tank/data tank/copy --to-image usb.zpool": two_more_images,
}


def masked(line: str) -> str:
    """Give a line without what no two runs have in common."""
    words = line.split()
    if len(words) > AVAILABLE and re.fullmatch(r"[\d.]+[KMG]", words[AVAILABLE]):
        words[USED] = words[AVAILABLE] = "SIZE"
        return " ".join(words)
    if words[:1] == ["NAME"]:
        return " ".join(words)
    if AGES.match(line):
        line = DATES.sub("DATE", AGES.sub(r"\1 AGE", " ".join(words)))
    line = TARGETS.sub("NUMBER", TIMES.sub("TIME", line.rstrip()))
    return DIGESTS.sub(r"\1DIGEST", line)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Give a machine with users, and a pool that stands for the kernel's."""
    made = Machine(tmp_path)
    known = lambda names: {n: ACCOUNTS[n] for n in names if n in ACCOUNTS}  # noqa: E731
    for module in (apply, verify):
        monkeypatch.setattr(module, "user_numbers", known)
        monkeypatch.setattr(module, "group_numbers", known)
    monkeypatch.setattr("zfstune.engine.open.open_engine", made.open)
    monkeypatch.setattr(schedule, "_FOLDER", str(tmp_path))
    # A pool in a file has neither directories nor device nodes.
    for effect in ("make_private", "reset_identity", "wait_for_node"):
        monkeypatch.setattr(finish, effect, lambda *_: ())
    ssh = fake_host(tmp_path / "host", ZFSTUNE_IMAGE=str(tmp_path / FAR))
    monkeypatch.setenv("ZFSTUNE_SSH", str(ssh))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZFSTUNE_IMAGE", raising=False)
    yield made
    made.close()


@pytest.mark.parametrize("page", PAGES)
def test_each_console(
    page: str,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The zfstune commands of a page run, in order, and print what is shown.

    A page shows the lines whole, or as a terminal folds them.
    """
    ran = 0
    for command, shown in steps(read_page(page), "console"):
        name, _, value = command.removeprefix("export ").partition("=")
        if command.startswith("export "):
            monkeypatch.setenv(name, value)
        if not command.startswith("zfstune ") or command.startswith(NEED_A_KERNEL):
            continue
        if command in MEANWHILE:
            MEANWHILE[command](machine)
        capsys.readouterr()
        status = main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        assert status == STATUS.get(command, 0), f"{command}: {err or out}"
        if shown:
            wanted = [masked(line) for line in shown]
            whole = out.splitlines()
            on_terminal = [part for line in whole for part in folded(line, COLUMNS)]
            printed = ([masked(line) for line in lines] for lines in (whole, on_terminal))
            assert any(matches(wanted, lines) for lines in printed), f"{command}:\n{out}"
        ran += 1
    assert ran or "```console\n# zfstune" not in read_page(page)


def test_what_pages_tell_between_commands_stands_on_one() -> None:
    """Nothing is prepared for a command that no page shows any more."""
    texts = [read_page(page) for page in PAGES]
    shown = {command for text in texts for command, _ in steps(text, "console")}
    assert {*MEANWHILE, *STATUS} - shown == set()


def test_output_that_differs_is_seen() -> None:
    """A word that is not printed, a line too many or too few: none of it passes."""
    assert matches(["a", "...", "d"], ["a", "b", "c", "d"])
    for shown in (["a", "b"], ["a", "c", "b"], ["...", "c"], ["a"], []):
        assert not matches(shown, ["a", "b", "c"][: 3 if shown != ["...", "c"] else 2])
    assert masked("tank/x@zfstune-20261123T042156Z") == "tank/x@zfstune-TIME"
    one = masked("tank/data  -  128K  off  120K  1.75G  /data")
    assert one == masked("tank/data  -  128K  off  96K  2G  /data")
    assert one != masked("tank/data  -  128K  lz4  96K  2G  /data")
    kept = masked("tank/a@monday   0s  0  2026-12-14 00:00Z  the newest")
    assert kept == masked("tank/a@monday  12s  0  2027-01-14 00:00Z  the newest")
    assert kept != masked("tank/a@monday  12s  0  2027-01-14 00:00Z  first of its hour")
