"""Tasks of the Ansible collection, run as Ansible runs them, with what each returned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["COLLECTION", "Playbooks", "programs"]

COLLECTION = ROOT / "packaging" / "ansible"
HINT = "`make fleet` installs it"


def programs() -> Path:
    """Return the folder of Ansible's programs: the Makefile's venv, or a named one."""
    folder = Path(os.environ.get("ZFSTUNE_ANSIBLE", ROOT / ".ansible-core")) / "bin"
    if not (folder / "ansible-playbook").exists():
        raise FileNotFoundError(f"cannot find 'ansible-playbook' in {folder}; hint: {HINT}")
    return folder


class Playbooks:
    """A place from which playbooks are run, with the collection of this tree.

    Attributes:
        folder: The place.

    Args:
        folder: An empty folder.
        inventory: The hosts by name, each with its variables.
    """

    def __init__(self, folder: Path, inventory: Mapping[str, Mapping[str, Any]]) -> None:
        self.folder = folder
        self._inventory = folder / "hosts.json"
        self._hosts = inventory
        parent = folder / "collections" / "ansible_collections" / "zfstune"
        parent.mkdir(parents=True)
        (parent / "storage").symlink_to(COLLECTION)

    def run(
        self,
        playbook: Path,
        *options: str,
        groups: Mapping[str, Sequence[str]] | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> str:
        """Run a playbook; return what it printed.

        Args:
            playbook: The file.
            options: Options of ansible-playbook.
            groups: The names of hosts by group.
            variables: Variables of all hosts.
        """
        children: dict[str, dict[str, dict[str, None]]] = {
            name: {"hosts": dict.fromkeys(hosts)} for name, hosts in (groups or {}).items()
        }
        told = {"hosts": self._hosts, "children": children, "vars": variables or {}}
        self._inventory.write_text(json.dumps({"all": told}), encoding="utf-8")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_LOG_PATH": str(self.folder / "log"),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            # An emulated guest takes its time for a handshake.
            "ANSIBLE_TIMEOUT": "120",
            "LC_ALL": "C.UTF-8",
        }
        argv = [str(programs() / "ansible-playbook"), "-i", str(self._inventory), *options]
        done = subprocess.run(
            [*argv, str(playbook)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def tasks(
        self,
        tasks: Sequence[Mapping[str, Any]],
        *options: str,
        defaults: Mapping[str, object],
    ) -> list[dict[str, Any]]:
        """Run modules one after the other on this host, each whatever came before.

        Args:
            tasks: The module of each task, and its options.
            options: Options of ansible-playbook.
            defaults: Options that all modules get.

        Returns:
            What each task returned.
        """
        said = self.folder / "said.json"
        played: list[dict[str, Any]] = [
            {
                **{f"zfstune.storage.{name}": words for name, words in task.items()},
                "register": f"said_{number}",
                "ignore_errors": True,
            }
            for number, task in enumerate(tasks)
        ]
        every = ", ".join(f"said_{number}" for number in range(len(tasks)))
        text = f"{{{{ [{every}] | to_json }}}}"
        copied = {"content": text, "dest": str(said), "mode": "0600"}
        # It is written in a check, too.
        last = {"ansible.builtin.copy": copied, "check_mode": False, "diff": False}
        play = {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"group/zfstune.storage.zfstune": defaults},
            "tasks": [*played, last],
        }
        playbook = self.folder / "tasks.json"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        self.run(playbook, *options)
        found: list[dict[str, Any]] = json.loads(said.read_text(encoding="utf-8"))
        return found
