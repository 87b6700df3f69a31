"""The host's report of what happened in guests, with a process in a guest's place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "plugins" / "guest_report.py"

CONFIG = """\
[pytest]
testpaths = tests
pythonpath = tests/plugins
addopts = -m "not guest" -ra --import-mode=importlib -p no:cacheprovider
markers =
    guest: boots a guest
    one_release: one guest of several runs it
    timeout: of a plugin that these runs do without
"""

# Does what tests/lab/run does, on this host: run the command after `--` with the
# environment of a guest, and end with its status.
RUNNER = f"""\
#!{sys.executable}
import os, subprocess, sys
words = sys.argv[1:]
split = words.index("--")
command = [sys.executable, "-m", "pytest", *words[split + 2:]]
output = words[words.index("--output") + 1]
release = words[words.index("--release") + 1]
env = os.environ | {{"ZFSTUNE_LAB": "1", "ZFSTUNE_LAB_OUTPUT": output, "RELEASE": release}}
sys.exit(subprocess.run(command, env=env).returncode)
"""

ONE_OF_EACH = """\
import os
import pytest

def test_passes():
    pass

@pytest.mark.skip(reason="not here")
def test_is_skipped():
    pass

def test_fails_on_trixie():
    assert os.environ["RELEASE"] != "trixie", "the guest's own words"
"""


SIDE_BY_SIDE = """\
import os, time
from pathlib import Path

def test_the_other_is_there():
    ours = os.environ["RELEASE"]
    Path(f"up-{ours}").touch()
    other = Path({"bookworm": "up-trixie", "trixie": "up-bookworm"}[ours])
    end = time.monotonic() + 60
    while not other.exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert other.exists()
"""


ONE_RELEASE = """\
import pytest
pytestmark = pytest.mark.one_release
def test_above(): pass
def test_more(): pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with the plugin, a host test and a stand-in for the lab."""
    for folder in ("tests/plugins", "tests/lab", "tests/unit"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(PLUGIN, tmp_path / "tests/plugins")
    (tmp_path / "pytest.ini").write_text(CONFIG)
    (tmp_path / "tests/conftest.py").write_text('pytest_plugins = ["guest_report"]\n')
    (tmp_path / "tests/unit/test_host.py").write_text("def test_host(): pass\n")
    (tmp_path / "tests/lab/test_guest.py").write_text(ONE_OF_EACH)
    runner = tmp_path / "tests/lab/run"
    runner.write_text(RUNNER)
    runner.chmod(0o755)
    return tmp_path


def run(project: Path, *arguments: str) -> tuple[int, str]:
    """Run pytest in the project; give its status and output."""
    unset = ("ZFSTUNE_LAB", "ZFSTUNE_LAB_OUTPUT", "PYTEST_ADDOPTS")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=project,
        env=env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def summary(output: str) -> str:
    """Give the last line without its frame."""
    return output.rstrip().splitlines()[-1].strip("= ").partition(" in ")[0]


def test_plain_run_leaves_guests_alone(project: Path) -> None:
    """Without the marker no guest is booted and no lab test is collected."""
    status, output = run(project)
    assert status == 0, output
    assert summary(output) == "1 passed, 2 deselected"


def test_results_of_all_guests_are_counted(project: Path) -> None:
    """Each test of each guest is one result, and so is each guest."""
    status, output = run(project, "-m", "guest")
    assert status == 0, output
    assert summary(output) == "6 passed, 2 skipped, 1 deselected"


def test_failure_in_a_guest_fails_the_host(project: Path) -> None:
    """A failed lab test is shown with its release and its own words."""
    arguments = ("-m", "guest or not guest", "--release", "trixie")
    status, output = run(project, *arguments)
    assert status == 1, output
    assert summary(output) == "1 failed, 3 passed, 1 skipped"
    assert "FAILED tests/lab/test_guest.py::test_fails_on_trixie@trixie" in output
    assert "the guest's own words" in output


def test_arguments_reach_the_guest(project: Path) -> None:
    """What --guest-args holds narrows the guest's run."""
    status, output = run(project, "-m", "guest", "--guest-args=-k passes")
    assert status == 0, output
    assert summary(output) == "4 passed, 1 deselected"


