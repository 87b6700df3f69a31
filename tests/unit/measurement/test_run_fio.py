"""fio is run, watched and ended: a script stands in for it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement import run_fio as module
from zfstune.measurement.run_fio import check_fio, run_fio
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Script = Callable[[str], None]

OUTPUT = {
    "jobs": [
        {
            kind: {"io_bytes": 1, "total_ios": 1, "runtime": 1000, "clat_ns": percentiles}
            for kind in ("read", "write")
        }
        for percentiles in [
            {"percentile": dict.fromkeys(("50.000000", "99.000000", "99.900000"), 5000)}
        ]
    ]
}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Give a function that makes a script take the place of fio."""

    def make(text: str) -> None:
        path = tmp_path / "fio"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setattr(module, "_PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


def test_versions(script: Script) -> None:
    """A version that is too old, or none at all, is refused with what to install."""
    script("echo fio-3.33")
    assert check_fio() == "fio-3.33"
    script("echo fio-2.20")
    with pytest.raises(ZfstuneError, match=r"fio 3\.19 or later, and this is fio-2\.20"):
        check_fio()


def test_without_fio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint names the package, and what does without."""
    monkeypatch.setattr(module, "_PATH", "/nowhere")
    with pytest.raises(ZfstuneError, match="cannot run fio: it is not installed") as caught:
        check_fio()
    assert "apt install fio" in caught.value.hint
    assert "--only-bytes" in caught.value.hint


def test_a_run(script: Script, tmp_path: Path) -> None:
    """The job and its variables reach fio, its output is read, nothing else of it is."""
    said = json.dumps(OUTPUT)
    script(
        f"cd '{tmp_path}'; cat \"$3\" > job; echo $SIZE > size; env | grep -c HOME > home\n"
        f"echo noise; echo '{said}' > \"${{2#--output=}}\""
    )
    found = run_fio("[job]\n", {"SIZE": "5"}, look=lambda _: None)
    assert (found.operations, found.percentiles_s[1]) == (2, 5e-6)
    assert (tmp_path / "job").read_text() == "[job]\n"
    assert (tmp_path / "size").read_text() == "5\n"
    assert (tmp_path / "home").read_text() == "0\n"


def test_a_look_while_it_runs(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool is looked at until fio ends."""
    monkeypatch.setattr(module, "_LOOK_S", 0.05)
    script(f"sleep 0.4; echo '{json.dumps(OUTPUT)}' > \"${{2#--output=}}\"")
    looks: list[float] = []
    run_fio("", {}, look=looks.append)
    assert looks == sorted(looks)
    assert len(looks) > 1


def test_a_failure(script: Script) -> None:
    """The last line that fio said is in the message."""
    script("echo first >&2; echo 'fio: No space left' >&2; exit 1")
    with pytest.raises(ZfstuneError, match="cannot measure with fio: fio: No space left"):
        run_fio("", {}, look=lambda _: None)


def test_it_ends_with_the_run(script: Script, tmp_path: Path) -> None:
    """Ctrl-C, which comes while the pool is looked at, ends fio too."""
    script(f"echo $$ > '{tmp_path}/pid'; exec sleep 600")

    def stop(_: float) -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_fio("", {}, look=stop)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("fio is still there")
