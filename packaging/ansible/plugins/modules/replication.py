#!/usr/bin/python
# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Bring the copy of a dataset up to date."""

from __future__ import annotations

DOCUMENTATION = r"""
module: replication
short_description: Bring the copy of a dataset up to date
description:
  - Runs C(zfstune replicate) on the host, which sends to the target all that it lacks.
    One of the two may be on another host, which the host of the task reaches by ssh.
  - The target only ever gains snapshots. One that has gone its own way is refused, and
    the task names the snapshots in the way; no option of this module loses them.
  - M(zfstune.storage.schedule) has it done again by the clock.
options:
  source:
    description: The dataset to send, as in V(tank/www) or V(web1:tank/www).
    type: str
    required: true
  target:
    description: The dataset that receives, as in V(backup:tank/copies/www).
    type: str
    required: true
  to_image:
    description: The target is in the pool in this file on the host.
    type: path
  recursive:
    description: Send all datasets below the source, too.
    type: bool
    default: false
  exclude:
    description: Shell patterns of full names to leave out, with all below them.
    type: list
    elements: str
    default: []
  snapshot:
    description: Take a snapshot of all datasets at one instant first. Each run changes
      something then.
    type: bool
    default: false
  newest_only:
    description: Send the newest snapshot, and none of those between it and the base.
    type: bool
    default: false
  raw:
    description: Send encrypted blocks as they are, without their key, or decrypted.
      Without it, as the first stream was, and raw if this is the first.
    type: bool
  properties:
    description: Values for a new target, by property.
    type: dict
    default: {}
  keep_properties:
    description: Take the properties of the source that say how blocks are stored, and
      user properties.
    type: bool
    default: false
  keep_aside:
    description: Rename a target that has gone its own way, and receive beside it.
    type: bool
    default: false
  verify:
    description: Compare what arrives with what was sent, by content.
    type: bool
    default: false
  ssh_options:
    description: Options of ssh, as in V(Port=2222).
    type: list
    elements: str
    default: []
  rate:
    description: Send at most so many bytes a second, as in V(50M).
    type: str
  retries:
    description: Try a dataset again so many times if its stream breaks off.
    type: int
    default: 0
extends_documentation_fragment:
  - zfstune.storage.zfstune
  - zfstune.storage.zfstune.changing
author:
  - The zfstune project (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Have a copy on the backup host
  zfstune.storage.replication:
    source: tank/data/www
    target: backup:tank/copies/www
    recursive: true
"""

RETURN = r"""
plan:
  description: What C(zfstune replicate --json) says.
  returned: success
  type: dict
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

FLAGS = {
    "recursive": "--recursive",
    "newest_only": "--newest-only",
    "keep_properties": "--properties",
    "keep_aside": "--keep-aside",
    "verify": "--verify",
}


def words_of(params):
    """Return the words of the verb."""
    words = [option for name, option in sorted(FLAGS.items()) if params[name]]
    words += repeated("--exclude", params["exclude"])
    words += repeated("--ssh-option", params["ssh_options"])
    words += assignments(params["properties"])
    if params["raw"] is not None:
        words.append("--raw" if params["raw"] else "--no-raw")
    for name, option in (("to_image", "--to-image"), ("rate", "--rate")):
        words += [option, params[name]] if params[name] else []
    words += ["--retries", str(params["retries"])] if params["retries"] else []
    return words, ["--", params["source"], params["target"]]


def lines(plan):
    """Return what a plan sends, a step a line."""
    rows = []
    for dataset in plan.get("datasets", ()):
        for step in dataset.get("steps", ()):
            about = "{0} -> {1}".format(step.get("snapshot"), dataset["target"])
            rows.append("{0} {1}".format(step["step"], about))
        if dataset.get("aside"):
            rows.append("rename {0} to {1}".format(dataset["target"], dataset["aside"]))
    return "".join("{0}\n".format(row) for row in rows)


def main():
    """Run the module."""
    module = zfstune_module(
        {
            "source": {"type": "str", "required": True},
            "target": {"type": "str", "required": True},
            "to_image": {"type": "path"},
            "recursive": {"type": "bool", "default": False},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "snapshot": {"type": "bool", "default": False},
            "newest_only": {"type": "bool", "default": False},
            "raw": {"type": "bool"},
            "properties": {"type": "dict", "default": {}},
            "keep_properties": {"type": "bool", "default": False},
            "keep_aside": {"type": "bool", "default": False},
            "verify": {"type": "bool", "default": False},
            "ssh_options": {"type": "list", "elements": "str", "default": []},
            "rate": {"type": "str"},
            "retries": {"type": "int", "default": 0},
        }
    )
    command = Command(module)
    words, ends = words_of(module.params)
    answer = command.ask("replicate", "--check", *words, *ends, accept=(DONE, PENDING))
    changed = answer.status == PENDING or module.params["snapshot"]
    plan = answer.document
    if changed and not module.check_mode:
        words += ["--snapshot"] if module.params["snapshot"] else []
        answer = command.ask("replicate", *words, *ends)
        plan = answer.document
    command.pass_on(answer.notes)
    diff = as_diff("", lines(plan) if changed else "")
    module.exit_json(changed=changed, plan=plan, diff=diff)


if __name__ == "__main__":
    main()
