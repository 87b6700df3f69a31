"""Run the campaigns for some minutes, stop at the first loss, write down the figures.

    python tests/endurance [--minutes N] [--seed N] [--only WORDS] [--results FOLDER]

Each campaign gets its share of the time, and at least one lot. A lot has a seed of its
own, by which it can be repeated.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns import CAMPAIGNS, HOST, shares
from table import Row, counts_of, table

if TYPE_CHECKING:
    from campaigns import Campaign, Share

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).resolve().parent / "results"
# A lot that does not end is a finding, too.
LIMIT_S = 7200


def command(campaign: Campaign, seed: int) -> list[str]:
    """Return the words that run one lot; they can be pasted into a shell."""
    lot = {"ZFSTUNE_SEED": str(seed), **campaign.lot}
    settings = [f"{name}={value}" for name, value in lot.items()]
    words = ["-q", "-o", f"timeout={LIMIT_S}", *campaign.tests]
    if campaign.release == HOST:
        return ["env", *settings, sys.executable, "-m", "pytest", *words]
    guest = ["tests/lab/run", "--release", campaign.release, "--timeout", str(LIMIT_S)]
    # Where no output is asked for, the tally goes nowhere.
    tally = 'ZFSTUNE_TALLY="${ZFSTUNE_LAB_OUTPUT:+$ZFSTUNE_LAB_OUTPUT/tally}"'
    inside = shlex.join([*settings, "pytest", *words])
    return [*guest, "--", "sh", "-c", f"env {tally} {inside}"]


def carry_out(campaign: Campaign, seed: int, output: Path) -> bool:
    """Run one lot, whose tallies end up below `output`; tell whether all passed."""
    words = command(campaign, seed)
    if campaign.release != HOST:
        words[words.index("--") : words.index("--")] = ["--output", str(output)]
    env = os.environ | {"ZFSTUNE_TALLY": str(output / "tally")}
    return subprocess.run(words, cwd=ROOT, check=False, env=env).returncode == 0


def run(share: Share, first_seed: int) -> Row:
    """Run lots of one campaign until its time is over, or one fails."""
    campaign = share.campaign
    row = Row(campaign.name, campaign.release or "host", seeds=(first_seed, first_seed))
    seed = first_seed
    began = time.monotonic()
    while not row.loss and (not row.lots or row.seconds < share.seconds):
        with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
            print(f"--- {campaign.name}, {row.where}, seed {seed}", flush=True)
            passed = carry_out(campaign, seed, Path(folder))
            for file in Path(folder).rglob("tally"):
                row.add(counts_of(file.read_text("utf-8").splitlines()))
            if not passed:
                row.loss = shlex.join(command(campaign, seed))
        row.seconds = time.monotonic() - began
        row.seeds = first_seed, seed
        row.lots += not row.loss
        seed += 1
    return row


def main() -> int:
    """Parse the options, run what was chosen, and end with 1 after a loss."""
    parser = argparse.ArgumentParser(prog="endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=240)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", default="", help="campaigns with these words in them")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    chosen = [c for c in CAMPAIGNS if options.only in f"{c.name}, {c.release or 'host'}"]
    if not chosen:
        parser.error(f"no campaign has '{options.only}' in its name")
    now = datetime.now(UTC)
    rows: list[Row] = []
    file = options.results / f"{now:%Y%m%dT%H%M%SZ}.md"
    version = _describe()
    for share in shares(chosen, options.minutes * 60):
        rows.append(run(share, options.seed))
        text = f"# Endurance, {now:%Y-%m-%d}, {version}\n\n{table(rows)}"
        options.results.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        if rows[-1].loss:
            break
    print(f"\n{table(rows)}\nwritten to {os.path.relpath(file)}")
    return 1 if rows[-1].loss else 0


def _describe() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "not in a repository"


if __name__ == "__main__":
    sys.exit(main())
