"""What zfstune does, on a pool in a plain file: `make demo`.

Needs neither a ZFS kernel module nor root.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import zfstune
from zfstune.cli.main import main
from zfstune.cli.which_zfs import IMAGE_VARIABLE

IMAGE = Path("demo.zpool")
STREAM = Path("logs.zstream")

SNAPSHOTS = 60
KEEP = 48


def say(text: str) -> None:
    """Announce a step."""
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(f"\n\033[1m{text}\033[0m" if bold else f"\n{text}", flush=True)


def run(*words: str) -> None:
    """Run a zfstune command as a shell would, and show it."""
    say(f"$ zfstune {' '.join(words)}")
    status = main(list(words))
    if status:
        raise SystemExit(status)


def demo() -> None:
    """Show the main job."""
    run("image", "create", str(IMAGE), "--size", "4G")

    say(f"$ export {IMAGE_VARIABLE}={IMAGE}")
    os.environ[IMAGE_VARIABLE] = str(IMAGE)
    run("plan", "postgres")
    run("apply", "postgres", "logs", "images")
    run("apply", "postgres", "logs", "images")
    run("list")

    say(f"Now {SNAPSHOTS} times a snapshot of all of them, each time in one transaction.")
    with zfstune.open(IMAGE) as engine:
        begin = time.monotonic()
        for _ in range(SNAPSHOTS):
            taken = zfstune.snapshot("tank/data", recursive=True, engine=engine)
        took = time.monotonic() - begin
        print(f"{SNAPSHOTS * len(taken)} snapshots in {took:.1f} s, the last: {taken[-1]}")

    run("prune", "--keep", str(KEEP))
    run("prune", "--keep", str(KEEP), "tank/data/logs")

    say("What changed in a dataset between two of them, as a stream for another pool.")
    with zfstune.open(IMAGE) as engine:
        first, *_, last = engine.snapshots("tank/data/logs")
        with STREAM.open("wb") as file:
            engine.send(last.name, file.fileno(), base=first.name)
        size = STREAM.stat().st_size
        print(f"{first.name} to {last.name}: {size} bytes in {STREAM}")
    run("image", "info", str(IMAGE))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zfstune-demo-") as folder:
        os.chdir(folder)
        demo()
