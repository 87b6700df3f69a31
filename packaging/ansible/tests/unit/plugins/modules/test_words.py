# Copyright: The zfstune project
# SPDX-License-Identifier: Apache-2.0
"""Which words the other modules hand to the command."""

from __future__ import annotations

from ansible_collections.zfstune.storage.plugins.modules import (
    policy,
    profile,
    replication,
)

PROFILE = {
    "profiles": ["postgres"],
    "files": [],
    "roles": [],
    "variant": None,
    "pool": None,
    "root": None,
    "at": None,
    "properties": {},
    "owner": True,
    "allow_unsafe": False,
}
REPLICATION = {
    "source": "tank/a",
    "target": "backup:tank/a",
    "to_image": None,
    "recursive": False,
    "exclude": [],
    "newest_only": False,
    "raw": None,
    "properties": {},
    "keep_properties": False,
    "keep_aside": False,
    "verify": False,
    "ssh_options": [],
    "rate": None,
    "retries": 0,
}


def test_profile():
    """Names stand behind all options, where none of them can pass for one."""
    assert profile.words_of(PROFILE) == ["--", "postgres"]
    more = {"roles": ["web"], "pool": "tank", "properties": {"atime": True}}
    more.update(owner=False, allow_unsafe=True, profiles=[])
    assert profile.words_of(dict(PROFILE, **more)) == [
        *("--role", "web", "--pool", "tank", "-o", "atime=on"),
        *("--no-owner", "--allow-unsafe"),
    ]


def test_policy():
    """A policy is one word; without one the verb is another."""
    params = {"dataset": "tank/a", "policy": "keep=0", "state": "present"}
    params["all_of_them"] = True
    words = ["--all-of-them", "--", "tank/a", "keep=0"]
    assert policy.words_of(params) == (["policy", "set"], words)
    params["state"] = "absent"
    assert policy.words_of(params) == (["policy", "clear"], ["--", "tank/a"])


def test_replication():
    """Nothing is lost by any option, and raw has three states."""
    ends = ["--", "tank/a", "backup:tank/a"]
    assert replication.words_of(REPLICATION) == ([], ends)
    for raw, option in ((True, "--raw"), (False, "--no-raw")):
        assert replication.words_of(dict(REPLICATION, raw=raw)) == ([option], ends)
    flags = dict.fromkeys(replication.FLAGS, True)
    words, _ends = replication.words_of(dict(REPLICATION, **flags))
    assert sorted(words) == sorted(replication.FLAGS.values())
    assert "--lose" not in words
