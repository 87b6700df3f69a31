"""The numbers of users and groups, by name."""

from __future__ import annotations

import grp
import pwd

from zfstune.host.accounts import group_numbers, user_numbers


def test_users_and_groups_have_their_own_numbers() -> None:
    """Each name is looked up among its kind: a user's number is not its group's."""
    user = max(pwd.getpwall(), key=lambda entry: entry.pw_uid)
    group = max(grp.getgrall(), key=lambda entry: entry.gr_gid)
    assert user_numbers(["root", user.pw_name]) == {"root": 0, user.pw_name: user.pw_uid}
    assert group_numbers(["root", group.gr_name]) == {
        "root": 0,
        group.gr_name: group.gr_gid,
    }


def test_a_name_that_does_not_exist_is_left_out() -> None:
    """A profile may name an account that its package has not made yet."""
    assert user_numbers(["root", "no such user", ""]) == {"root": 0}
    assert group_numbers(["no such group", "root"]) == {"root": 0}
    assert user_numbers([]) == group_numbers([]) == {}
