"""Verdicts on pools made of dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_pool import ACCOUNTS, app_profile
from zfstune.datasets.expected import placed_roots, see_profiles
from zfstune.health.verdicts import Seen, judge_dataset
from zfstune.values.errors import ProfileError
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from model_pool import Model
    from zfstune.datasets.expected import Expected
    from zfstune.health.findings import Finding, Verdict
    from zfstune.profiles.profile import Profile
    from zfstune.values.exports import Exports
    from zfstune.values.state import Place

FIXED = app_profile("app", "app", "app/x", owner="app", recordsize="8K", atime="off")


def expect(model: Model, *profiles: Profile) -> dict[str, Expected]:
    """Give what these profiles should have where the model says they are."""
    known = {profile.name: profile for profile in profiles}

    def find(name: str) -> Profile:
        if name not in known:
            raise ProfileError(name)
        return known[name]

    datasets = model.datasets()
    roots = placed_roots(datasets.values(), find)
    return see_profiles(roots, datasets, model.pool, DEFAULT_LIMITS)


def judge(
    model: Model,
    *profiles: Profile,
    owner: bool = True,
    exports: Exports | None = None,
    places: Mapping[str, Place] | None = None,
    files: Mapping[str, str] | None = None,
    accounts: Mapping[str, int] = ACCOUNTS,
) -> dict[str, Verdict]:
    """Give the verdict on each dataset that the model's notes speak of."""
    seen = Seen(
        model.pool,
        model.datasets(),
        model.mounts,
        accounts,
        accounts,
        "tank/data",
        owner,
        exports,
        places or {},
        files or {},
    )
    return {
        name: judge_dataset(expected, seen, (), None)
        for name, expected in expect(model, *profiles).items()
    }


def states(verdicts: dict[str, Verdict]) -> dict[str, str]:
    """Give the states that are not ok, by dataset."""
    return {name: v.state for name, v in verdicts.items() if v.state != "ok"}


def only(verdicts: Iterable[Verdict]) -> Finding:
    """Give the one thing that was found."""
    [finding] = [finding for verdict in verdicts for finding in verdict.findings]
    return finding
