"""The seed variants of the profiles that ship: the datasets of the seed, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from zfstune.profiles.load import load, profile_names

SEED = Path(__file__).parents[2] / "data" / "seed-zfs-create.txt"


def created_by_seed() -> list[tuple[str, dict[str, str]]]:
    """Read the seed's ``zfs create`` calls: path below its root, and properties."""
    text = SEED.read_text(encoding="utf-8").replace("\\\n", " ").replace('"', "")
    given = dict(re.findall(r"^(\w+)=\$\{\1:-([^}]*)\}$", text, re.MULTILINE))
    assert given.keys() == {"NFS_SUBNET", "DEV_USER"}
    text = re.sub(r"\$\{(\w+)\}", lambda match: given[match[1]], text)
    calls = []
    for line in re.findall(r"^zfs create (.*)$", text, re.MULTILINE):
        *options, name = line.split()
        assert set(options[::2]) == {"-o"}
        path = re.fullmatch(rf"rpool/(?:data|home/{given['DEV_USER']})/(\S+)", name)
        assert path, name
        calls.append((path[1], dict(o.split("=", 1) for o in options[1::2])))
    return calls


def seed_variants() -> dict[str, dict[str, str]]:
    """Return the datasets of all variants called seed: path to properties."""
    found: dict[str, dict[str, str]] = {}
    for name in profile_names():
        base = load(name)
        if all(variant.name != "seed" for variant in base.variants):
            continue
        for dataset in base.variant("seed").datasets:
            assert dataset.path not in found
            found[dataset.path] = {s.property: s.value for s in dataset.settings}
    return found


def test_seed_variants_are_the_seed() -> None:
    """Each of the seed's 26 calls has its dataset, with these values and no others."""
    calls = created_by_seed()
    assert len(calls) == 26
    ours = seed_variants()
    for path, properties in calls:
        assert ours[path] == properties, path
    assert ours.keys() == {path for path, _ in calls}
    assert len(ours) == 24
