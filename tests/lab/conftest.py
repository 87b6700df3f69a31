"""Pools for the tests that run in a guest with real ZFS.

They make and destroy pools, so they run nowhere else: the marker that only the
lab sets must be there, pools have random names, and their vdevs are files that
this run made itself.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.open import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

MARKER = Path("/run/zfstune-lab")
FILES = Path("/dev/shm/zfstune-lab")  # noqa: S108 (the guest is ours alone)


@pytest.fixture(scope="session", autouse=True)
def _in_the_lab() -> None:
    """Refuse to run anywhere but in the lab."""
    if not MARKER.exists() or os.environ.get("ZFSTUNE_LAB") != "1":
        pytest.exit("tests/lab destroys pools: run it with tests/lab/run", returncode=2)


def run(*argv: str, check: bool = True) -> str:
    """Run a command; give what it printed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if check and done.returncode:
        pytest.fail(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")
def command() -> Callable[..., str]:
    """Give the function that runs a command: the zfs command is an oracle here."""
    return run


@pytest.fixture(scope="module")
def make_pool() -> Iterator[Callable[..., str]]:
    """Give a function that makes a pool of files and gives its name.

    The pools go with the module: their files lie in memory, and so would fill it.

    Args of the function: words of the vdev specification with `FILE` for each new
    file; `options` for `zpool create`; `size_bytes` of each file.
    """
    made: dict[str, list[Path]] = {}

    def make(
        *vdevs: str, options: tuple[str, ...] = (), size_bytes: int = 512 << 20
    ) -> str:
        name = f"zt{secrets.token_hex(4)}"
        FILES.mkdir(exist_ok=True)
        files: list[Path] = []
        words = []
        for word in vdevs or ("FILE",):
            if word == "FILE":
                path = FILES / f"{name}.{len(files)}"
                with path.open("wb") as file:
                    file.truncate(size_bytes)
                files.append(path)
                words.append(str(path))
            else:
                words.append(word)
        made[name] = files
        run("zpool", "create", "-f", *options, name, *words)
        return name

    yield make
    for name, files in made.items():
        if run("zpool", "list", "-H", "-o", "name", name, check=False):
            run("zpool", "destroy", "-f", name)
        for path in files:
            path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def pool(make_pool: Callable[..., str]) -> str:
    """Give a pool of one file, one for each module of tests."""
    return make_pool()


@pytest.fixture
def dataset(pool: str, engine: Engine) -> str:
    """Give a new, mounted filesystem; it goes with its pool."""
    name = f"{pool}/{secrets.token_hex(4)}"
    engine.create(name)
    engine.mount(name)
    return name


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Give the engine of the running kernel."""
    with open_engine() as opened:
        yield opened
