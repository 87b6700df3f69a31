"""A host that is short of descriptors, memory or room: an error in words, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from lots import kills, seed, tally, whole
from source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = ROOT / "tests" / "plugins" / "short_host.py"
SEED = seed(20261201)
LAPS = kills(1)
VERBS = () if whole() else ("schedule-snapshot",)


def test_each_fault(tmp_path: Path) -> None:
    """Each command ends, by itself and in words, and the next run does all of it."""
    done = subprocess.run(
        [
            *("unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])),
            *(sys.executable, PROGRAM, tmp_path, str(SEED), str(LAPS), *VERBS),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{PROGRAM.parent}:{ROOT}"},
    )
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert ended["refused"] > 0
    tally(faults_of_the_host=sum(ended.values()), refused=ended["refused"])
