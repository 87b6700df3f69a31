"""zfstune starts no process: no zfs, no zpool, no shell, nothing else either."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from source_tree import PACKAGE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTERS = frozenset(
    {
        "_posixsubprocess",
        "asyncio",
        "concurrent",
        "ctypes",
        "multiprocessing",
        "pty",
        "subprocess",
    }
)
# What zfstune starts of itself is itself again, exportfs with fixed words, and the tools
# that change a UUID, with the device of a volume; the one text that it compiles is its
# own. None of them takes another word from outside. fio takes a job file, one that ships
# or one that the user names. Hooks are the
# user's own commands, run because the user said so. ssh takes the host that the user names,
# and commands for it whose words are quoted one by one.
EXEMPT = {
    # This process, to give up on a suspended pool, and to replicate beside snapshots.
    "zfstune/cli/watch.py": ["os.fork", "os.fork"],
    "zfstune/engine/_image_process.py": [
        "subprocess"
    ],  # this Python, for an image to live in
    "zfstune/host/coprocess.py": ["subprocess"],  # what the user asked to be run
    "zfstune/host/file_systems.py": ["subprocess"],  # tune2fs and the like, for a new UUID
    "zfstune/host/nfs.py": ["subprocess"],  # exportfs, which alone reaches the NFS server
    "zfstune/measurement/run_fio.py": ["subprocess"],  # fio, for a measurement's times
    "zfstune/streams/remote/ssh.py": ["subprocess"],  # ssh, where the user names a host
    "zfstune/values/frozen.py": ["exec"],  # an __init__ of the names that a class body gave
}
OS_CALLS = re.compile(r"exec[lv]\w*|fork(pty)?|popen|posix_spawnp?|spawn[lv]\w*|system")
C_CALLS = re.compile(
    r"\b(exec[lv]\w*|execveat|fexecve|v?fork|clone3?|popen|posix_spawnp?|system"
    r"|SYS_(?:execve|fork|vfork|clone)\w*)\b\s*\("
)
C_COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', re.DOTALL)


def python_starts(text: str) -> Iterator[str]:
    """Give what in a module's source could start a process."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                yield from (a.name for a in names if a.name.partition(".")[0] in STARTERS)
            case ast.ImportFrom(module=str(module), names=names):
                if module.partition(".")[0] in STARTERS:
                    yield module
                if module in {"os", "posix"}:
                    yield from (
                        f"{module}.{a.name}" for a in names if OS_CALLS.fullmatch(a.name)
                    )
            case ast.Attribute(value=ast.Name(id="os" | "posix" as owner), attr=attr):
                if OS_CALLS.fullmatch(attr):
                    yield f"{owner}.{attr}"
            case ast.Call(func=ast.Name(id="exec" | "eval" | "__import__" as builtin)):
                yield builtin


def c_starts(text: str) -> list[str]:
    """Give what in a C file could start a process."""
    return [match[1] for match in C_CALLS.finditer(C_COMMENT_OR_STRING.sub(" ", text))]


def name(path: Path) -> str:
    """Give a path as it is written in the tree."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name)
def test_python_starts_no_process(path: Path) -> None:
    """No module of the package can run another program."""
    found = list(python_starts(path.read_text(encoding="utf-8")))
    assert found == EXEMPT.get(name(path), [])


@pytest.mark.parametrize("path", sorted(ROOT.glob("native/*.[ch]")), ids=name)
def test_c_starts_no_process(path: Path) -> None:
    """No C file of the extension can run another program."""
    assert c_starts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess",
        "import multiprocessing.pool",
        "from subprocess import run",
        "from os import execv",
        "def f():\n    import os\n    os.system('zfs')",
        "import os\ng = os.popen",
        "import os\nos.posix_spawn('zfs', [], {})",
        "exec('import sub' + 'process')",
        "__import__('subprocess')",
    ],
)
def test_python_scan_sees(source: str) -> None:
    """The scan of Python finds each way that it is there to find."""
    assert len(list(python_starts(source))) == 1


@pytest.mark.parametrize(
    "call", ['system("zfs")', "execve (a, b, c)", "fork()", "popen(a, b)"]
)
def test_c_scan_sees(call: str) -> None:
    """The scan of C finds calls, and passes over comments, strings and other names."""
    assert len(c_starts(f"int f(void) {{ return ({call}); }}")) == 1
    assert c_starts(f'/* {call} */ x = "fork()"; my_{call}') == []
