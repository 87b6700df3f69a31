"""Random lines of a crontab, carried out by bash over a made-up zfs, beside the policies.

A policy that is imported from a line lets go the snapshots that the line destroys. Lines
that are left out are not compared; the test counts how many are compared.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from reading_oracle import NOW, cases, gone, in_force
from zfstune.retention.imports.convert import convert
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

TREE = ("pool", "pool/db", "tank", "tank/daily", "tank/db", "tank/www", "tank/www/a")
FAKE = Path(__file__).parents[3] / "plugins" / "made_up_zfs.sh"
PREFIXES = ("auto-daily-", "auto-hourly-", "db-", "manual.", "x-hourly-daily-")

ODD_OPTIONS = (
    *("-p", "-r", "-d 1", "-d1", "-s creation", "-S creation", "-S createtxg", "-d 2"),
    *("-s name", "-t snap", "-o name,used"),
)
# Names that most lines should have stand here more than once.
NAMES = (*TREE, *TREE[1:] * 2, "", "tank/www tank/db", "tank/www@db-1", "/tank/www")
SEARCHES = (
    *("daily", "'hourly'", '"db"', "-F db-", "@auto", "^tank/www@", "tank/db@auto-d"),
    *("-e www@", "'@.*daily'", "'^pool/db@db'", "-E 'hourly|daily'", "-v daily", "-i DB"),
    *("'daily-[0-9]$'", "db@db", "'manual\\.'", "'auto.*daily'", "-Fe @db-", "nothing"),
    *("'n*u'", "'@x-h'", "'[0-9]$'", "'o-h'", "-- -hourly", "'-[^01]'"),
)
HEADS = ("head -n -2", "head -n-3", "head --lines=-2", "head -n '-1'")
TAILS = ("tail -n +3", "tail -n+2", "tail -n +2")
ODD_CUTS = (
    *(*HEADS, *TAILS, "head -n 2", "tail -n +1", "head -n -0", "head -2", "tail -n 2"),
)
SINKS = (
    *("{} | xargs -n1 zfs destroy", "{} | xargs -r -n 1 zfs destroy -v 2>/dev/null") * 2,
    *("{} | xargs -I% zfs destroy %", "{} | xargs -r -L1 zfs destroy > /dev/null 2>&1"),
    *("{} | xargs -I {{}} zfs destroy {{}} || true", "{} | xargs zfs destroy"),
    *("for s in $({}); do zfs destroy $s; done", "for s in `{}`\ndo zfs destroy $s\ndone"),
    *('{} | while read -r s; do zfs destroy "$s"; done', "{} | xargs -n1 echo zfs destroy"),
)
options = st.permutations(["-H", "-t snapshot", "-o name"]).flatmap(
    lambda three: st.lists(st.sampled_from(ODD_OPTIONS), max_size=1).map(
        lambda more: " ".join([*three, *more])
    )
)
shorthand = st.sampled_from(
    ("-Ho name -t snapshot", "-Hprt snapshot -o name", "-t snap -o name -H")
)
names = st.sampled_from(NAMES)
searches = st.sampled_from(SEARCHES).map("grep {}".format)
others = st.sampled_from(("tac", "sort", "cat", "uniq", "tac | tac"))


def stages(cuts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Draw the stages of a pipeline; most counts fit the order of the list."""
    return st.one_of(
        cuts.map(lambda cut: [cut]),
        st.tuples(searches, cuts).map(list),
        st.tuples(searches, cuts).map(list),
        st.tuples(searches, others, cuts).map(list),
        st.tuples(cuts, searches).map(list),
        st.tuples(others, cuts).map(list),
        st.tuples(searches, searches, cuts).map(list),
    )


sinks = st.sampled_from(SINKS)
begins = st.sampled_from(["", "0 * * * * ", "*/5 1-3 * jan mon root ", "@daily ", "\t"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Draw one line, maybe with a loop over datasets."""
    name = draw(names)
    chosen = draw(options | shorthand)
    cuts = st.sampled_from(TAILS if "-S" in chosen else HEADS) | st.sampled_from(ODD_CUTS)
    loop = draw(st.booleans()) and name.startswith("tank/")
    listed = f"zfs list {chosen} {'tank/$d' if loop else name}"
    pipeline = " | ".join([listed, *draw(stages(cuts))])
    command = draw(sinks).format(pipeline).replace("\n", "; ")
    if loop and not command.startswith("for"):
        command = f"for d in {name.partition('/')[2]} db; do {command}; done 2>/dev/null"
    return draw(begins) + command


def without_times(line: str) -> str:
    """Return the command that cron hands to a shell, from a crontab without users."""
    for begin in ("*/5 1-3 * jan mon root ", "0 * * * * ", "@daily "):
        line = line.removeprefix(begin)
    return line


def destroyed(commands: Sequence[str], there: Sequence[Snapshot]) -> set[str]:
    """Let bash carry out commands over some snapshots; return the destroyed ones."""
    with TemporaryDirectory() as folder:
        copy(FAKE, f"{folder}/zfs")
        rows = [f"{s.name}\t{s.creation}\t{s.createtxg}\n" for s in there]
        left = rows
        for command in commands:
            Path(folder, "snapshots").write_text("".join(left), "utf-8")
            Path(folder, "gone").write_text("", "utf-8")
            env = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "MADE_UP": folder}
            subprocess.run(
                ["bash", "-c", command],
                env=env,
                check=False,
                capture_output=True,
                cwd=folder,
            )
            went = set(Path(folder, "gone").read_text("utf-8").splitlines())
            left = [row for row in left if row.partition("\t")[0] not in went]
        return {row.partition("\t")[0] for row in rows} - {
            row.partition("\t")[0] for row in left
        }


@st.composite
def snapshots(draw: st.DrawFn) -> list[Snapshot]:
    """Draw snapshots of all datasets, in the order of taking."""
    made = draw(
        st.lists(
            st.tuples(st.sampled_from(TREE), st.sampled_from(PREFIXES)),
            min_size=5,
            max_size=25,
        )
    )
    return [
        Snapshot(
            f"{dataset}@{prefix}{99 - txg}", txg, txg, creation=NOW - 10_000 + 60 * txg
        )
        for txg, (dataset, prefix) in enumerate(made, 1)
    ]


COMPARED = {"lines": 0, "imported": 0}


@settings(max_examples=cases(40))
@given(st.lists(lines(), min_size=1, max_size=2), snapshots())
def test_bash_itself(crontab: list[str], there: list[Snapshot]) -> None:
    """A policy lets go the same snapshots as the lines, unless they are left out."""
    COMPARED["lines"] += 1
    try:
        reading = convert("cron", "\n".join(crontab), TREE)
    except PolicyError:
        assert not any("destroy" in line for line in crontab)
        return
    by_policy = {
        f"{dataset}@{short}"
        for dataset in TREE
        for short in gone(
            in_force(reading, dataset), [s for s in there if s.dataset == dataset]
        )
    }
    commands = [without_times(line) for line in crontab]
    if reading.left_out:
        if by_policy:
            assert by_policy <= destroyed(commands, there)
        return
    COMPARED["imported"] += 1
    by_bash = destroyed(commands, there)
    doubtful = {name for name in by_bash if "hourly-daily" in name}  # both greps find it
    assert by_policy <= by_bash
    assert by_bash - by_policy <= (doubtful if len(crontab) > 1 else set())
