"""Where record sizes are measured: on a user's pool or devices, or in the lab."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from devices import DeviceError
from places import LAYOUTS, Place, made_pool, matrix
from results_table import changes, figures_in, known_rows, merged, text_of

from zfstune.measurement.load_workload import shipped_workloads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from results_table import Figures, Row

ROWS = pytest.StashKey["list[Row]"]()
START = pytest.StashKey[float]()
# By workload, candidate and figure: of the run before, and of this one.
LAST = pytest.StashKey["Figures"]()
FOUND = pytest.StashKey["Figures"]()
_DEFAULTS: dict[str, Any] = {
    "--pool": "",
    "--device": [],
    "--layout": "single",
    "--ashift": 0,
    "--matrix": False,
    "--size": "64M",
    "--workloads": "",
    "--minutes": 0.0,
}
RESULTS = Path(__file__).parent.parent / "results"


def option(config: pytest.Config, name: str) -> Any:
    """Return an option; where all benchmarks run, pytest reads this file too late."""
    return config.getoption(name, default=_DEFAULTS[name])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the place, what is measured there, and how long all may take."""

    def add(name: str, help_text: str, **more: Any) -> None:
        parser.addoption(name, default=_DEFAULTS[name], help=help_text, **more)

    add("--pool", "measure on this pool; scratch datasets are removed")
    add(
        "--device",
        "make a pool on this device, named in full, which must hold nothing; all of it is "
        "written over. For a mirror and the like, once for each device",
        action="append",
    )
    add("--layout", "of the devices", choices=LAYOUTS)
    add("--ashift", "of the pool on the devices", type=int)
    add(
        "--matrix",
        "in the lab: each layout with each ashift that the results lack",
        action="store_true",
    )
    add("--size", "files of each run (default: 64M)")
    add("--workloads", "as postgres,logs (default: all)")
    add("--minutes", "begin no measurement after so many", type=float)


