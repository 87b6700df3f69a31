"""Imports of pyznap's settings compared with pyznap itself, on made-up pools."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from made_up_zfs import MadeUpPool, ToolStopped, imported, outcomes, pyznap_victims
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError
from zfstune.values.names import ancestors_of

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

# The number of random files; 1,000 take some minutes.
CASES = int(os.environ.get("ZFSTUNE_ORACLE_CASES", "120"))
FIRST = int(os.environ.get("ZFSTUNE_ORACLE_SEED", "0"))
ODD = 1 / 10
TREE = (
    *("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/ab/c", "tank/z"),
    *("ta", "ta/x", "sshpool", "sshpool/a"),
)
KINDS = ("frequent", "hourly", "daily", "weekly", "monthly", "yearly")


def check(pool: MadeUpPool, text: str, folder: Path) -> str:
    """Compare the import of a text with pyznap; return the outcome."""
    try:
        victims = pyznap_victims(pool, text, folder)
    except ToolStopped:
        with pytest.raises(PolicyError, match=r"^cannot import from pyznap"):
            convert("pyznap", text, pool.datasets)
        return "pyznap stops"
    return pool.compare(imported("pyznap", text, pool.datasets), victims)


def some_pool(rng: Random) -> MadeUpPool:
    """Make a tree with snapshots of some kinds, and some that pyznap leaves alone."""
    chosen = rng.sample(TREE, rng.randint(3, 8))
    snapshots = {}
    datasets = {name for each in chosen for name in (each, *ancestors_of(each))}
    for dataset in sorted(datasets):
        shorts = {}
        for kind in rng.sample(KINDS, rng.randint(1, 3)):
            for age in rng.sample(range(1, 50), rng.randint(0, 7)):
                prefix = rng.choice(["pyznap", "pyznap", "autosnap", "pyznap_x", "other"])
                shorts[f"{prefix}_{age}_{kind}"] = age
        snapshots[dataset] = {**shorts, "manual": 99, "pyznap_1_other": 98, "pyznap": 97}
    return MadeUpPool(snapshots)


NUMBERS = (
    ["0", "1", "2", "3", "4"],
    ["+2", "0_1", "-1", "03", "٣", "3\n\n    ", "99999999"],
)
# Values that stop pyznap are rare, or no other outcome would be seen.
STOPS = ["", "3 # x", "3.0", "x", "3\n    weekly = 1", "%", "1e3"]
WORDS = (["yes", "yes", "yes", "no"], ["YES", "No", "", "true", "yes # x", "yes\n      no"])
VALUES = {
    **dict.fromkeys(KINDS, NUMBERS),
    "clean": WORDS,
    "snap": WORDS,
    "dest": (["ssh:22:u@h:back"], ["a, b"]),
    "retries": (["1", "1, 2"], ["3"]),
    "unknown": (["x"], ["50%"]),
}
KEYS = [*KINDS, *["clean"] * 5, "snap", "dest", "retries", "unknown"]


def some_file(rng: Random) -> str:
    """Write a pyznap.conf as people write them, now and then with a mistake."""
    names = rng.sample(TREE, rng.randint(1, 5))
    if rng.random() < ODD * 2:
        names.append(rng.choice(["ssh:22:u@h:tank/a", "ssh::u@h:t", "DEFAULT", " tank "]))
    if rng.random() < ODD / 4:
        names.append(names[0])
    rng.shuffle(names)
    text = rng.choice(["", "# settings\n", "\n"])
    for name in names:
        text += f"[{name}]\n"
        indent = rng.choice(["", "", "\t", "    "])
        for key in dict.fromkeys(rng.choices(KEYS, k=rng.randint(0, 8))):
            values = VALUES[key][rng.random() < ODD]
            if rng.random() < ODD / 10:
                values = STOPS
            if rng.random() < ODD / 10:  # this line then continues the value above
                indent += "  "
            equals = rng.choice([" = ", "=", ": ", "\t=\t"])
            name_of_key = key.capitalize() if rng.random() < ODD else key
            text += f"{indent}{name_of_key}{equals}{rng.choice(values)}\n"
            text += rng.choice(["", "", "", "# daily = 9\n", "; x\n", "\n"])
    return text.replace("\n", "\r\n") if rng.random() < ODD else text


def test_random_files(tmp_path: Path) -> None:
    """An import destroys the same as pyznap, and nothing where it is left out."""
    counts = outcomes(
        range(FIRST, FIRST + CASES),
        lambda rng: (some_pool(rng), some_file(rng)),
        lambda pool, text: check(pool, text, tmp_path),
    )
    # With fewer, the settings would be too odd to show anything.
    assert counts["destroyed"] > CASES // 3
