"""Fuzz one parser by coverage, with atheris.

python fuzz_parser.py PARSER [option of libFuzzer...] [corpus]
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Import it with what atheris needs to see where it goes, and feed it."""
    atheris = importlib.import_module("atheris")
    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["zfstune"]):
        parsers = importlib.import_module("hostile_parsers").PARSERS
        # Those that are imported on their first use.
        for parser in parsers.values():
            for text in parser.seeds:
                parser.feed(text)
    parser = parsers[sys.argv.pop(1)]

    def feed(data: bytes) -> None:
        parser.feed(data)

    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