def pytest_configure(config: pytest.Config) -> None:
    """Keep what was measured on a pool or on devices, and compare it with the last run."""
    config.stash[ROWS] = []
    config.stash[LAST] = {}
    config.stash[FOUND] = {}
    config.stash[START] = time.monotonic()
    named = option(config, "--pool") or "-".join(
        device.rpartition("/")[2] for device in option(config, "--device")
    )
    if named:
        folder = Path.cwd() / ".benchmarks" / f"recordsize-{named}"
        config.option.benchmark_storage = folder.as_uri()
        config.option.benchmark_disable = False
        config.option.benchmark_autosave = "recordsize"
        saved = sorted(folder.rglob("*.json"), key=lambda path: path.stat().st_mtime)
        if saved:
            config.option.benchmark_compare = True
            config.stash[LAST] = figures_in(json.loads(saved[-1].read_text("utf-8")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Measure each workload on each place; a pool is made once for all workloads."""
    if "place" not in metafunc.fixturenames:
        return
    wanted = [word for word in option(metafunc.config, "--workloads").split(",") if word]
    known = [workload.facts.name for workload in shipped_workloads()]
    metafunc.parametrize("place", _places(metafunc.config), ids=str, scope="module")
    metafunc.parametrize("name", wanted or known)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of a matrix what the results have already: they are made in turns."""
    if not option(config, "--matrix"):
        return
    release = os.environ.get("ZFSTUNE_LAB_RELEASE", "unknown")
    known = known_rows(RESULTS / _file_name(release))
    there = [item for item in items if _row_name(item) in known]
    items[:] = [item for item in items if item not in there]
    config.hook.pytest_deselected(items=there)


def _row_name(item: pytest.Item) -> tuple[str, int, str] | None:
    """Return layout, ashift and workload of a measurement; None: it is something else."""
    params: dict[str, Any] = (
        item.callspec.params if isinstance(item, pytest.Function) else {}
    )
    if "place" not in params:
        return None
    return params["place"].layout, params["place"].ashift, params["name"]


def _file_name(release: str) -> str:
    return f"recordsize-{release}.json"


def _places(config: pytest.Config) -> list[Place]:
    devices = tuple(option(config, "--device"))
    if option(config, "--pool"):
        return [Place(option(config, "--pool"), "", 0, ())]
    if devices:
        layout, ashift = option(config, "--layout"), option(config, "--ashift")
        return [Place("", layout, ashift, devices)]
    if option(config, "--matrix"):
        return list(matrix(os.environ.get("ZFSTUNE_LAB_DISKS", "").split()))
    return [Place("", "", 0, ())]


@pytest.fixture(scope="session")
def compiled() -> None:
    """Leave the package's bytecode alone: nothing here is about its speed."""


@pytest.fixture(scope="module")
def pool(
    pytestconfig: pytest.Config, place: Place, make_pool: Callable[[], Any]
) -> Iterator[str]:
    """Give the pool that was named, else one on the devices, else a new one in the lab."""
    _check_time(pytestconfig)
    if place.pool:
        yield place.pool
    elif place.devices:
        try:
            yield from made_pool(place)
        except DeviceError as error:
            pytest.fail(str(error), pytrace=False)
    else:
        made = make_pool()
        yield made.name
        made.destroy()


@pytest.fixture
def size(request: pytest.FixtureRequest) -> str:
    """Give the length of the files of each run."""
    text: str = option(request.config, "--size")
    return text


@pytest.fixture
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """Give the rows of the table that is written at the end."""
    return request.config.stash[ROWS]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Give the figures that are compared with those of the run before."""
    return request.config.stash[FOUND]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Save nothing where nothing was measured, which is no fault of its own."""
    if not session.config.stash[ROWS]:
        # The plugin has no name for it that is public, and takes a warning for a fault.
        vars(session.config)["_benchmarksession"].autosave = None
    yield


@pytest.fixture(autouse=True)
def _in_time(request: pytest.FixtureRequest) -> None:
    """Leave out what would begin too late: the table has the rows that there are."""
    _check_time(request.config)


def _check_time(config: pytest.Config) -> None:
    minutes = option(config, "--minutes")
    passed = (time.monotonic() - config.stash[START]) / 60
    if minutes and passed > minutes:
        pytest.skip(f"--minutes {minutes:g} are over")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table; of a matrix, leave it where the lab's runner collects it."""
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("record sizes")
    for line in text_of(rows).splitlines():
        terminalreporter.write_line(line)
    if config.stash[LAST]:
        lines = changes(config.stash[LAST], config.stash[FOUND])
        terminalreporter.section("beside the last run")
        terminalreporter.write_line("\n".join(lines))
    folder = os.environ.get("ZFSTUNE_LAB_OUTPUT")
    if not folder or not option(config, "--matrix"):
        return
    release = os.environ.get("ZFSTUNE_LAB_RELEASE", "unknown")
    gathered = Path(folder) / _file_name(release)
    earlier = RESULTS / gathered.name
    if earlier.exists() and not gathered.exists():
        gathered.write_bytes(earlier.read_bytes())
    table = text_of(merged(gathered, rows))
    text = "\n".join([*_preamble(release), "", table, ""])
    gathered.with_suffix(".md").write_text(text, "utf-8")


def _preamble(release: str) -> list[str]:
    version = Path("/sys/module/zfs/version").read_text("utf-8").strip()
    return [
        f"# Record sizes on {release}",
        "",
        f"`make recordsizes RELEASE={release}`, OpenZFS {version}. One run of each",
        "candidate on small files, counted in bytes. Each row is the choice of the",
        "workload's profile for that pool: bytes written by the devices for a byte of the",
        "application (the model counts data and parity alone, the log of synced writes and",
        "metadata come on top of that), bytes read for a byte read cold, space of a byte,",
        "bytes that a snapshot keeps for a byte written over. *Holds*: ZFS stores what the",
        "model says, and no other candidate beats the choice without losing anywhere. If",
        "one does, the reason in the profile names it.",
    ]
