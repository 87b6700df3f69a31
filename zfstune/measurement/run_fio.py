"""Run fio: find it, check its version, and read what it found."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

from zfstune.engine.suspended import end_with
from zfstune.measurement.fio_output import LEAST_VERSION, parse_version, read_output
from zfstune.values.errors import ZfstuneError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.measurement.fio_output import FioFigures

__all__ = ["check_fio", "run_fio"]

_FIO = "fio"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INSTALL = "install the package fio (apt install fio), or measure with --only-bytes"
_LOOK_S = 0.5
_END_S = 10


def check_fio() -> str:
    """Return the version of fio that is installed.

    Raises:
        ZfstuneError: There is none, or it is too old.
    """
    try:
        done = subprocess.run(  # noqa: S603 (fixed words)
            (_FIO, "--version"),
            capture_output=True,
            check=False,
            env={"PATH": _PATH},
            text=True,
        )
    except OSError:
        raise ZfstuneError("cannot run fio: it is not installed", hint=_INSTALL) from None
    version = parse_version(done.stdout)
    if version is None or version < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        reason = f"this is {shown(done.stdout.strip()) or 'an unknown version'}"
        message = f"cannot run fio: it must be fio {least} or later, and {reason}"
        raise ZfstuneError(message, hint=_INSTALL)
    return done.stdout.strip()


def run_fio(
    job: str, variables: Mapping[str, str], *, look: Callable[[float], object]
) -> FioFigures:
    """Run a job, and return its figures.

    Args:
        job: The text of the job file.
        variables: The variables that it uses.
        look: Called twice a second with the seconds since the start.

    Raises:
        ZfstuneError: fio failed; the message has its last line.
    """
    parent = os.getpid()
    with tempfile.TemporaryDirectory(prefix="zfstune-") as folder:
        path = os.path.join(folder, "job.fio")
        with open(path, "w", encoding="utf-8") as file:
            file.write(job)
        output = os.path.join(folder, "output.json")
        command = (_FIO, "--output-format=json", f"--output={output}", path)
        with subprocess.Popen(  # noqa: S603 (fio, and a job that the user chose)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={"PATH": _PATH, "LC_ALL": "C", **variables},
            # A killed measurement takes its fio along, which would keep the scratch busy.
            preexec_fn=lambda: end_with(parent),  # noqa: PLW1509 (there are no threads)
            process_group=0,
        ) as process:
            try:
                said = _wait(process, look)
            finally:
                _end(process)
        if process.returncode:
            raise ZfstuneError(f"cannot measure with fio: {said or process.returncode}")
        with open(output, encoding="utf-8", errors="replace") as file:
            return read_output(file.read())


def _wait(process: subprocess.Popen[bytes], look: Callable[[float], object]) -> str:
    """Wait for fio, looking at the pool meanwhile; return the last line that it said."""
    begin = time.monotonic()
    while True:
        try:
            _, errors = process.communicate(timeout=_LOOK_S)
        except subprocess.TimeoutExpired:
            look(time.monotonic() - begin)
            continue
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        return shown(lines[-1]) if lines else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End fio and its jobs, as after Ctrl-C."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.communicate(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
