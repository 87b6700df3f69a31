"""Imports of sanoid's settings compared with sanoid itself, on made-up pools."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from made_up_zfs import (
    SANOID_DEFAULTS,
    MadeUpPool,
    ToolStopped,
    imported,
    outcomes,
    sanoid_victims,
)
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.ini_files import read_ini
from zfstune.retention.imports.sanoid_settings import DEFAULTS, KEYS
from zfstune.values.errors import PolicyError
from zfstune.values.names import ancestors_of

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

# The number of random files; 1,000 take some minutes.
CASES = int(os.environ.get("ZFSTUNE_ORACLE_CASES", "80"))
FIRST = int(os.environ.get("ZFSTUNE_ORACLE_SEED", "0"))
ODD = 1 / 8
DAY = 86400
PERIODS = {
    "frequently": 900,
    "hourly": 3600,
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 31 * DAY,
    "yearly": DAY * 1461 // 4,
}
TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/z", "pool", "pool/a")
TEMPLATES = ("p", "q", "default")


def check(pool: MadeUpPool, text: str, folder: Path) -> str:
    """Compare the import of a text with sanoid; return the outcome."""
    try:
        victims = sanoid_victims(pool, text, folder)
    except ToolStopped as stopped:
        reason = str(stopped)
    else:
        reason = ""
    if "invalid prune_defer" in reason:  # sanoid finds that out while it prunes
        assert convert("sanoid", text, pool.datasets).left_out
        return "sanoid stops"
    if reason:
        assert "I don't understand" in reason or "create a valid local config" in reason
        with pytest.raises(PolicyError, match=r"^cannot import from sanoid"):
            convert("sanoid", text, pool.datasets)
        return "sanoid stops"
    try:
        reading = imported("sanoid", text, pool.datasets)
    except PolicyError as error:
        # This is a recursive section with an empty path.
        if "which datasets sanoid lists below ''" not in error.message:
            raise
        return "refused"
    for dataset, destroyed in pool.destroyed(imported("sanoid", text, None)).items():
        assert destroyed <= victims, dataset
    return pool.compare(reading, victims)


def some_pool(rng: Random) -> MadeUpPool:
    """Make a tree with snapshots of some kinds, and some that sanoid leaves alone."""
    chosen = rng.sample(TREE, rng.randint(3, 6))
    datasets = {name for each in chosen for name in (each, *ancestors_of(each))}
    snapshots = {}
    for dataset in sorted(datasets):
        shorts = {}
        for kind in rng.sample(sorted(PERIODS), rng.randint(1, 3)):
            for _ in range(rng.randint(0, 7)):
                age = max(rng.randint(0, 6) * PERIODS[kind] + rng.choice([-1, 0, 0, 1]), 1)
                shorts[f"autosnap_{age}_{kind}"] = age
        shorts |= {"manual": 9**9, "autosnap_x_other": 9**9, "syncoid_1_daily": 9**9}
        snapshots[dataset] = shorts
    return MadeUpPool(snapshots)


# Usual values, then odd ones, of which one in eight choices is.
NUMBERS = (
    ["0", "1", "2", "3", "4"],
    ["", "  2", "3 ", "2 # two", "1 day", "x", "-1", "1e0"],
)
WORDS = (
    ["yes", "yes", "no", "1", "0"],
    ["on", "off", "TRUE", "", "maybe", "no # x", "no "],
)
VALUES = {
    **dict.fromkeys(PERIODS, NUMBERS),
    "frequent_period": (["15", "5", "0", "1"], ["x"]),
    "autoprune": WORDS,
    "autosnap": WORDS,
    "recursive": (
        ["yes", "yes", "zfs", "no"],
        ["on", "yes # all", "YES", "1 ", "y.s", "ye"],
    ),
    "skip_children": (["no", "yes"], ["1 "]),
    "process_children_only": (["no", "yes"], ["Yes", "yes # x"]),
    "use_template": (["p", "q", "p,q", "q , p"], ["p # x", "none", "", ", p"]),
    "path": (TREE, ["", "tank/none"]),
    "prune_defer": (["0", "60", "100"], ["0"]),
    "hourly_warn": (["90m"], ["x"]),
    "pruning_script": (["/bin/true"], [""]),
}
LIKELY = [*PERIODS, "recursive", "use_template", "autoprune"]
RARE = ["path", "skip_children", "prune_defer", "pruning_script", "hourly_warn"]
OFTEN = [key for key in VALUES if key not in RARE] * 3 + LIKELY * 4 + RARE


def some_file(rng: Random) -> str:
    """Write a sanoid.conf as people write them, now and then with a mistake."""
    names = rng.choices(TREE, k=rng.randint(1, 5))
    names += [f"template_{name}" for name in rng.sample(TEMPLATES, rng.randint(0, 3))]
    rng.shuffle(names)
    repeats = rng.random() < 0.2
    text = ""
    for name in names if repeats else dict.fromkeys(names):
        text += rng.choice(["[{}]\n", "\n[{}]\n", "  [{}]\n", "[ {} ] \n"]).format(name)
        keys = rng.choices(OFTEN, k=rng.randint(0, 8))
        for key in keys if repeats else dict.fromkeys(keys):
            value = rng.choice(VALUES[key][rng.random() < ODD])
            equals = rng.choice([" = ", "=", "\t=  "])
            text += f"{rng.choice(['', chr(9), ' ' * 8])}{key}{equals}{value}\n"
            text += rng.choice(["", "", "", "# daily = 9\n", "\t; x\n", "\n"])
    if rng.random() < ODD / 4:
        text += rng.choice(["Daily = 3\n", "daily\n", "dayly = 3\n"])
    return text.replace("\n", "\r\n") if rng.random() < ODD else text


def test_the_defaults_are_those_of_sanoid() -> None:
    """The defaults and the known keys are those of sanoid.defaults.conf."""
    file = read_ini(SANOID_DEFAULTS.read_text(encoding="utf-8"))["template_default"]
    assert {key: file[key] for key in DEFAULTS} == {
        key: [value] for key, value in DEFAULTS.items()
    }
    # pre_pruning_script is new in sanoid 2.2.
    assert KEYS - {"pre_pruning_script"} == file.keys() - {"pre_pruning_script"}


def test_random_files(tmp_path: Path) -> None:
    """An import destroys the same as sanoid, and nothing where it is left out."""
    counts = outcomes(
        range(FIRST, FIRST + CASES),
        lambda rng: (some_pool(rng), some_file(rng)),
        lambda pool, text: check(pool, text, tmp_path),
    )
    # With fewer, the settings would be too odd to show anything.
    assert counts["destroyed"] > CASES // 3
