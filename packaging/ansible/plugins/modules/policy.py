#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Store on a dataset by which rules its snapshots are kept."""

from __future__ import annotations

DOCUMENTATION = r"""
module: policy
short_description: Store the retention policy of a dataset
description:
  - Stores a policy on a dataset, for it and the datasets below, or clears it.
  - C(zfstune prune), and the timers of M(zfstune.storage.schedule), follow it.
  - No snapshot is destroyed by this module.
options:
  dataset:
    description: The dataset.
    type: str
    required: true
  policy:
    description: The rules, as in V(hourly=48 daily=30 tz=Europe/Berlin).
    type: str
  state:
    description: Whether the dataset has a policy of its own.
    type: str
    choices: [present, absent]
    default: present
  all_of_them:
    description: Consent to V(keep=0), with which a prune destroys all snapshots in scope.
    type: bool
    default: false
extends_documentation_fragment:
  - zfstune.storage.zfstune
  - zfstune.storage.zfstune.changing
author:
  - The zfstune project (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Keep two days of hours and a month of days
  zfstune.storage.policy:
    dataset: tank/data/www
    policy: hourly=48 daily=30
"""

RETURN = r"""
policy:
  description: The policy that the dataset has of its own now, or would have.
  returned: success
  type: str
replaces:
  description: The policy that it had before.
  returned: success
  type: str
"""

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    Command,
    as_diff,
    zfstune_module,
)


def words_of(params):
    """Return the words that store or clear a policy."""
    if params["state"] == "absent":
        return ["policy", "clear"], ["--", params["dataset"]]
    consent = ["--all-of-them"] if params["all_of_them"] else []
    return ["policy", "set"], [*consent, "--", params["dataset"], params["policy"]]


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "dataset": {"type": "str", "required": True},
            "policy": {"type": "str"},
            "state": {
                "type": "str",
                "choices": ["present", "absent"],
                "default": "present",
            },
            "all_of_them": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ("policy",))],
    )
    command = Command(module)
    wanted = module.params["policy"] if module.params["state"] == "present" else None
    if module.check_mode and command.lacks(module.params["dataset"]):
        found = {"policy": wanted, "replaces": None, "changed": wanted is not None}
        notes = [("'{0}' does not exist yet".format(module.params["dataset"]), "")]
    else:
        verb, rest = words_of(module.params)
        answer = command.ask(*verb, "--dry-run", *rest)
        if answer.document["changed"] and not module.check_mode:
            answer = command.ask(*verb, *rest)
        found, notes = answer.document, answer.notes
    command.pass_on(notes)
    line = "{0}: {1}\n".format
    sides = [
        line(module.params["dataset"], found[key]) if found[key] else ""
        for key in ("replaces", "policy")
    ]
    module.exit_json(
        changed=found["changed"],
        policy=found["policy"],
        replaces=found["replaces"],
        diff=as_diff(*sides),
    )


if __name__ == "__main__":
    main()
