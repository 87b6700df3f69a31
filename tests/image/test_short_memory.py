"""Memory that is short in any call of an image: an error, and nothing half done or left."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from lots import seed, tally, whole
from native_code import SANITIZERS, run
from short_memory import build
from source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SEED = seed(20261201)
VERBS = () if whole() else ("snapshot", "rollback", "golden-restore")
# ASan has to be there first, and what it intercepts of XDR before libzpool wants it.
PRELOADED = ("libasan.so", "libnvpair.so.3")
# The data has arrived, and a property of the dataset that was there before has not.
LATE = [["zt_receive", errno.EEXIST]]


def test_each_allocation_fails_once(tmp_path: Path) -> None:
    """A call whose allocation fails says so, changes nothing, and succeeds afterwards.

    Under ASan; what a call has made and not freed is counted in the extension itself.
    """
    where = build(tmp_path, *SANITIZERS)
    program = ROOT / "tests" / "plugins" / "short_memory.py"
    printed = run(
        [sys.executable, program, tmp_path, str(SEED), *VERBS],
        env={
            "PYTHONPATH": f"{where}:{program.parent}",
            "LD_PRELOAD": " ".join(map(_found, PRELOADED)),
            "ASAN_OPTIONS": "detect_leaks=0",
        },
        limit_s=3600,
    )
    counts = json.loads(printed.splitlines()[-1])
    assert [odd for odd in counts["odd"] if odd not in LATE] == []
    assert counts["failed"] > 50
    assert {"zt_snapshot", "zt_rollback", "zt_receive"} <= counts["calls"].keys()
    tally(failing_allocations=counts["failed"])


def _found(library: str) -> str:
    """Give the path of a library of the compiler's, or else its name for the loader."""
    found = subprocess.run(
        ["gcc", f"-print-file-name={library}"], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()
