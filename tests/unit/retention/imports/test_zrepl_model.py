"""Random zrepl jobs over a random tree, compared with a model of zrepl.

The model is written from internal/pruning and internal/daemon/filters, rule by rule.
"""

from __future__ import annotations

import re
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import NOW, cases, gone, in_force, taken
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError

TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "pool", "pool/a")
REGEXES = ("^z_", "^z_.*", "^z_h", "^m", "", ".*", "_a$", "h|m", "^x$", "[ab]")
GRIDS = ("1x1h(keep=all) | 3x1h", "2x1h | 2x4h", "1x2h(keep=2)|2x1d", "3x1h")
NAMES = ("z_h{}_a", "z_d{}_b", "m{}", "h_{}", "x")


def grid_destroys(spec: str, matching: list[tuple[str, int]]) -> set[str]:
    """Return the snapshots that a grid destroys, as retentiongrid.go fits them in."""
    newest = max(time for _, time in matching)
    begin = newest
    keeps = set()
    for part in spec.split("|"):
        times, length, unit, keep = re.fullmatch(
            r"\s*(\d+)x(\d+)([hd])(?:\(keep=(\w+)\))?\s*", part
        ).groups()  # type: ignore[union-attr]
        for _ in range(int(times)):
            end = begin - int(length) * {"h": 3600, "d": 86400}[unit]
            inside = sorted((t, n) for n, t in matching if end < t <= begin)
            most = len(inside) if keep == "all" else int(keep or 1)
            keeps |= {name for _, name in inside[:most]}
            begin = end
    return {name for name, _ in matching} - keeps


def rule_destroys(rule: dict[str, Any], there: list[tuple[str, int]]) -> set[str]:
    """Return the snapshots that one rule would destroy."""
    names = {name for name, _ in there}
    matching = [each for each in there if re.search(rule.get("regex", ""), each[0])]
    if rule["type"] == "regex":
        hit = {name for name, _ in matching}
        return hit if rule.get("negate") else names - hit
    kept: set[str] = set()
    if rule["type"] == "last_n" and matching:
        newest = sorted(matching, key=lambda each: each[1])[-rule["count"] :]
        kept = {name for name, _ in newest}
    elif rule["type"] == "grid" and matching:
        kept = {n for n, _ in matching} - grid_destroys(rule["grid"], matching)
    return names - kept


def zrepl_destroys(jobs: Any, dataset: str, there: list[tuple[str, int]]) -> set[str]:
    """Return the snapshots that jobs destroy when they prune in this order."""
    left = list(there)
    for filters, listed in jobs:
        best = max(
            (
                (len(path) + 1000 * (not below), wanted)
                for path, below, wanted in filters
                if path == dataset or (below and dataset.startswith(path + "/"))
            ),
            default=(0, False),
        )
        if best[1] and listed:
            all_agree = set.intersection(*[rule_destroys(rule, left) for rule in listed])
            left = [each for each in left if each[0] not in all_agree]
    return {name for name, _ in there} - {name for name, _ in left}


some_rules = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("last_n"), "count": st.integers(1, 4)},
            optional={"regex": st.sampled_from(REGEXES)},
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("grid"),
                "grid": st.sampled_from(GRIDS),
                "regex": st.sampled_from([each for each in REGEXES if each]),
            }
        ),
        st.fixed_dictionaries(
            {"type": st.just("regex"), "regex": st.sampled_from(REGEXES)},
            optional={"negate": st.booleans()},
        ),
    ),
    max_size=3,
)
some_filters = st.dictionaries(
    st.tuples(st.sampled_from(TREE[:5]), st.booleans()),
    st.booleans(),
    min_size=1,
    max_size=3,
).map(lambda found: [(path, below, wanted) for (path, below), wanted in found.items()])
some_jobs = st.lists(st.tuples(some_filters, some_rules), min_size=1, max_size=3)


def written(jobs: Any, quote: str, truths: tuple[str, str]) -> str:
    """Write jobs as people do."""
    lines = ["# zrepl.yml", "jobs:"]
    for number, (filters, listed) in enumerate(jobs):
        lines += [f"- type: snap  # number {number}", f"  name: job {number}"]
        lines += ["  filesystems:"]
        lines += [
            f"    {quote}{path}{'<' * below}{quote}: {truths[wanted]}"
            for path, below, wanted in filters
        ]
        lines += ["  pruning:", "    keep:" + " []" * (not listed)]
        for rule in listed:
            shape = {
                k: truths[v] if v is True or v is False else v for k, v in rule.items()
            }
            lines += [f"    - type: {shape.pop('type')}"]
            lines += [
                f'      {k}: "{v}"' if k in ("regex", "grid") else f"      {k}: {v}"
                for k, v in shape.items()
            ]
    return "\n".join(lines) + "\n"


@settings(max_examples=cases(100))
@given(
    jobs=some_jobs,
    quote=st.sampled_from(["'", '"']),
    truths=st.sampled_from([("false", "true"), ("no", "Yes"), ("off", "on"), ("N", "y")]),
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=9),
    ages=st.sets(st.integers(0, 40).map(lambda n: n * 1800), min_size=9, max_size=9),
)
def test_a_model_of_zrepl(
    jobs: Any, quote: str, truths: tuple[str, str], names: list[str], ages: set[int]
) -> None:
    """Jobs in any order destroy the same snapshots as the policy, or are left out."""
    listing = [
        (name.format(number), NOW - age)
        for number, (name, age) in enumerate(
            zip(names, sorted(ages, reverse=True), strict=False)
        )
    ]
    listing = list(dict(listing).items())
    listing.sort(key=lambda each: each[1])
    text = written(jobs, quote, truths)
    try:
        reading = convert("zrepl", text, TREE)
    except PolicyError as error:
        assert "nothing in it prunes" in error.message  # noqa: PT017 (one of two results)
        assert not any(zrepl_destroys(jobs, dataset, listing) for dataset in TREE)
        return
    left_out = {each.dataset for each in reading.left_out}
    for dataset in TREE:
        policy = in_force(reading, dataset)
        by_policy = gone(policy, taken(dataset, listing))
        if any(f"{dataset}/".startswith(f"{each}/") for each in left_out) and not by_policy:
            continue
        for order in permutations(jobs):
            by_model = zrepl_destroys(order, dataset, listing)
            assert by_policy <= by_model
            # A grid may let go the newest snapshot of its scope.
            spared = by_model - by_policy
            newest = {
                [n for n, _ in listing if group.scope()(n)][-1:][0]
                for group in (policy.groups if policy else ())
                if any(group.scope()(n) for n, _ in listing)
            }
            assert spared <= newest
