"""The bundle: its script installs without a network, and takes all of it away again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import zfstune
from bundle import contents, pack
from sdist import copy_sources, make_sdist, pin_of, run_quietly
from source_tree import ROOT

# A network that holds nothing, not even this machine.
ALONE = ["unshare", "--net", "--"]
# Settings of a machine that would lead pip elsewhere.
BARE = {
    "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PIP_PREFIX": "/nonexistent",
    "PIP_FIND_LINKS": "/nonexistent",
}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack a bundle for this Python and this processor alone, and unpack it."""
    folder = tmp_path_factory.mktemp("bundle")
    sources, wheels = folder / "sources", folder / "wheels"
    copy_sources(sources)
    pages = [sys.executable, "packaging/pages/make_pages.py", "share"]
    run_quietly(pages, sources, {**os.environ, "PYTHONPATH": str(sources)})
    pip = [sys.executable, "-m", "pip", "--quiet"]
    run_quietly([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, sources], folder)
    pins = [pin_of(name) for name in ("cffi", "pycparser", "pip")]
    run_quietly([*pip, "download", "--no-deps", "--dest", wheels, *pins], folder)
    archive = folder / "zfstune-bundle.tar"
    archive.write_bytes(pack("zfstune-bundle", contents(wheels.glob("*.whl"), []), 1))
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    return folder / "zfstune-bundle"


def install(bundle: Path, place: Path, *words: str, status: int = 0) -> str:
    """Run the script; give what it printed."""
    places = ["--prefix", str(place / "opt"), "--links", str(place / "usr")]
    argv = [*ALONE, str(bundle / "install"), *places, *words]
    done = subprocess.run(argv, env=BARE, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def files_below(place: Path) -> set[str]:
    """Give the names of all files and links below a folder."""
    found = (path for path in place.rglob("*") if path.is_symlink() or path.is_file())
    return {path.relative_to(place).as_posix() for path in found}


def test_it_comes_and_goes(unpacked: Path, tmp_path: Path) -> None:
    """Command, pages and completions are there, twice over, and then nothing is."""
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/other").touch()
    for _ in range(2):
        assert f"zfstune {zfstune.__version__}" in install(unpacked, tmp_path)
    made = files_below(tmp_path / "usr")
    assert {
        "bin/zfstune",
        "share/man/man8/zfstune-apply.8",
        "share/bash-completion/completions/zfstune",
        "share/zsh/site-functions/_zfstune",
        "share/fish/vendor_completions.d/zfstune.fish",
    } < made
    command = tmp_path / "usr/bin/zfstune"
    listed = subprocess.check_output([command, "profiles", "-H"], text=True, env=BARE)
    assert "postgres\t" in listed
    code = "import zfstune._zfs, _cffi_backend, sys; print(sys.prefix)"
    python = tmp_path / "opt/bin/python"
    prefix = subprocess.check_output([python, "-I", "-c", code], text=True, env=BARE)
    assert prefix.strip() == str(tmp_path / "opt")
    install(unpacked, tmp_path, "--remove")
    assert files_below(tmp_path / "usr") == {"bin/other"}
    assert not (tmp_path / "opt").exists()


def test_it_touches_nothing_of_others(unpacked: Path, tmp_path: Path) -> None:
    """A folder that somebody else made is neither installed into nor removed."""
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/data").touch()
    assert "something else is there" in install(unpacked, tmp_path, status=1)
    said = install(unpacked, tmp_path, "--remove", status=1)
    assert "no bundle was installed there" in said
    assert files_below(tmp_path) == {"opt/data"}


def test_it_refuses_a_file_that_was_damaged(unpacked: Path, tmp_path: Path) -> None:
    """A bundle that did not arrive whole changes nothing."""
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", unpacked, copy], check=True)
    with (copy / "README").open("a") as file:
        file.write("x")
    assert "is not as it was packed" in install(copy, tmp_path, status=1)
    assert not (tmp_path / "opt").exists()


@pytest.mark.parametrize("words", [("--python", "/bin/false"), ("--prefix", "here")])
def test_it_refuses_what_it_cannot_use(
    unpacked: Path, tmp_path: Path, words: tuple[str, str]
) -> None:
    """A Python that will not do, and a place that depends on where one stands."""
    said = install(unpacked, tmp_path, *words, status=1)
    assert re.match(r"cannot use .*'.*': it is no .*\nhint: name ", said)
    assert not (tmp_path / "opt").exists()


def test_an_sdist_is_the_same_each_time(tmp_path: Path) -> None:
    """Other times, another umask and another folder give the same bytes."""
    made = []
    for name, mask in (("one", 0o022), ("two", 0o077)):
        before = os.umask(mask)
        try:
            copy_sources(tmp_path / name)
            for number, path in enumerate((tmp_path / name).rglob("*.py")):
                os.utime(path, (number + mask, number + mask))
            made.append(make_sdist(tmp_path / name, tmp_path / f"{name}-made"))
        finally:
            os.umask(before)
    one, two = (path.read_bytes() for path in made)
    assert one == two
    with tarfile.open(made[0]) as archive:
        members = archive.getmembers()
    assert {(m.uid, m.gid, m.uname, m.mode & 0o22) for m in members} == {(0, 0, "", 0)}
    assert len({m.mtime for m in members}) == 1


def test_the_package_of_debian_can_be_built() -> None:
    """Its patch fits the sources as they are, and it has no version of its own."""
    patch = str(ROOT / "packaging/debian/patches/setuptools-66.patch")
    argv = ["patch", "--dry-run", "--fuzz=0", "-p1", "--input", patch]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert not (ROOT / "packaging/debian/changelog").exists()
