"""A type checker sees the public names as they are, and finds those that are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """\
from typing import assert_type

import zfstune

assert_type(zfstune.plan("postgres"), zfstune.Plan)
applied = zfstune.apply("postgres", dry_run=True)
assert_type(applied, zfstune.Applied)
assert_type(zfstune.prune(keep=3), zfstune.Pruned)
assert_type(zfstune.verify(), zfstune.Verification)
assert_type(zfstune.rollback("before"), zfstune.Rewound)
assert_type(zfstune.list_policies()["tank"].policy, zfstune.Policy)
assert_type(zfstune.explain("postgres"), zfstune.Explanation)
assert_type(zfstune.check().status, int)
with zfstune.open("file.zpool") as engine:
    assert_type(engine, zfstune.Engine)
    assert_type(engine.datasets("tank")[0], zfstune.Dataset)
    assert_type(engine.snapshots("tank")[0], zfstune.Snapshot)
    assert_type(zfstune.list_snapshots(engine=engine)[0].reasons, tuple[str, ...])
    zfstune.golden.images("tank", engine=engine)
try:
    zfstune.snapshot("tank/a")
except zfstune.NotFound as error:
    assert_type(error.hint, str)


def test_backup(make_zfs_image: zfstune.MakePool, zfs_image: zfstune.Engine) -> None:
    vault = make_zfs_image("vault", size_bytes=256 << 20)
    zfs_image.create("tank/db")
    assert vault.exists("vault")


"""
WRONG = """\
zfstune.aply("postgres")
zfstune.PlanErorr
zfstune.apply("postgres", dryrun=True)
applied.plan.action
"""
WRONG_LINES = {PROGRAM.count("\n") + 1 + n for n in range(WRONG.count("\n"))}


def test_names_and_typos(tmp_path: Path) -> None:
    """Mypy takes the program as it is, and marks each line behind it."""
    (tmp_path / "program.py").write_text(PROGRAM + WRONG)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
            *("--explicit-package-bases", "--no-error-summary", "--hide-error-context"),
            *("--config-file=", f"--cache-dir={tmp_path / 'cache'}", "program.py"),
        ],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert {int(line.split(":")[1]) for line in lines} == WRONG_LINES, done.stdout


def test_names_and_typos_by_pyright(tmp_path: Path) -> None:
    """Pyright in its strict mode does the same, also with what a function returns."""
    (tmp_path / "program.py").write_text(PROGRAM + WRONG)
    config = {
        "typeCheckingMode": "strict",
        "extraPaths": [os.fspath(ROOT)],
        "include": ["program.py"],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "basedpyright", "--outputjson"),
            *("--pythonpath", sys.executable),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        (each["range"]["start"]["line"] + 1, each["message"])
        for each in json.loads(done.stdout)["generalDiagnostics"]
        if each["severity"] == "error"
    ]
    assert {line for line, _ in found} == WRONG_LINES, found
