"""From a clean checkout to an installed command: sdist, wheel, an empty venv.

Nothing of this checkout is on the path of what is tested: only files that git knows
are copied, the wheel is built from the sdist, and the venv sees no other package.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

import zfstune
from source_tree import ROOT
from zfstune.cli.schema import load_schema

if TYPE_CHECKING:
    from pathlib import Path

# No program of this host, so none of ZFS: what is called has to be named in full.
BARE = {"PATH": "/nonexistent", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}

# PEP 517, called as pip calls it, without fetching a build environment anew.
MAKE_SDIST = (
    "import sys; from setuptools.build_meta import build_sdist as f; f(sys.argv[1])"
)
MAKE_WHEEL = (
    "import sys; from setuptools.build_meta import build_wheel as f; f(sys.argv[1])"
)


def run(*argv: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; give its output."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what git would clone once the work tree is committed."""
    listed = run("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=ROOT)
    copy = tmp_path_factory.mktemp("checkout")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the sdist from the clean copy."""
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-c", MAKE_SDIST, folder, cwd=checkout)
    (archive,) = folder.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the sdist alone."""
    source = tmp_path_factory.mktemp("source")
    run("tar", "-xf", sdist, cwd=source)  # tarfile's filters came with Python 3.11.4
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-c", MAKE_WHEEL, folder, cwd=next(source.iterdir()))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def venv(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel and what it asks for into an empty venv; give its bin/."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    run(folder / "bin/python", "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return folder / "bin"


def test_sdist_holds_the_sources(sdist: Path) -> None:
    """The sdist has native/, profiles/ and the licence, and nothing that was built."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {p.relative_to(ROOT).as_posix() for p in ROOT.glob("native/*.[ch]")}
    assert sources | {"native/build_zfs.py", "profiles/postgres.toml", "LICENSE"} <= names
    assert [name for name in names if name.endswith((".so", ".o", "_zfs.c"))] == []


def test_wheel_is_abi3(wheel: Path) -> None:
    """One wheel serves every Python from 3.11 on, and says so."""
    pattern = rf"zfstune-{re.escape(zfstune.__version__)}-cp311-abi3-linux_\w+\.whl"
    assert re.fullmatch(pattern, wheel.name)


def test_wheel_holds_what_the_package_needs(wheel: Path) -> None:
    """Every module, the typing marker, the stub, the data files; no test, no C."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {p.relative_to(ROOT).as_posix() for p in ROOT.glob("zfstune/**/*.py*")}
    modules = {name for name in modules if "__pycache__" not in name}
    profiles = {f"zfstune/_profiles/{p.name}" for p in ROOT.glob("profiles/*.toml")}
    data = {p.relative_to(ROOT).as_posix() for p in ROOT.glob("zfstune/**/*.fio")}
    data |= {
        p.relative_to(ROOT).as_posix() for p in ROOT.glob("zfstune/cli/schemas/*.json")
    }
    extras = {"zfstune/py.typed", "zfstune/_zfs.abi3.so", "zfstune/_profiles/__init__.py"}
    assert names == modules | profiles | data | extras


def test_the_index_shows_a_readme_without_broken_links(wheel: Path) -> None:
    """Links leave the page or stay in it; a page of the project is named instead."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        text = archive.read(name).decode()
    assert "Description-Content-Type: text/markdown" in text
    assert "The tutorial (`docs/tutorial/postgres.md`) goes on" in text
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_extension_links_no_zfs(wheel: Path, tmp_path: Path) -> None:
    """The extension loads libzfs_core when it is told to, not when it is imported."""
    with zipfile.ZipFile(wheel) as archive:
        extension = archive.extract("zfstune/_zfs.abi3.so", tmp_path)
    listed = run("readelf", "--dynamic", "--wide", extension, cwd=tmp_path)
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", listed)
    assert needed
    assert {name.partition(".so")[0] for name in needed} <= {"libc", "libdl", "libpthread"}


def test_installed_package_imports_without_zfs(venv: Path, tmp_path: Path) -> None:
    """Importing the package and its extension maps no library of ZFS."""
    code = (
        "import zfstune, zfstune._zfs\n"
        "print(zfstune.__version__, open('/proc/self/maps').read())"
    )
    version, _, maps = run(
        venv / "python", "-I", "-c", code, cwd=tmp_path, env=BARE
    ).partition(" ")
    assert version == zfstune.__version__
    assert "_zfs.abi3.so" in maps
    assert not re.search(r"lib(zfs|nvpair|uutil|zpool)", maps)


def test_installed_profiles_load(venv: Path, tmp_path: Path) -> None:
    """Every profile of the checkout loads from the installed package."""
    code = (
        "from zfstune.profiles.load import load, profile_names\n"
        "print(*[load(n).name for n in profile_names()])"
    )
    loaded = run(venv / "python", "-I", "-c", code, cwd=tmp_path, env=BARE).split()
    assert sorted(loaded) == sorted(path.stem for path in ROOT.glob("profiles/*.toml"))


def test_installed_schemas_load(venv: Path, tmp_path: Path) -> None:
    """The schema of a document is there, whole."""
    printed = run(venv / "zfstune", "schema", "prune", cwd=tmp_path, env=BARE)
    assert json.loads(printed) == load_schema("prune")


def test_installed_command_shows_its_help(venv: Path, tmp_path: Path) -> None:
    """``zfstune --help`` and ``python -m zfstune --help`` say the same, and exit 0."""
    command = run(venv / "zfstune", "--help", cwd=tmp_path, env=BARE)
    module = run(venv / "python", "-I", "-m", "zfstune", "--help", cwd=tmp_path, env=BARE)
    assert command.startswith("usage: zfstune")
    assert module == command


def test_installed_command_loads_little_for_help(venv: Path, tmp_path: Path) -> None:
    """Showing the help loads neither the extension nor what only some verbs need."""
    code = (
        "import sys; from zfstune.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [venv / "python", "-I", "-c", code],
        cwd=tmp_path,
        env=BARE,
        capture_output=True,
        check=True,
    )
    heavy = {"zfstune._zfs", "_cffi_backend", "asyncio", "subprocess", "tomllib", "cffi"}
    assert heavy & set(done.stderr.decode().split()) == set()


def test_build_needs_no_zfs_header(checkout: Path) -> None:
    """No source includes a header that only a ZFS development package has."""
    included = {
        header
        for path in (checkout / "native").glob("*.[ch]")
        for header in re.findall(
            r"^#\s*include\s*<([^>]+)>", path.read_text("utf-8"), re.MULTILINE
        )
    }
    assert included
    zfs = re.compile(r"lib(zfs|nvpair|uutil|zpool)|sys/(nvpair|fs/zfs|zfs_|dmu|spa)")
    assert [header for header in included if zfs.search(header)] == []
