"""A pool in a plain file, seen by the doctor."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import zfstune
from zfstune.cli.main import main
from zfstune.health.host_facts import read_release
from zfstune.host.zfs_installation import library_version

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine


def test_what_concerns_an_image(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of streams is found once there is a dataset that it concerns."""
    before = {finding.name for finding in zfstune.doctor(engine).findings}
    assert "large-blocks-sent-back" not in before
    engine.create("tank/large", properties={"recordsize": "1M"})
    found = {finding.name: finding for finding in zfstune.doctor(engine).findings}
    # The libzpool of this host is of the release that the fault is in.
    assert read_release(library_version())[:2] == engine.limits.release[:2] == (2, 1)
    assert found["large-blocks-sent-back"].concerns == ("tank/large",)
    assert not {"mapped-and-read", "no-zed", "library-differs"} & set(found)
    engine.close()
    status = main(["--image", os.fspath(file), "doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert status == (4 if document["pending"] else 0)
    assert document["zfs"] == library_version()
    names = {finding["name"] for finding in document["findings"]}
    assert "large-blocks-sent-back" in names
