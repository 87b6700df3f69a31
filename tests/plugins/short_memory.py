"""The extension, built so that any allocation in it fails when it is told to.

:func:`build` makes the copy. A process that imports it in place of the real one runs this
file: commands work on an image whose OpenZFS is in that very process, and in each call
that they make every allocation fails once::

    python short_memory.py FOLDER SEED VERB...
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import json
import os
import random
import runpy
import sys
import sysconfig
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from native_code import DIALECT, NATIVE, ROOT, compile_c, native

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ShortMemory", "build"]

# The part of the calls of one function that meet it, beside the first of them.
SHARE = 0.05
# A receive of a stream makes fewer.
MOST_OF_A_STREAM = 60
WRAPPED = ("malloc", "calloc", "realloc", "free", "nvp_open")


def build(folder: Path, *options: str) -> Path:
    """Build the copy, and a package beside which it lies; return where to import it."""
    built = runpy.run_path(str(NATIVE / "build_zfs.py"))
    generated = folder / "_zfs.c"
    built["ffibuilder"].emit_c_code(str(generated))
    package = folder / "path" / "zfstune"
    package.mkdir(parents=True)
    for path in (ROOT / "zfstune").iterdir():
        if not path.name.startswith(("_zfs.", "__pycache__")):
            (package / path.name).symlink_to(path)
    (package.parent / "profiles").symlink_to(ROOT / "profiles")
    wrap = ",".join(f"--wrap={name}" for name in WRAPPED)
    compile_c(
        *(*options, *DIALECT, "-g", "-O1", "-shared", "-fPIC", "-fvisibility=hidden"),
        *("-DPy_LIMITED_API=0x030b0000", f"-I{sysconfig.get_path('include')}"),
        *(generated, ROOT / "tests" / "native" / "short_memory.c"),
        *native(*built["SOURCES"]),
        *(f"-Wl,{wrap}", "-ldl", "-o", package / "_zfs.abi3.so"),
    )
    return package.parent


class ShortMemory:
    """Has each allocation of a call fail, one after the other, until none is left.

    Attributes:
        on: Whether any fails at all.
        at_work: Whether a command is at work, which may fail for good.
        failed: How many allocations failed.
        calls: How many calls there were, by the function's name.
        odd: Calls that said something else than that memory is short.
    """

    def __init__(self, seed: int) -> None:
        path = Path(sys.modules["zfstune._zfs"].__file__ or "")
        library = ctypes.CDLL(str(path))
        self._begin, self._end = library.short_memory_begin, library.short_memory_end
        self._live = library.short_memory_live
        for function in (self._end, self._live):
            function.restype = ctypes.c_long
        self._begin.argtypes = (ctypes.c_long, ctypes.c_int)
        self._random = random.Random(seed)  # noqa: S311 (to repeat, not to surprise)
        self.on = True
        self.at_work = False
        self.failed = 0
        self.calls: Counter[str] = Counter()
        self.odd: set[tuple[str, object]] = set()

    def once(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call that cannot be made again: what a pipe brought is gone."""
        if not (self.on and self.at_work):
            return call()
        self.calls[name] += 1
        turn = self._random.randrange(1, MOST_OF_A_STREAM)
        live = self._live()
        self._begin(turn, self._random.randrange(2))
        result = call()
        self.failed += self._end() >= turn
        if self._live() != live:
            raise AssertionError(f"{name}: {self._live() - live} left at {turn}")
        return result

    def until_it_succeeds(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call again and again, each time with one more allocation that works."""
        if not self.on:
            return call()
        self.calls[name] += 1
        # The others differ in little, and each costs the square of its allocations.
        if self.calls[name] > 1 and self._random.random() > SHARE:
            return call()
        for turn in itertools.count(1):
            live = self._live()
            self._begin(turn, self._random.randrange(2))
            try:
                result = call()
            except OSError as error:
                result = error.errno
            made = self._end()
            if made < turn:
                return result
            self.failed += 1
            code = result if isinstance(result, int) else result[0]
            if self._live() != live:
                raise AssertionError(f"{name}: {self._live() - live} left at {turn}")
            if code != errno.ENOMEM:
                self.odd.add((name, code))
                return result
        raise AssertionError


def _file_position(fd: int) -> int | None:
    """Return where a plain file is read or written next; None: it is a pipe."""
    try:
        return os.lseek(fd, 0, os.SEEK_CUR)
    except OSError:
        return None


def main(folder: str, seed: str, *verbs: str) -> None:
    """Run each verb on a new image, and print what was counted as JSON."""
    # They import the extension, which a builder of the copy must not.
    from failing_calls import InProcess
    from killed_longer import LONGER
    from killed_scenarios import SCENARIOS
    from killed_verbs import lap

    memory = ShortMemory(int(seed))
    file = Path(folder, "x.zpool")
    engine = _engine_in_this_process(memory, file)

    class Here(InProcess):
        def open(self) -> Any:
            """Give the one engine that has the image open."""
            return engine

    ground = Here("tank", Path(folder), file)

    def disturb(*words: str) -> None:
        memory.at_work = True
        said = ground.run(*words, status=range(5))
        memory.at_work = memory.on = False
        assert "Traceback" not in said, said

    for scenario in (*SCENARIOS, *LONGER):
        if scenario.verb in verbs or not verbs:
            memory.on = True
            lap(ground, scenario, f"tank/{scenario.verb}", disturb)
    engine.close_at_last()
    counts = {"failed": memory.failed, "calls": memory.calls, "odd": sorted(memory.odd)}
    print(json.dumps(counts))


def _binding(memory: ShortMemory) -> type:
    """Make the class that stands in for the one whose calls go to another process."""
    from zfstune.engine._binding import Binding

    class Direct(Binding):
        def __init__(self, path: str, *, create: Any, take_over_from: str) -> None:
            opened = Binding.of_image(path, create=create, take_over_from=take_over_from)
            self._zt = opened._zt
            self.release, self.max_recordsize_bytes = self.image_limits()

        def call(self, function: Any, *args: Any) -> int:
            return int(self._stubborn(Binding.call, function, *args))

        def read(self, function: Any, *args: Any) -> Any:
            return self._stubborn(Binding.read, function, *args)

        def change(self, function: Any, *args: Any) -> Any:
            return self._stubborn(Binding.change, function, *args)

        def stream(self, function: Any, fd: int, *args: Any) -> Any:
            return self._at_one_place(Binding.stream, function, fd, *args)

        def stream_change(self, function: Any, fd: int, *args: Any) -> Any:
            return self._at_one_place(Binding.stream_change, function, fd, *args)

        def _stubborn(self, method: Any, function: Any, *args: Any) -> Any:
            def call() -> Any:
                return method(self, function, *args)

            return memory.until_it_succeeds(function.__name__, call)

        def _at_one_place(self, method: Any, function: Any, fd: int, *args: Any) -> Any:
            place = _file_position(fd)

            def call() -> Any:
                if place is not None:
                    os.lseek(fd, place, os.SEEK_SET)
                return method(self, function, fd, *args)

            if place is None:
                return memory.once(function.__name__, call)

            return memory.until_it_succeeds(function.__name__, call)

    return Direct


def _engine_in_this_process(memory: ShortMemory, file: Path) -> Any:
    """Make an image, and have whoever opens it get the one engine that has it open.

    A process can open one image once, since libzpool is started and ended with it.
    """
    from zfstune.engine import image
    from zfstune.engine import open as opening

    vars(image)["ImageBinding"] = _binding(memory)

    class Kept(image.ImageEngine):
        def close(self) -> None:
            """Do nothing: others go on with it."""

        def close_at_last(self) -> None:
            super().close()

    vars(image)["ImageEngine"] = Kept
    engine = image.create_image(file, size_bytes=1 << 30)
    vars(opening)["open_engine"] = lambda *_, **__: engine
    return engine


if __name__ == "__main__":
    main(*sys.argv[1:])
