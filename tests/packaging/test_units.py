"""The units that the package brings: systemd takes them, and they are confined."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from scheduled_units import cadence
from source_tree import ROOT
from zfstune.cli.parser import VERBS
from zfstune.schedules.unit_text import units_for

FOLDER = ROOT / "packaging" / "systemd"
TEMPLATES = ROOT / "packaging" / "ansible" / "roles" / "metrics" / "templates"
UNITS = sorted(FOLDER.iterdir())
# Where the units look for the package's program; this host has it elsewhere.
PROGRAM, HERE = "/usr/bin/zfstune", str(Path(sys.executable).with_name("zfstune"))
# Settings for which systemd gives a service a tree of mounts of its own.
OTHER_MOUNTS = re.compile(
    r"^(Private(Mounts|Tmp|Devices|Network)|Protect(System|Home|Proc|Kernel\w+|Control\w+)"
    r"|(ReadOnly|ReadWrite|Inaccessible|Bind)\w*Paths|TemporaryFileSystem"
    r"|(State|Cache|Logs|Runtime)Directory|DynamicUser|Root\w+)=",
    re.MULTILINE,
)


def analyze(*words: str | Path) -> None:
    """Have systemd-analyze find no fault."""
    done = subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr


def test_systemd_takes_them(tmp_path: Path) -> None:
    """Each timer has a service of its name, and no line is unknown or without effect."""
    assert {path.suffix for path in UNITS} == {".service", ".timer"}
    for path in UNITS:
        assert (FOLDER / f"{path.stem}.service").exists()
        text = path.read_text("utf-8").replace(PROGRAM, HERE)
        (tmp_path / path.name).write_text(text, "utf-8")
    analyze("verify", "--man=no", *sorted(tmp_path.iterdir()))


@pytest.mark.parametrize(("name", "tenths"), [("metrics", 20), ("verify", 40)])
def test_they_are_confined(name: str, tenths: int) -> None:
    """As systemd counts exposure: 10 is a service without any limits."""
    unit = FOLDER / f"zfstune-{name}.service"
    analyze("security", "--offline=yes", f"--threshold={tenths}", "--no-pager", unit)


def test_figures_are_written_in_the_sandbox_of_a_schedule() -> None:
    """A limit that the units of a dataset get is one of the package's unit, too."""
    service, *_ = units_for("t", cadence("hourly"), UTC, ("/z",), prunes=False)
    wanted = set(service.text.partition("[Service]\n")[2].splitlines())
    other = {"Type=oneshot", "StateDirectory=zfstune", "CacheDirectory=zfstune"}
    limits = {line for line in wanted if not line.startswith("ExecStart=")} - other
    text = (FOLDER / "zfstune-metrics.service").read_text("utf-8")
    assert limits
    assert limits <= set(text.splitlines())


def test_verify_sees_the_mounts_of_the_host() -> None:
    """In a tree of its own each mount would be read-only, which verify would report."""
    confined = (FOLDER / "zfstune-metrics.service").read_text("utf-8")
    assert OTHER_MOUNTS.search(confined)
    assert not OTHER_MOUNTS.search((FOLDER / "zfstune-verify.service").read_text("utf-8"))


def test_manual_pages_are_those_of_verbs() -> None:
    """`systemctl help UNIT` shows a page that there is."""
    for path in UNITS:
        [verb] = re.findall(
            r"^Documentation=man:zfstune-(\w+)\(8\)$",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
        assert verb in VERBS
        assert path.stem == f"zfstune-{verb}"


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_the_role_has_the_same_units(kind: str) -> None:
    """The templates of the Ansible role differ in what its variables say, and no more."""
    template = (TEMPLATES / f"zfstune-metrics.{kind}.j2").read_text("utf-8")
    comment, _, text = template.partition("\n")
    assert comment.startswith("# {{ ansible_managed")
    folder = "/var/lib/prometheus/node-exporter"
    for variable, value in (
        ("zfstune_metrics_command", PROGRAM),
        ("zfstune_metrics_file", f"{folder}/zfstune.prom"),
        ("zfstune_metrics_file | dirname", folder),
        ("zfstune_metrics_every", "5min"),
    ):
        text = text.replace(f"{{{{ {variable} }}}}", value)
    assert text == (FOLDER / f"zfstune-metrics.{kind}").read_text("utf-8")
