"""What the benchmarks share: laps, pools, peers, and the one table at the end.

A module of benchmarks names its peers and how often each runs; here they are turned
into laps, in which every peer runs once after the other, since emulated time is
uneven: what is compared lies side by side. See README.md for the method.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ratio_table import Judged, Times, merged, read_rows, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
MARKER = Path("/run/zfstune-lab")
FILES = Path("/dev/shm/zfstune-bench")  # noqa: S108 (the guest is ours alone)

# 1 is the sizes and enough laps; 0.1 shows in two minutes that all runs.
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
# At most so many laps: of what takes an hour in emulation, one is better than none.
MOST_LAPS = int(os.environ.get("BENCH_LAPS", "1000"))

TIMES = pytest.StashKey[Times]()
JUDGED = pytest.StashKey[Judged]()
# Lines below the table on the terminal.
NOTES = pytest.StashKey[list[str]]()


def scale_down(count: int, least: int = 1) -> int:
    """Give a size or a number of laps, smaller where that was asked for."""
    return max(least, round(count * SCALE))


def run(*argv: str) -> str:
    """Run a command that must succeed; give what it printed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(argv)[:200]}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def _named(config: pytest.Config) -> bool:
    """Tell whether the caller names a pool or a device of theirs, which the lab is not."""
    options = (config.getoption(name, default=None) for name in ("--pool", "--device"))
    return any(options)


