"""What a decision takes at 1,000 snapshots and at 1,000,000, a snapshot.

    python benchmarks/decided.py [--sizes 1000,1000000] [--each 100]

All that a prune decides in this process: what stays, alarms, runs, batches. It needs no
pool. Each size has a process of its own, which says what memory it took at most; times
are of the processor, the least of some laps, without looking for reference cycles, as
commands run.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "plugins"))
from many_snapshots import decided, hourly

# A short lap says little.
LEAST_SNAPSHOTS = 200_000
MOST_LAPS = 200


def peak_bytes() -> int:
    """Give the most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def measure(size: int, each: int) -> dict[str, float]:
    """Decide on that many snapshots, a few times."""
    gc.disable()
    before = peak_bytes()
    listing = hourly(size // each, each)
    listed = peak_bytes()
    laps = []
    for _ in range(min(MOST_LAPS, -(-LEAST_SNAPSHOTS // size))):
        begun = time.process_time()
        decided(listing)
        laps.append(time.process_time() - begun)
    return {
        "us": min(laps) / size * 1e6,
        "listing_bytes": (listed - before) / size,
        "deciding_bytes": (peak_bytes() - listed) / size,
        "process_bytes": peak_bytes(),
    }


def main() -> None:
    """Print a table of the sizes, and what the largest costs beside the smallest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--each", type=int, default=100, help="snapshots of a dataset")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.each)))
        return
    print("| snapshots | datasets | µs each | listing, bytes each | deciding, bytes each |")
    print("|---:|---:|---:|---:|---:|")
    costs = []
    for size in sorted(int(size) for size in args.sizes.split(",")):
        words = [sys.executable, __file__, "--one", str(size), "--each", str(args.each)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        costs.append(found["us"])
        print(
            f"| {size:,} | {size // args.each:,} | {found['us']:.2f} | "
            f"{found['listing_bytes']:.0f} | {found['deciding_bytes']:.0f} |",
            flush=True,
        )
    print(f"\nthe largest costs {costs[-1] / costs[0]:.2f} times the smallest, a snapshot")


if __name__ == "__main__":
    main()
