"""``zfstune verify``: targets, its own exit status, and the number of files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from zfstune.health.verify import verify
from zfstune.values.errors import InvalidName, ProfileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs
    from zfstune.values.errors import ZfstuneError

    Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("count", ["-1", "many", "1.5"])
def test_the_number_of_files(run: Run, tank: Heirs, count: str) -> None:
    """A wrong number is a usage error that quotes it."""
    status, out, err = run("verify", f"--files={count}")
    assert (status, out) == (2, "")
    assert f"'{count}' is no number: " in err
    assert tank.calls == []


def test_a_role_without_datasets(run: Run, tank: Heirs) -> None:
    """There is nothing to look at, which is no fault."""
    assert run("verify", "--role", "vpn") == (
        0,
        "nothing to verify: this role has no datasets of its own\n",
        "",
    )
    assert json.loads(run("verify", "--role", "vpn", "--json")[1])
    assert tank.calls == []


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("./my.toml", ProfileError),
        ("/etc/my.toml", ProfileError),
        ("~/my.toml", ProfileError),
        ("/data/logs", InvalidName),
    ],
)
def test_what_verify_is_given(target: str, error: type[ZfstuneError], tank: Heirs) -> None:
    """A profile's file gets another hint than a directory, which may mean a dataset."""
    with pytest.raises(error) as refused:
        verify(target, engine=tank.seam)
    hint = (
        "--profile" if error is ProfileError else "begins with its pool, not with a slash"
    )
    assert hint in refused.value.hint