def pytest_configure(config: pytest.Config) -> None:
    """Keep our table alone: pytest-benchmark's has a line for each lap."""
    config.stash[TIMES] = {}
    config.stash[NOTES] = []
    config.stash[JUDGED] = {}
    config.option.benchmark_quiet = not _named(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to run anywhere but in the lab, or on what the caller names."""
    if _named(config) and all(item.path.parent.name == "recordsize" for item in items):
        return
    if not MARKER.exists() or os.environ.get("ZFSTUNE_LAB") != "1":
        pytest.exit("benchmarks destroy pools: run them with make bench", returncode=2)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run all scenarios of a module, and in each lap all peers that have so many.

    Read from the module: LAPS, scenario to peer to number of laps.
    """
    if "peer" not in metafunc.fixturenames:
        return
    runs = []
    for scenario, peers in metafunc.module.LAPS.items():
        # below three laps a median says little
        laps = {peer: scale_down(most, min(most, 3)) for peer, most in peers.items()}
        laps = {peer: min(most, MOST_LAPS) for peer, most in laps.items()}
        runs += [
            (scenario, lap, peer)
            for lap in range(max(laps.values()))
            for peer, most in laps.items()
            if lap < most
        ]
    metafunc.parametrize(("scenario", "lap", "peer"), runs)


@pytest.fixture
def measure(
    request: pytest.FixtureRequest, benchmark: Any, scenario: str, lap: int, peer: str
) -> Callable[[Callable[[], object]], None]:
    """Give the function that times one call and notes it for the table."""
    module = request.module
    judged = request.config.stash[JUDGED]
    judged[scenario] = (
        module.YARDSTICK,
        [t[:3] for t in module.TARGETS if t[3:] in ((), (scenario,))],
    )

    def timed(call: Callable[[], object]) -> None:
        benchmark.pedantic(call, rounds=1, iterations=1)
        seconds = benchmark.stats.stats.data[0]
        request.config.stash[TIMES].setdefault((scenario, peer), {})[lap] = seconds
        # A run that its time limit ends has no table: what it measured is in its output.
        writer = request.config.get_terminal_writer()
        writer.line(f" {scenario}: {peer}: {seconds:.2f} s", flush=True)

    return timed


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Give the function that adds a line below the table."""
    return request.config.stash[NOTES].append


@pytest.fixture(scope="session")
def scaled() -> Callable[..., int]:
    """Give the function that scales a size down."""
    return scale_down


@pytest.fixture(scope="session")
def command() -> Callable[..., str]:
    """Give the function that runs a command outside the clock."""
    return run


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the C programs of peers/ against this release's headers; give paths."""
    out = tmp_path_factory.mktemp("peers")
    paths = {script.stem: str(script) for script in (HERE / "peers").glob("*.sh")}
    for source in (HERE / "peers").glob("*.c"):
        run(
            *("gcc", "-O2", "-D_GNU_SOURCE", "-D_LARGEFILE64_SOURCE"),
            *("-isystem", "/usr/include/libzfs", "-isystem", "/usr/include/libspl"),
            *("-o", str(out / source.stem), str(source), "-lzfs_core", "-lnvpair"),
        )
        paths[source.stem] = str(out / source.stem)
    return paths


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Have the package's bytecode, as pip leaves it: the wheel is another Python's."""
    import zfstune  # noqa: PLC0415 (not outside the lab)

    run(sys.executable, "-m", "compileall", "-q", str(Path(zfstune.__file__).parent))


class Pool:
    """A pool on one sparse file in memory, which can be put back as it was.

    Args:
        disk: A disk for a pool that would fill the memory; it is never put back.
    """

    def __init__(self, disk: str = "") -> None:
        self.name = f"zt{secrets.token_hex(4)}"
        FILES.mkdir(exist_ok=True)
        self.folder = FILES / self.name
        self.folder.mkdir()
        self._file = self.folder / "vdev"
        self._copy = FILES / f"{self.name}.copy"
        if not disk:
            with self._file.open("wb") as file:
                file.truncate(1 << 30)
        run("zpool", "create", "-f", self.name, disk or str(self._file))

    def keep(self) -> None:
        """Note the state that :meth:`put_back` brings back."""
        self._swap(self._file, self._copy)

    def put_back(self) -> None:
        """Bring that state back, byte for byte."""
        self._swap(self._copy, self._file)

    def _swap(self, source: Path, target: Path) -> None:
        run("zpool", "export", self.name)
        run("cp", "--sparse=always", str(source), str(target))
        run("zpool", "import", "-d", str(self.folder), self.name)

    def destroy(self) -> None:
        """Destroy the pool and its files."""
        run("zpool", "destroy", "-f", self.name)
        self._file.unlink(missing_ok=True)
        self.folder.rmdir()
        self._copy.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., Pool]:
    """Give the function that makes a pool, in memory or on a disk; callers destroy it."""
    return Pool


@pytest.fixture(scope="module")
def pool() -> Iterator[str]:
    """Give an empty pool for a module."""
    made = Pool()
    yield made.name
    made.destroy()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table; in the lab, add it to that of earlier runs."""
    times = config.stash[TIMES]
    if not times:
        return
    day = time.strftime("%Y-%m-%d", time.gmtime())
    scale = "" if SCALE == 1 else f", scale {SCALE:g}"
    rows = rows_of(times, config.stash[JUDGED], on=f"{day}{scale}")
    terminalreporter.section("ratios")
    for line in (*text_of(rows).splitlines(), *config.stash[NOTES]):
        terminalreporter.write_line(line)
    folder = os.environ.get("ZFSTUNE_LAB_OUTPUT")
    if not folder:
        return
    release = os.environ.get("ZFSTUNE_LAB_RELEASE", "unknown")
    gathered = Path(folder) / f"{release}.md"
    for earlier in (gathered, HERE / "results" / gathered.name):
        if earlier.exists():
            rows = merged(read_rows(earlier.read_text("utf-8")), rows)
            break
    text = "\n".join([*_preamble(release), "", text_of(rows), ""])
    gathered.write_text(text, "utf-8")
    laps = [
        {"scenario": scenario, "peer": peer, "seconds": list(seconds.values())}
        for (scenario, peer), seconds in times.items()
    ]
    document = {"release": release, "scale": SCALE, "times": laps}
    name = f"{release}-{day}-{secrets.token_hex(2)}.json"
    Path(folder, name).write_text(json.dumps(document, indent=1), "utf-8")


def _preamble(release: str) -> list[str]:
    versions = run("zfs", "version").split()
    return [
        f"# Benchmarks on {release}",
        "",
        f"`make bench RELEASE={release}`, {time.strftime('%Y-%m-%d', time.gmtime())},",
        f"OpenZFS {versions[0].removeprefix('zfs-')}, Linux {os.uname().release},",
        f"Python {sys.version.split()[0]}.",
        "In an emulated guest: ratios count, seconds do not. A ratio is the median of the",
        "laps, the spread the least and the greatest of them. See ../README.md.",
    ]
