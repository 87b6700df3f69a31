"""The role that installs zfstune, on this host and from wheels alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ansible_runs import Playbooks
from source_tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.fleet


def bring_wheels(folder: Path) -> None:
    """Have zfstune's wheel, and those of what it needs, for this Python."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel")
    subprocess.run((*pip, "--wheel-dir", str(folder), str(ROOT)), check=True)


def test_install(tmp_path: Path) -> None:
    """The command runs from a venv of its own, and a second run changes nothing."""
    bring_wheels(tmp_path / "wheels")
    (tmp_path / "ansible").mkdir()
    hosts = {"localhost": {"ansible_connection": "local"}}
    playbooks = Playbooks(tmp_path / "ansible", hosts)
    play = {"hosts": "all", "gather_facts": False, "roles": ["zfstune.storage.install"]}
    playbook = tmp_path / "site.json"
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    link = tmp_path / "bin"
    variables = {
        "zfstune_install_python": sys.executable,
        "zfstune_install_venv": os.fspath(tmp_path / "venv"),
        "zfstune_install_wheels": os.fspath(tmp_path / "wheels"),
        "zfstune_install_packages": [],
        "zfstune_install_link": os.fspath(link),
    }
    playbooks.run(playbook, "--check", variables=variables)
    assert not (tmp_path / "venv").exists()
    assert "changed=0" not in playbooks.run(playbook, variables=variables)
    said = subprocess.run((link, "--version"), capture_output=True, text=True, check=True)
    assert said.stdout.startswith("zfstune ")
    # It is the wheel's, and not this tree's.
    assert os.fspath(tmp_path / "venv") in os.path.realpath(link)
    assert "changed=0" in playbooks.run(playbook, variables=variables)
