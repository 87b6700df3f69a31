#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Have snapshots of datasets taken, pruned and replicated by the clock."""

from __future__ import annotations

DOCUMENTATION = r"""
module: schedule
short_description: Have snapshots of a dataset taken, pruned and replicated by the clock
description:
  - Stores on datasets how often snapshots are taken, and where to they are replicated.
  - With O(timers), writes systemd units by it, as C(zfstune schedule install) does, and
    has systemd run them. Files that zfstune did not write are never touched.
  - Snapshots and targets stay where a schedule is removed.
options:
  datasets:
    description: The datasets. Datasets below each are taken along.
    type: list
    elements: str
    default: []
  roles:
    description: Roles of machines, for the datasets that their profiles schedule. They
      need O(timers).
    type: list
    elements: str
    default: []
  every:
    description:
      - V(15m), V(hourly), V(4h), V(daily), V(daily@02:05), V(weekly) or V(monthly).
      - Without it, the schedule that is stored on each dataset.
    type: str
  replicate_to:
    description:
      - Targets that the dataset is replicated to, as in V(backup:tank/www). They need a
        single dataset.
      - An empty list ends the replication. Without this option, the targets stay.
    type: list
    elements: str
  timers:
    description: Write systemd units and start their timers. Without it, C(zfstune schedule
      run) follows what is stored.
    type: bool
    default: true
  prune:
    description: Also have snapshots pruned by the policy of the dataset.
    type: bool
    default: true
  on_failure:
    description: A unit that systemd starts when a run fails, as in V(alert@%n.service).
    type: str
  unit_folder:
    description: The folder of the units. Units in another folder than this default are
      not started.
    type: path
    default: /etc/systemd/system
  state:
    description: Whether the datasets have a schedule.
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
- name: Take a snapshot each hour, and send it to another host
  zfstune.storage.schedule:
    datasets: [tank/data/www]
    every: hourly
    replicate_to: ["backup:tank/copies/www"]

- name: Follow the schedules that profiles brought along
  zfstune.storage.schedule:
    roles: [web]
"""

RETURN = r"""
schedules:
  description: The schedules that were stored, or would be.
  returned: success
  type: list
  elements: dict
targets:
  description: The targets of replication that were stored, or would be.
  returned: success
  type: list
  elements: dict
units:
  description: The files of units, with what was done to each.
  returned: success
  type: list
  elements: dict
started:
  description: The timers that were started, or would be.
  returned: success
  type: list
  elements: str
"""

import os

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    DONE,
    PARTLY,
    Command,
    as_diff,
    repeated,
    zfstune_module,
)

FOLDER = "/etc/systemd/system"


def words_of(params):
    """Return the verb, and the words behind it."""
    names = ["--"] + params["datasets"] if params["datasets"] else []
    if params["state"] == "absent":
        where = ["--dir", params["unit_folder"]]
        return (
            ["schedule", "remove"],
            where + repeated("--role", params["roles"]) + names,
        )
    words = ["--every", params["every"]] if params["every"] else []
    words += repeated("--replicate", params["replicate_to"])
    words += ["--no-replicate"] if params["replicate_to"] == [] else []
    if not params["timers"]:
        return ["schedule", "set"], words + names
    words += ["--dir", params["unit_folder"], *repeated("--role", params["roles"])]
    words += [] if params["prune"] else ["--no-prune"]
    words += ["--on-failure", params["on_failure"]] if params["on_failure"] else []
    return ["schedule", "install"], words + names


class Systemd:
    """What systemd is told once units were written: zfstune itself starts no program."""

    def __init__(self, module):
        self.module = module
        self.runs = module.params["unit_folder"] == FOLDER and os.path.isdir(
            "/run/systemd/system"
        )

    def _do(self, *words):
        self.module.run_command(["systemctl", *words], check_rc=True)

    def _is_active(self, timer):
        argv = ["systemctl", "is-active", "--quiet", timer]
        return self.module.run_command(argv)[0] == 0

    def to_start(self, steps):
        """Return the timers that were written anew, and those that do not run."""
        if not self.runs:
            return []
        return [
            step["name"]
            for step in steps
            if step["name"].endswith(".timer")
            and step["action"] != "remove"
            and (step["action"] != "keep" or not self._is_active(step["name"]))
        ]

    def stop(self, steps):
        """Stop the timers whose files go."""
        names = [s["name"] for s in steps if s["action"] == "remove"]
        timers = [name for name in names if name.endswith(".timer")]
        if self.runs and timers:
            # The timer of a unit that was never loaded is no failure.
            self.module.run_command(["systemctl", "stop", *sorted(set(timers))])

    def follow(self, steps, timers):
        """Have systemd read the units that changed, and start timers."""
        if self.runs and any(step["action"] != "keep" for step in steps):
            self._do("daemon-reload")
        if timers:
            self._do("restart", *timers)