def test_guests_share_what_one_release_is_enough_for(project: Path) -> None:
    """Of three such files one guest has two, each is run once, and one guest runs all."""
    (project / "tests/lab/test_guest.py").write_text("def test_on_each(): pass\n")
    for name in "abc":
        (project / f"tests/lab/test_{name}.py").write_text(ONE_RELEASE)
    status, output = run(project, "-m", "guest", "-v")
    assert status == 0, output
    ran = {line.split()[0] for line in output.splitlines() if "::test_above@" in line}
    file = "tests/lab/test_{}.py::test_above@{}"
    assert ran == {
        file.format(name, release)
        for name, release in zip(
            "abc", ("bookworm", "trixie-backports", "bookworm"), strict=True
        )
    }
    assert summary(output) == "10 passed, 1 deselected"
    status, output = run(project, "-m", "guest", "--release", "trixie")
    assert status == 0, output
    assert summary(output) == "8 passed, 1 deselected"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\n",
            "before its tests did",
        ),
        ("import os\ndef test_a(): os.kill(os.getpid(), 9)\n", "before its tests did"),
        ("import no_such_module\n", "pytest ended with status 2"),
        ("", "pytest ended with status 5"),
    ],
    ids=["vanishes with status 0", "is killed", "cannot collect", "has no tests"],
)
def test_guest_without_an_end_is_a_failure(project: Path, body: str, reason: str) -> None:
    """A guest that did not finish its tests fails loudly, whatever its status."""
    (project / "tests/lab/test_guest.py").write_text(body)
    status, output = run(project, "-m", "guest", "--release", "bookworm")
    assert status == 1, output
    assert "guest 'bookworm': " in output
    assert reason in output
    assert "1 failed" in summary(output)


@pytest.mark.parametrize("status", [0, 1, 125])
def test_silent_runner_is_a_failure(project: Path, status: int) -> None:
    """A runner that brings no report back fails, whatever its status."""
    (project / "tests/lab/run").write_text(f"#!/bin/sh\nexit {status}\n")
    ended, output = run(project, "-m", "guest", "--release", "bookworm")
    assert ended == 1, output
    assert f"ended with status {status} before its tests did" in output


def test_status_that_contradicts_the_reports_is_a_failure(project: Path) -> None:
    """A runner that says 0 where the guest's pytest said 1 is not believed."""
    runner = project / "tests/lab/run"
    runner.write_text(RUNNER.replace(".returncode)", ".returncode * 0)"))
    status, output = run(project, "-m", "guest", "--release", "trixie")
    assert status == 1, output
    assert "pytest ended with status 1, the guest with 0" in output


def test_lab_test_is_refused_on_the_host(project: Path) -> None:
    """Naming a lab test outside of a guest is an error with the right command."""
    status, output = run(project, "tests/lab/test_guest.py::test_passes")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "hint: make lab GUEST_ARGS='tests/lab/test_guest.py::test_passes'" in output


def test_guests_work_beside_the_host(project: Path) -> None:
    """A test of the host waits for one in a guest, which was booted before it."""
    for file, ours in (("lab/test_guest.py", "bookworm"), ("unit/test_host.py", "trixie")):
        body = SIDE_BY_SIDE.replace('os.environ["RELEASE"]', repr(ours))
        (project / "tests" / file).write_text(body)
    status, output = run(project, "-m", "guest or not guest", "--release", "trixie")
    assert status == 0, output
    assert summary(output) == "3 passed"


def test_guests_work_side_by_side(project: Path) -> None:
    """Each guest waits until the other is up, and each has its output whole."""
    (project / "tests/lab/test_guest.py").write_text(SIDE_BY_SIDE)
    arguments = ("-m", "guest", "--release", "bookworm", "--release", "trixie")
    status, output = run(project, *arguments)
    assert status == 0, output
    first, second = output.split("--- trixie:", 1)
    assert "--- bookworm: status 0" in first
    assert "--- trixie: status 0" in second
    assert "4 passed" in second
