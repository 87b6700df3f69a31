"""Each call of OpenZFS that a command makes fails once, with an errno of its choice."""

from __future__ import annotations

import errno
import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from killed_verbs import Ground, lap
from zfstune.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    import pytest

    from killed_verbs import Scenario

__all__ = ["Faults", "InProcess", "fail_each"]

ERRNOS = (
    errno.EIO,
    errno.ENOSPC,
    errno.EBUSY,
    errno.EPERM,
    errno.EAGAIN,
    errno.ENOENT,
    errno.EINTR,
)
# The methods of a binding that ask OpenZFS, and what stands beside the errno.
PLAIN = ("call", "stream")
PAIRED = {"read": None, "change": None, "stream_change": None, "promote": ""}


class Faults:
    """Counts the calls of a binding, and has one of them fail.

    Args:
        binding: The class whose methods are replaced.
        monkeypatch: Puts them back.

    Attributes:
        seen: The calls since :meth:`arm`, by name.
    """

    def __init__(self, binding: type, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self._due: int | None = None
        self._errno = 0
        for name in (*PLAIN, *PAIRED):
            whole = self._wrapped(name, getattr(binding, name))
            monkeypatch.setattr(binding, name, whole)

    def arm(self, due: int | None, code: int = 0) -> None:
        """Begin to count; the call of number `due` fails, the first is 0."""
        self.seen.clear()
        self._due = due
        self._errno = code

    def _wrapped(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(binding: object, *args: Any) -> Any:
            number = len(self.seen)
            self.seen.append(getattr(args[0], "__name__", name) if args else name)
            if number != self._due:
                return method(binding, *args)
            return self._errno if name in PLAIN else (self._errno, PAIRED[name])

        return call


@dataclass
class InProcess(Ground):
    """A pool whose commands run in this process, where calls can be made to fail.

    Attributes:
        status: That of the last command.
    """

    status: int = 0

    def run(self, *words: str, status: Sequence[int] = (0,)) -> str:
        """Run a command to its end; give what it printed."""
        image = ("--image", str(self.image)) if self.image else ()
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            self.status = main([*image, *words])
        assert self.status in status, (words, self.status, printed.getvalue())
        return printed.getvalue()


def fail_each(
    ground: InProcess, scenario: Scenario, faults: Faults, most: int, random: Random
) -> int:
    """Have calls of a command fail, one in each run, on datasets made anew.

    Whatever fails, the command ends with an error in words, or goes on without what it
    could not do; it destroys nothing that it may not, and the next run ends it.

    Args:
        ground: The pool.
        scenario: The command.
        faults: Counts the calls and has them fail.
        most: How many calls fail; where the command makes fewer, each one does.
        random: Chooses which, and with what errno.

    Returns:
        The number of calls that failed.
    """

    def undisturbed(*words: str) -> int:
        faults.arm(None)
        ground.run(*words)
        return len(faults.seen)

    def disturbed(number: int, code: int, *words: str) -> None:
        faults.arm(number, code)
        said = ground.run(*words, status=range(5))
        faults.arm(None)
        assert "Traceback" not in said, said
        assert ground.status in (0, 3, 4) or "\nzfstune: " in f"\n{said}", said

    count = lap(ground, scenario, f"{ground.pool}/whole", undisturbed)
    chosen = sorted(random.sample(range(count), min(most, count)))
    for number in chosen:
        disturb = partial(disturbed, number, random.choice(ERRNOS))
        lap(ground, scenario, f"{ground.pool}/fault{number}", disturb)
    return len(chosen)
