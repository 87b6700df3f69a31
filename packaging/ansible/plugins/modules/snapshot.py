#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Take snapshots of datasets, all at one instant."""

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Take snapshots of datasets, all at one instant
description:
  - Takes a snapshot of each dataset in one transaction, or none.
  - With O(name), a second run takes none. Without it, each run takes one that is named by
    the time, and that C(zfstune prune) knows.
  - With O(state=absent), the named snapshots are destroyed. One that a clone, a hold or a
    replication depends on is never destroyed; the task fails and says what depends on it.
options:
  datasets:
    description: The datasets.
    type: list
    elements: str
    required: true
  name:
    description: The name after the @. O(state=absent) requires it.
    type: str
  recursive:
    description: Of all datasets below as well.
    type: bool
    default: false
  before:
    description: A command of the shell that runs before; where it fails, no snapshot is
      taken.
    type: str
  after:
    description: A command of the shell that runs behind, also where the snapshot failed.
    type: str
  postgres:
    description: Hold PostgreSQL in backup mode, through a psql that runs as this user.
    type: str
  state:
    description: Whether there are such snapshots.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - zfstune.storage.zfstune
  - zfstune.storage.zfstune.changing
author:
  - The zfstune project (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Have a state to come back to
  zfstune.storage.snapshot:
    datasets: [tank/data/www, tank/data/postgres]
    name: before-upgrade
    recursive: true

- name: Drop it again
  zfstune.storage.snapshot:
    datasets: [tank/data/www]
    name: before-upgrade
    recursive: true
    state: absent
"""

RETURN = r"""
snapshots:
  description: The full names of the snapshots that were taken or destroyed, or would be.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    Command,
    as_diff,
    zfstune_module,
)


def present(command):
    """Return the full names of all snapshots there are."""
    listed = command.ask("list", "-t", "snapshot").document.get("snapshots") or []
    return {each["name"] for each in listed}


def take(module, command):
    """Take the snapshots; return those that were taken, or would be."""
    params = module.params
    names = ["--"] + params["datasets"]
    words = ["--recursive"] if params["recursive"] else []
    words += ["--name", params["name"]] if params["name"] else []
    missing = []
    if module.check_mode:
        missing = [name for name in params["datasets"] if command.lacks(name)]
    if missing:
        command.pass_on([("'{0}' does not exist yet".format(n), "") for n in missing])
        there = [name for name in params["datasets"] if name not in missing]
        names = ["--", *there]
        if not there:
            return ["{0}@{1}".format(n, params["name"] or "(the time)") for n in missing]
    wanted = command.ask("snapshot", "--dry-run", *words, *names).document["snapshots"]
    if params["name"]:
        found = present(command).intersection(wanted)
        if found and len(found) == len(wanted):
            return []
        if found:
            lacking = sorted(set(wanted) - found)
            module.fail_json(
                msg="cannot take snapshot '{0}': some datasets have one of that name "
                "already, and one of these would be of another instant: {1} (hint: take "
                "one of another name)".format(params["name"], ", ".join(lacking))
            )
    if module.check_mode:
        return wanted
    for option in ("before", "after", "postgres"):
        words += ["--" + option, params[option]] if params[option] else []
    taken = command.ask("snapshot", *words, *names)
    command.pass_on(taken.notes)
    return taken.document["snapshots"]


def drop(module, command):
    """Destroy the snapshots; return those that were destroyed, or would be."""
    params = module.params
    known = present(command)
    asked = ["{0}@{1}".format(name, params["name"]) for name in params["datasets"]]
    if params["recursive"]:
        behind = "@" + params["name"]
        roots = [
            root
            for root in params["datasets"]
            if any(
                name.endswith(behind)
                and (name[: -len(behind)] + "/").startswith(root + "/")
                for name in known
            )
        ]
        asked = ["{0}@{1}".format(root, params["name"]) for root in roots]
    else:
        asked = [name for name in asked if name in known]
    if not asked:
        return []
    # Snapshots alone: a clone, a dataset or the base of a replication never goes along.
    words = ["--lose", "snapshots"] + (["--recursive"] if params["recursive"] else [])
    planned = command.ask("destroy", "--dry-run", *words, "--", *asked).document
    if not module.check_mode:
        command.pass_on(command.ask("destroy", *words, "--", *asked).notes)
    return planned["snapshots"]


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "datasets": {"type": "list", "elements": "str", "required": True},
            "name": {"type": "str"},
            "recursive": {"type": "bool", "default": False},
            "before": {"type": "str"},
            "after": {"type": "str"},
            "postgres": {"type": "str"},
            "state": {
                "type": "str",
                "choices": ["present", "absent"],
                "default": "present",
            },
        },
        required_if=[("state", "absent", ("name",))],
    )
    if not module.params["datasets"]:
        module.fail_json(msg="'datasets' names no dataset")
    command = Command(module)
    comes = module.params["state"] == "present"
    names = take(module, command) if comes else drop(module, command)
    lines = "".join("{0}\n".format(name) for name in names)
    diff = as_diff("", lines) if comes else as_diff(lines, "")
    module.exit_json(changed=bool(names), snapshots=names, diff=diff)


if __name__ == "__main__":
    main()
