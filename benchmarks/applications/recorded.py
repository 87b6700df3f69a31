"""What an application costs on a dataset in bytes, replayed in an image: no kernel's ZFS.

The application works in a plain folder, and strace records its reads and writes. They are
made once more at their places in a pool in a file, by OpenZFS's own code in user space, on
data that compresses as the application's own files do.
"""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from counted import COMPRESSIONS, ROUNDS, SIZES, Cost, run

import zfstune
from zfstune.values.size import parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from zfstune.engine.protocol import Engine

# Rounds further apart than this lie in transaction groups of their own.
_APART_S = 5.5
_ATTACH_S = 2
_CALLS = "trace=%file,%desc,process"


class Recorded:
    """Folders in which the applications work, and the image that their calls go to.

    Args:
        engine: Where the image is open.
        folder: Where the folders and recordings go.

    Attributes:
        candidates: One: a recording serves all record sizes and compressions.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self.candidates = [{"recordsize": SIZES[0], "compression": COMPRESSIONS[0]}]

    @contextmanager
    def dataset(self, name: str, **_: str) -> Iterator[Path]:
        """Make a folder for a block."""
        path = self._folder / name
        path.mkdir()
        try:
            yield path
        finally:
            run("rm", "-r", path)

    def count(
        self,
        application: str,
        transactions: int,
        work: Callable[[int, int], None],
        processes: Callable[[], list[int]],
        files: Path,
    ) -> Iterator[Cost]:
        """Record transactions on the folder ``data``, and count what they cost.

        Args:
            application: As the table calls it.
            transactions: How many in all.
            work: Does so many of them, with a seed, and has the application write its
                pages back; called for each round.
            processes: Gives the processes that read and write.
            files: The file or folder that the replayed data is made after.
        """
        each = -(-transactions // ROUNDS)
        work(each, 0)
        recording = self._folder / "strace"
        with _recorded(recording, processes()):
            for number in range(ROUNDS):
                work(each, number + 1)
                time.sleep(_APART_S)
        self._leave_out_others(recording)
        wishes = zfstune.Wishes(
            trace=str(recording),
            replay=True,
            recordsizes=tuple(map(parse_size, SIZES)),
            compressions=COMPRESSIONS,
            sample=str(files),
            runs=1,
        )
        found = zfstune.measure(wishes, engine=self._engine)
        for measured in found.measurement.measured:
            counts = measured.runs[0].counts
            yield Cost(
                application=application,
                recordsize_bytes=measured.candidate.recordsize_bytes,
                compression=measured.candidate.compression,
                transactions=each * ROUNDS,
                written_bytes=counts.leaf_written_bytes,
                pinned_bytes=counts.pinned_bytes,
                allocated_bytes=counts.allocated_bytes,
                logical_bytes=counts.file_bytes,
            )

    def _leave_out_others(self, recording: Path) -> None:
        """Leave out the calls on files of other datasets than ``data``.

        The log of a database lies in a dataset of its own, whose records are those of
        logs: it would be counted at the record size of the tables here.
        """
        others = [f"<{path}/" for path in self._folder.iterdir() if path.name != "data"]
        lines = recording.read_text("utf-8", errors="surrogateescape").splitlines(True)
        kept = [line for line in lines if not any(other in line for other in others)]
        recording.write_text("".join(kept), "utf-8", errors="surrogateescape")


@contextmanager
def _recorded(file: Path, processes: list[int]) -> Iterator[None]:
    """Record what processes and their children read and write during a block."""
    chosen = [word for number in processes for word in ("-p", str(number))]
    words = ("strace", "-f", "-ttt", "-T", "-y", "-o", str(file), "-e", _CALLS, *chosen)
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as tracer:
        time.sleep(_ATTACH_S)
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
