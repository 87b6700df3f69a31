#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Read what zfstune knows of a host's storage."""

from __future__ import annotations

DOCUMENTATION = r"""
module: info
short_description: Read what zfstune knows of a host's storage
description:
  - Returns the documents of C(zfstune --json), one a subset. Changes nothing.
options:
  gather:
    description:
      - What to read.
      - V(status) has pools, managed datasets, copies and findings; V(verify) has what is
        not as it was set.
    type: list
    elements: str
    choices: [status, datasets, snapshots, policies, schedules, replicas, profiles, verify]
    default: [status]
extends_documentation_fragment:
  - zfstune.storage.zfstune
  - zfstune.storage.zfstune.reading
author:
  - The zfstune project (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Look for what drifted
  zfstune.storage.info:
    gather: [verify]
  register: storage

- name: Stop where something did
  ansible.builtin.assert:
    that: not storage.verify.pending
"""

RETURN = r"""
status:
  description: What C(zfstune status --json) says.
  returned: if asked for
  type: dict
datasets:
  description: What C(zfstune list --json) says of datasets.
  returned: if asked for
  type: list
  elements: dict
snapshots:
  description: What C(zfstune list -t snapshot --json) says of snapshots.
  returned: if asked for
  type: list
  elements: dict
policies:
  description: The policy in force on each dataset, and where it was set.
  returned: if asked for
  type: list
  elements: dict
schedules:
  description: The schedules, and how the last runs ended.
  returned: if asked for
  type: list
  elements: dict
replicas:
  description: The targets that datasets were replicated to.
  returned: if asked for
  type: list
  elements: dict
profiles:
  description: The profiles that the host's zfstune has.
  returned: if asked for
  type: list
  elements: dict
verify:
  description: What C(zfstune verify --json) says.
  returned: if asked for
  type: dict
"""

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    DONE,
    PARTLY,
    PENDING,
    Command,
    zfstune_module,
)

# The words of each subset, and the key of the document; None: all of it.
SUBSETS = {
    "status": (["status"], None),
    "datasets": (["list"], "datasets"),
    "snapshots": (["list", "-t", "snapshot"], "snapshots"),
    "policies": (["policy", "show"], "policies"),
    "schedules": (["schedule", "show"], "schedules"),
    "replicas": (["replicas"], "replicas"),
    "profiles": (["profiles"], "profiles"),
    "verify": (["verify"], None),
}


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": list(SUBSETS),
                "default": ["status"],
            }
        }
    )
    command = Command(module)
    found, notes = {}, []
    for subset in module.params["gather"]:
        words, key = SUBSETS[subset]
        answer = command.ask(*words, accept=(DONE, PARTLY, PENDING))
        whole = answer.document
        found[subset] = whole if key is None else whole.get(key)
        notes += answer.notes
    command.pass_on(notes)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
