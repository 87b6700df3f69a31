"""Run other tools on a pool that is made up, and compare them with an import.

The tools run unchanged. The ``zfs`` and ``zpool`` on their PATH are scripts that list the
datasets and snapshots of a test, and destroy nothing.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING
from unittest.mock import patch

from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import Reading, convert
from zfstune.retention.imports.reading import in_force
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.names import ancestors_of
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

__all__ = [
    "NOW",
    "SANOID_DEFAULTS",
    "MadeUpPool",
    "ToolStopped",
    "imported",
    "outcomes",
    "pyznap_victims",
    "sanoid_victims",
]

# The time that the tools see; it stands still during a run.
NOW = 1_700_006_400

# Where .ci/install-host unpacks sanoid; its package would install the zfs commands.
SANOID = Path(os.environ.get("ZFSTUNE_ORACLE_SANOID", "/var/cache/zfstune-oracles/sanoid"))
_DEFAULTS = "/usr/share/sanoid/sanoid.defaults.conf"
SANOID_DEFAULTS = SANOID / _DEFAULTS.lstrip("/")

_ZFS = """#!/bin/sh
for last; do :; done
case "$1 $*" in
"list "*snapshot*)
    while IFS="	" read -r name _; do
        case $name in "$last"@*) printf '%s\\tsnapshot\\n' "$name" ;; esac
    done <'{folder}/snapshots' ;;
