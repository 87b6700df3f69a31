"""Print a random sample of the mutants that mutmut has made.

    python tests/mutants/sample.py COUNT SEED

Trying all of them takes many hours; 1,500 of them tell the share that the tests notice
within 1.5 % of the whole.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]


def sample(names: Iterable[str], count: int, seed: int) -> list[str]:
    """Choose mutants at random; the same seed chooses the same ones."""
    ordered = sorted(names)
    generator = random.Random(seed)  # noqa: S311 (nothing is kept secret)
    return generator.sample(ordered, min(count, len(ordered)))


def main() -> None:
    """Print the names, one a line."""
    count, seed = map(int, sys.argv[1:])
    names = [
        name
        for meta in (ROOT / "mutants").glob("zfstune/**/*.meta")
        for name in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    ]
    sys.stdout.writelines(f"{name}\n" for name in sample(names, count, seed))


if __name__ == "__main__":
    main()
