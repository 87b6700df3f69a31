#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Create and tune the datasets of profiles."""

from __future__ import annotations

DOCUMENTATION = r"""
module: profile
short_description: Create and tune the datasets of zfstune profiles
description:
  - Runs C(zfstune plan --check) and, where something is pending, C(zfstune apply).
  - Datasets are created, tuned, mounted and given their owner. Nothing is ever destroyed.
  - What drifted since the last run is brought back.
options:
  profiles:
    description: Names of profiles, as in V(postgres) or V(postgres:seed).
    type: list
    elements: str
    default: []
  files:
    description: Files on the host that hold profiles of your own.
    type: list
    elements: path
    default: []
  roles:
    description: Roles of machines, as in V(web); V(auto) is the role of the host's name.
    type: list
    elements: str
    default: []
  variant:
    description: Use that variant of the profiles that have it.
    type: str
  pool:
    description: The pool. Without it, zfstune takes the installer's pool, or the only one.
    type: str
  root:
    description: The dataset below which the datasets go. Without it, POOL/data.
    type: str
  at:
    description: Put the one profile on this dataset, which exists.
    type: str
  properties:
    description:
      - Other values for the first dataset of each profile, by property.
      - Sizes may be spelled in any way, V(1M) or V(1048576).
      - A run without a value takes it back.
    type: dict
    default: {}
  owner:
    description: Give directories the owner and the mode that their profile asks for.
    type: bool
    default: true
  allow_unsafe:
    description: Allow C(sync=disabled), with which a crash loses confirmed writes, and
      C(checksum=off), with which damaged data is read as sound.
    type: bool
    default: false
extends_documentation_fragment:
  - zfstune.storage.zfstune
  - zfstune.storage.zfstune.changing
author:
  - The zfstune project (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Have a place for PostgreSQL
  zfstune.storage.profile:
    profiles: [postgres]

- name: Have the storage of a web server, with larger records
  zfstune.storage.profile:
    roles: [web]
    pool: tank
    properties:
      recordsize: 1M
"""

RETURN = r"""
plan:
  description: What C(zfstune plan --json) says, actions and warnings among it.
  returned: success
  type: dict
done:
  description: How many steps were done.
  returned: success
  type: int
"""

from ansible_collections.zfstune.storage.plugins.module_utils.command import (
    DONE,
    PENDING,
    Command,
    as_diff,
    assignments,
    repeated,
    zfstune_module,
)
from ansible_collections.zfstune.storage.plugins.module_utils.plan import both_sides


def words_of(params):
    """Return the words that `plan` and `apply` have in common."""
    words = repeated("--profile", params["files"]) + repeated("--role", params["roles"])
    for name in ("variant", "pool", "root", "at"):
        if params[name]:
            words += ["--" + name, params[name]]
    words += assignments(params["properties"])
    words += [] if params["owner"] else ["--no-owner"]
    words += ["--allow-unsafe"] if params["allow_unsafe"] else []
    return words + ["--"] + params["profiles"] if params["profiles"] else words


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "profiles": {"type": "list", "elements": "str", "default": []},
            "files": {"type": "list", "elements": "path", "default": []},
            "roles": {"type": "list", "elements": "str", "default": []},
            "variant": {"type": "str"},
            "pool": {"type": "str"},
            "root": {"type": "str"},
            "at": {"type": "str"},
            "properties": {"type": "dict", "default": {}},
            "owner": {"type": "bool", "default": True},
            "allow_unsafe": {"type": "bool", "default": False},
        }
    )
    if not any(module.params[name] for name in ("profiles", "files", "roles")):
        module.fail_json(msg="one of the following is required: profiles, files, roles")
    command = Command(module)
    words = words_of(module.params)
    planned = command.ask("plan", "--check", *words, accept=(DONE, PENDING))
    plan, notes = planned.document, planned.notes
    changed = planned.status == PENDING
    done = 0
    if changed and not module.check_mode:
        applied = command.ask("apply", *words)
        done = applied.document.get("done", 0)
        notes = notes + applied.notes
    if changed:
        notes = notes + [
            (each["message"], each.get("hint") or "") for each in plan.get("warnings", ())
        ]
    command.pass_on(notes)
    diff = as_diff(*both_sides(plan))
    module.exit_json(changed=changed, plan=plan, done=done, diff=diff)


if __name__ == "__main__":
    main()
