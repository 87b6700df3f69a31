"""Draw the README's picture of a terminal, from commands that are run for it.

::

    .venv/bin/python docs/pictures/terminal.py

The commands work on a pool in a plain file, so this needs libzpool and no kernel.
tests/image/test_picture.py holds that the picture shows what they print today.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

__all__ = ["PICTURE", "draw", "session"]

PICTURE = Path(__file__).with_name("terminal.svg")
TITLE = "zfstune: PostgreSQL on a pool in a plain file"
WIDTH = 106
# What is typed, in this order. No output may depend on the time or on the machine.
BEFORE = "zfstune --quiet image create demo.zpool --size 1G"
COMMANDS = (
    "zfstune plan postgres",
    "zfstune apply postgres | tail -n 1",
    "zfstune snapshot -r tank/data/postgres --name monday",
    "zfstune verify postgres",
)
# The window brings its own ground, so that it is readable on a light page and a dark one.
THEME = TerminalTheme(
    background=(22, 27, 34),
    foreground=(201, 209, 217),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (177, 186, 196),
    ],
)
# As rich draws it, but with the reader's own fixed-width font: rich's picture asks
# another host for one.
FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" role="img"
    xmlns="http://www.w3.org/2000/svg">
    <title>TITLE</title>
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
        <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})"
        clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


def session() -> list[tuple[str, str]]:
    """Run the commands on a new pool; give each with what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "COLUMNS": str(WIDTH), "NO_COLOR": "1"}

        def printed(command: str) -> str:
            return subprocess.run(  # noqa: S602 (a pipe, as a reader types it)
                command, shell=True, cwd=folder, env=env, check=True, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            ).stdout  # fmt: skip

        printed(BEFORE)
        env["ZFSTUNE_IMAGE"] = "demo.zpool"
        return [(command, printed(command)) for command in COMMANDS]


def draw(shown: list[tuple[str, str]]) -> str:
    """Draw a terminal with commands and their output, as SVG."""
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        legacy_windows=False,
    )
    for number, (command, output) in enumerate(shown):
        start = Text("\n$ " if number else "$ ", style="green")
        console.print(start.append(command, style="bold white"))
        console.print(Text(output.rstrip("\n")))
    frame = FRAME.replace("TITLE", TITLE)
    return console.export_svg(title=TITLE, theme=THEME, code_format=frame, unique_id="zt")


if __name__ == "__main__":
    PICTURE.write_text(draw(session()), encoding="utf-8")