"list "*)
    grep -Fqx -- "$last" '{folder}/datasets' || {{
        echo "cannot open '$last': dataset does not exist" >&2
        exit 1
    }}
    while read -r name; do
        case $name in "$last" | "$last"/*) ;; *) continue ;; esac
        case $* in
        *name,type*) printf '%s\\tfilesystem\\n' "$name" ;;
        *) echo "$name" ;;
        esac
    done <'{folder}/datasets' ;;
"get "*) cat '{folder}/snapshots' ;;
"destroy "*) echo "$last" >>'{folder}/destroyed' ;;
*) echo "nobody expects zfs $1" >&2; exit 1 ;;
esac
"""
_ZPOOL = "#!/bin/sh\necho 50%\n"
_CLOCK = f"package Clock; BEGIN {{ *CORE::GLOBAL::time = sub {{ {NOW} }} }} 1;\n"


@frozen
class MadeUpPool:
    """Datasets, each with the ages of its snapshots in seconds by short name."""

    datasets: Mapping[str, Mapping[str, int]]

    def snapshots(self, dataset: str) -> list[Snapshot]:
        """Make the snapshots of a dataset, the oldest first."""
        ages = self.datasets[dataset]
        by_age = sorted(ages, key=lambda short: (-ages[short], short))
        return [
            Snapshot(f"{dataset}@{short}", txg, txg, creation=NOW - ages[short])
            for txg, short in enumerate(by_age, 1)
        ]

    def destroyed(self, reading: Reading) -> dict[str, set[str]]:
        """Return the snapshots that zfstune destroys once a reading is stored."""
        when = datetime.fromtimestamp(NOW, UTC)
        victims = {}
        for dataset, policy in in_force(reading, self.datasets).items():
            decided = decide(self.snapshots(dataset), policy, when) if policy else ()
            victims[dataset] = {each.snapshot.name for each in decided if not each.keep}
        return victims

    def left_out(self, reading: Reading) -> set[str]:
        """Return the datasets whose settings a reading leaves out.

        A reading names only the top of a tree that is left out for one reason.
        """
        named = {each.dataset for each in reading.left_out}
        lines = named | {each.dataset for each in reading.policies}
        datasets = set()
        for dataset in self.datasets:
            above = (dataset, *reversed(ancestors_of(dataset)))
            if next((name for name in above if name in lines), None) in named:
                datasets.add(dataset)
        return datasets

    def compare(self, reading: Reading, victims: set[str]) -> str:
        """Check that a reading destroys the tool's victims, but none where it leaves out.

        Returns:
            ``destroyed`` if both destroy snapshots, else ``left out`` or ``kept``.
        """
        left_out = self.left_out(reading)
        for dataset, destroyed in self.destroyed(reading).items():
            own = {name for name in victims if name.startswith(f"{dataset}@")}
            assert destroyed == (set() if dataset in left_out else own), dataset
        if any(name.partition("@")[0] not in left_out for name in victims):
            return "destroyed"
        return "left out" if left_out else "kept"

    def write(self, folder: Path) -> None:
        """Write the commands, and the datasets and snapshots that they list."""
        (folder / "datasets").write_text("".join(f"{n}\n" for n in sorted(self.datasets)))
        (folder / "snapshots").write_text(
            "".join(
                f"{s.name}\tcreation\t{s.creation}\t-\n"
                for dataset in sorted(self.datasets)
                for s in self.snapshots(dataset)
            )
        )
        for name, script in (("zfs", _ZFS), ("zpool", _ZPOOL)):
            (folder / name).write_text(script.format(folder=folder))
            (folder / name).chmod(0o755)


class ToolStopped(Exception):  # noqa: N818 (it says what happened)
    """A tool stopped before it was done; the message has the reason."""


def imported(tool: str, text: str, datasets: Collection[str] | None) -> Reading:
    """Import settings; settings that prune nothing give an empty reading."""
    try:
        return convert(tool, text, datasets)
    except PolicyError as error:
        if "nothing in it prunes" not in error.message:
            raise
        return Reading()


def outcomes(
    seeds: Iterable[int],
    make: Callable[[Random], tuple[MadeUpPool, str]],
    check: Callable[[MadeUpPool, str], str],
) -> Counter[str]:
    """Check random pools and settings, and count the outcomes.

    Args:
        seeds: One for each case; a case that fails prints its seed.
        make: Makes a pool and the text of settings.
        check: Compares the import of the text with the tool; returns the outcome.
    """
    counts: Counter[str] = Counter()
    for seed in seeds:
        pool, text = make(Random(seed))  # noqa: S311 (no secret)
        try:
            counts[check(pool, text)] += 1
        except (AssertionError, PolicyError):
            print(f"seed {seed}:\n{text}")
            raise
    print(dict(counts))
    return counts


def sanoid_victims(pool: MadeUpPool, settings: str, folder: Path) -> set[str]:
    """Run sanoid; return the names of the snapshots that it destroys."""
    program = SANOID / "usr/sbin/sanoid"
    if not program.exists():
        message = f"cannot run '{program}': it is not there; hint: make host"
        raise AssertionError(message)
    source = program.read_text(encoding="utf-8")
    source = source.replace(_DEFAULTS, os.fspath(SANOID_DEFAULTS))
    (folder / "sanoid").write_text(source, "utf-8")
    (folder / "Clock.pm").write_text(_CLOCK)
    pool.write(folder)
    (folder / "sanoid.conf").write_bytes(settings.encode())
    for name in ("cache", "run"):
        _empty(folder / name)
    done = subprocess.run(
        [
            *("perl", f"-I{folder}", "-MClock", folder / "sanoid"),
            *("--configdir", folder, "--cache-dir", folder / "cache"),
            *("--run-dir", folder / "run"),
            *("--prune-snapshots", "--readonly", "--verbose", "--force-prune"),
        ],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolStopped(done.stderr)
    return set(_named(done.stdout.splitlines()))


def pyznap_victims(pool: MadeUpPool, settings: str, folder: Path) -> set[str]:
    """Run pyznap; return the names of the snapshots that it destroys."""
    pool.write(folder)
    destroyed = folder / "destroyed"
    destroyed.write_text("")
    file = folder / "pyznap.conf"
    file.write_bytes(settings.encode())
    # setuptools no longer has this module, which pyznap copies its first settings with.
    removed = ModuleType("pkg_resources")
    vars(removed)["resource_string"] = None
    sys.modules.setdefault("pkg_resources", removed)
    read_config = import_module("pyznap.utils").read_config
    clean = import_module("pyznap.clean")
    no_other_host = patch.object(clean, "SSH", side_effect=clean.SSHException)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    with patch.dict(os.environ, path), no_other_host:
        try:
            config = read_config(os.fspath(file))
        except (ValueError, configparser.Error) as error:
            raise ToolStopped(str(error)) from None
        if config is None:
            raise ToolStopped
        clean.clean_config(config)
    return set(destroyed.read_text().splitlines())


def _named(lines: Iterable[str]) -> Iterable[str]:
    begin, end = "INFO: pruning ", " ... "
    for line in lines:
        if line.startswith(begin) and line.endswith(end):
            yield line[len(begin) : -len(end)]


def _empty(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
