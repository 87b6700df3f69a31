"""How long a short command takes to start, beside a Python that imports argparse.

    python benchmarks/startup.py [--laps 41]

It runs on this host, without ZFS and without root: an engine whose pool holds nothing
stands in for the kernel's, and all else of the command is real: it parses, forks,
prunes nothing, prints and exits. Each lap runs every command once, one after the other.
A figure is the median of all laps, and a ratio is the median of the laps' ratios.

Processor time is counted, of a command and of its child, so that other work on this
machine weighs little. Python starts without its site module: the import hooks that an
editable install and other packages leave there would take longer than zfstune itself.
Both sides of a ratio lack it, which makes the ratio greater than a user would see.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import sysconfig
from pathlib import Path

YARDSTICK = "python -c 'import argparse'"
# The modules of the kernel's engine are loaded as well, with the extension.
EMPTY = """
from zfstune.engine import kernel, open as opening

class Pool:
    suspended = readonly = False

class Empty:
    file = ""

    def __enter__(self):
        return self
    def __exit__(self, *exc):
        pass
    def pools(self):
        return ("tank",)
    def pool(self, name):
        return Pool()
    def datasets(self, root, *, recursive=True):
        return []

opening.open_engine = lambda image=None, **more: Empty()
"""
RUN = """
import sys
sys.path += {paths!r}
{before}
from zfstune.cli.main import main
sys.argv = ["zfstune", *{words!r}]
main()
"""
TARGETS = {
    "zfstune --help": 2.5,
    "zfstune prune --keep 48": 2.5,
}


def commands() -> dict[str, str]:
    """Return what each Python runs, by the name that the table shows."""
    paths = [str(Path(__file__).parents[1]), sysconfig.get_path("platlib")]
    found = {YARDSTICK: "import argparse"}
    for name in TARGETS:
        words = name.split()[1:]
        before = EMPTY if "prune" in words else ""
        found[name] = RUN.format(paths=paths, before=before, words=words)
    return found


def seconds(code: str) -> float:
    """Run one Python and return the processor time that it and its child took."""
    argv = [sys.executable, "-I", "-S", "-c", code]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print the medians, and the ratios to the yardstick."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--laps", type=int, default=41)
    args = parser.parse_args()
    codes = commands()
    for code in codes.values():  # the first run writes the bytecode
        seconds(code)
    laps = [{name: seconds(code) for name, code in codes.items()} for _ in range(args.laps)]
    for name in codes:
        took = statistics.median(lap[name] for lap in laps)
        ratio = statistics.median(lap[name] / lap[YARDSTICK] for lap in laps)
        most = TARGETS.get(name)
        verdict = ""
        if most is not None:
            verdict = "met" if ratio <= most else f"NOT MET, {most} is the most"
        print(f"{name:<28}{took * 1000:>7.1f} ms{ratio:>7.2f}  {verdict}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
