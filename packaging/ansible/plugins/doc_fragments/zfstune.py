# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""What the documentation of all modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The options and the attributes that every module has."""

    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The zfstune command on the host.
      - A name without a slash is looked up in E(PATH), then in C(/opt/zfstune/bin), where
        the role P(zfstune.storage.install#role) puts it.
    type: str
    default: zfstune
  image:
    description:
      - Work on the pool in this plain file, and not on the pools of the kernel.
    type: path
requirements:
  - zfstune on the host, which the role P(zfstune.storage.install#role) installs
notes:
  - The module runs C(zfstune --json) on the host; what it decides is what the command
    decides. The host's Python needs no library.
  - Output of the command that is not an error becomes a warning of the task.
"""

    CHANGING = r"""
attributes:
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  diff_mode:
    description: Returns what was changed, or would be in check mode.
    support: full
"""

    READING = r"""
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: There is no change to show.
    support: none
"""
