"""Write the manual pages and the completions of the shells, from the parser.

    python packaging/pages/make_pages.py FOLDER

FOLDER gets ``man/man8``, ``bash-completion/completions``, ``zsh/site-functions`` and
``fish/vendor_completions.d``, as they lie below /usr/share.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import zfstune
from completions import completions
from manual import SECTION, pages
from zfstune.cli.parser import build_parser

_PLACES = {
    "bash": "bash-completion/completions/zfstune",
    "zsh": "zsh/site-functions/_zfstune",
    "fish": "fish/vendor_completions.d/zfstune.fish",
}


def do_without_extension() -> None:
    """Have the parser load where nothing was compiled: it calls nothing of ZFS."""
    if find_spec("zfstune._zfs") is None:
        stand_in = ModuleType("zfstune._zfs")
        stand_in.__dict__.update(ffi=None, lib=None)
        zfstune._zfs = sys.modules[stand_in.__name__] = stand_in


def main(folder: Path) -> None:
    """Write all files below a folder."""
    do_without_extension()
    os.environ["COLUMNS"] = "80"  # of the terminal that the usage is folded for
    stamp = int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.now(UTC).timestamp())
    date = datetime.fromtimestamp(stamp, UTC).date().isoformat()
    made = {
        f"man/man{SECTION}/{name}": text
        for name, text in pages(
            build_parser(), version=zfstune.__version__, date=date
        ).items()
    }
    for shell, place in _PLACES.items():
        made[place] = completions(build_parser(), shell)
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 (the script and the folder)
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