def both_sides(found, started):
    """Return the lines before and after, a value or a unit a line."""
    after = [
        "{0} schedule={1}".format(each["dataset"], each["every"])
        for each in found["schedules"]
    ]
    after += [
        "{0} replicate-to={1}".format(each["dataset"], each["replicate_to"] or "")
        for each in found["targets"]
    ]
    before = []
    for step in found.get("steps", ()):
        line = "{0}/{1}".format(found["dir"], step["name"])
        if step["action"] == "remove":
            before.append(line)
        elif step["action"] != "keep":
            after.append(line)
            after += ["    " + row for row in (step["text"] or "").splitlines()]
    after += ["start {0}".format(name) for name in started]
    return ["".join("{0}\n".format(row) for row in rows) for rows in (before, after)]


def check(module):
    """Refuse what makes no sense together, before anything is asked."""
    params = module.params
    if not params["datasets"] and not params["roles"]:
        module.fail_json(msg="one of the following is required: datasets, roles")
    if params["state"] == "absent" or params["timers"]:
        return
    if params["roles"]:
        module.fail_json(msg="'roles' needs 'timers': name the datasets instead")
    if not params["every"]:
        module.fail_json(msg="without 'timers', 'every' says what is to be stored")


def without_those_to_come(module, command):
    """In a check, take out the datasets that do not exist yet, and return them."""
    if not module.check_mode or module.params["state"] == "absent":
        return []
    coming = [name for name in module.params["datasets"] if command.lacks(name)]
    there = [name for name in module.params["datasets"] if name not in coming]
    module.params["datasets"] = there
    return coming


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "datasets": {"type": "list", "elements": "str", "default": []},
            "roles": {"type": "list", "elements": "str", "default": []},
            "every": {"type": "str"},
            "replicate_to": {"type": "list", "elements": "str"},
            "timers": {"type": "bool", "default": True},
            "prune": {"type": "bool", "default": True},
            "on_failure": {"type": "str"},
            "unit_folder": {"type": "path", "default": FOLDER},
            "state": {
                "type": "str",
                "choices": ["present", "absent"],
                "default": "present",
            },
        }
    )
    check(module)
    command = Command(module)
    coming = without_those_to_come(module, command)
    found = {"schedules": [], "targets": [], "steps": [], "dir": None}
    notes = [("'{0}' does not exist yet".format(name), "") for name in coming]
    systemd = Systemd(module)
    started = []
    if module.params["datasets"] or module.params["roles"]:
        verb, rest = words_of(module.params)
        # A dataset that is gone has no schedule either.
        accept = (DONE, PARTLY) if module.params["state"] == "absent" else (DONE,)
        answer = command.ask(*verb, "--dry-run", *rest, accept=accept)
        found = dict({"steps": [], "dir": None}, **answer.document)
        started = systemd.to_start(found["steps"])
        changes = any(step["action"] != "keep" for step in found["steps"])
        changes = changes or bool(found["schedules"] or found["targets"])
        if changes and not module.check_mode:
            systemd.stop(found["steps"])
            answer = command.ask(*verb, *rest, accept=accept)
        if not module.check_mode:
            systemd.follow(found["steps"], started)
        # What it says of systemctl was done just now.
        told = [note for note in answer.notes if not note[1].startswith("systemctl ")]
        notes += told
    command.pass_on(notes)
    changed = bool(
        coming
        or found["schedules"]
        or found["targets"]
        or started
        or any(step["action"] != "keep" for step in found["steps"])
    )
    units = [{"name": s["name"], "action": s["action"]} for s in found["steps"]]
    module.exit_json(
        changed=changed,
        schedules=found["schedules"],
        targets=found["targets"],
        units=units,
        started=started,
        diff=as_diff(*both_sides(found, started)),
    )


if __name__ == "__main__":
    main()
