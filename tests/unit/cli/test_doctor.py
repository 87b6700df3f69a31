"""``zfstune doctor``: a page, a document, and an exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from json_document import found_in
from zfstune.cli import doctor
from zfstune.health.diagnosis import Diagnosis
from zfstune.health.host_finding import HostFinding

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

NOTE = HostFinding("n", "note", "something rare")
FAULT = HostFinding("f", "fault", "something fails", "do this")


@pytest.mark.parametrize(("found", "status"), [((), 0), ((NOTE,), 0), ((NOTE, FAULT), 4)])
@pytest.mark.usefixtures("tank")
def test_the_status(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    found: tuple[HostFinding, ...],
    status: int,
) -> None:
    """A danger or a fault makes it 4; what is only to know does not."""
    diagnosis = Diagnosis(found, "2.4.4-1", "2.4.4-1", "6.12", 24)
    monkeypatch.setattr(doctor, "doctor", lambda _: diagnosis)
    code, out, err = run("doctor")
    assert (code, err) == (status, "")
    assert out.startswith("OpenZFS 2.4.4-1, Linux 6.12\n")
    code, out, _ = run("doctor", "--json")
    assert (code, found_in(out)) == (status, diagnosis.to_dict())


@pytest.mark.usefixtures("_no_zfs")
def test_without_zfs(run: Run) -> None:
    """The rest of the host is looked at, and the status says that there is no ZFS."""
    code, out, err = run("doctor")
    assert code in (4, 5)  # a clock that is behind, or the like, counts for more
    assert "not looked at:\n  pools and datasets: " in out
    assert err == ""
