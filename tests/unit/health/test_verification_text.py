"""The text that verify prints."""

from __future__ import annotations

from zfstune.health.findings import Finding, Verdict
from zfstune.health.verification import Verification


def test_a_line_a_dataset_with_its_worst_finding() -> None:
    """Further findings follow below it, and a sum ends the text."""
    found = Verification(
        (Verdict("tank"),),
        (
            Verdict(
                "tank/a",
                (
                    Finding("stale-mount", "its mount is old"),
                    Finding("drift-local", "atime is on", "zfs set atime=off tank/a"),
                ),
            ),
            Verdict("tank/long-name"),
        ),
    )
    assert str(found) + "\n" == (
        "tank            ok\n"
        "tank/a          drift-local  atime is on -> zfs set atime=off tank/a\n"
        "                stale-mount  its mount is old\n"
        "tank/long-name  ok\n"
        "2 datasets looked at, 1 not as it should be\n"
    )


def test_the_sum_agrees_in_number() -> None:
    """The sum says `it` of one dataset, `they` of several, and counts no notices."""
    well, late = Verdict("t/a"), Verdict("t/b", (Finding("stale-snapshots", "late"),))
    notice = Verdict("t/c", (Finding("unseen", "note"),))

    def last_line(*verdicts: Verdict) -> str:
        return str(Verification((), verdicts)).splitlines()[-1]

    assert last_line(well) == "1 dataset looked at, as it should be"
    assert last_line(well, notice) == "2 datasets looked at, all as they should be"
    assert last_line(late, well) == "2 datasets looked at, 1 not as it should be"
    assert last_line(late, late) == "2 datasets looked at, 2 not as they should be"


def test_a_pool_that_is_well_is_left_out_where_no_dataset_is_managed() -> None:
    """A pool that is not well stays in the text."""
    nothing = "nothing to verify: zfstune manages no dataset here\n"
    assert str(Verification((Verdict("tank"),), ())) + "\n" == nothing
    suspended = Verdict("tank", (Finding("suspended", "it lost its devices"),))
    assert str(Verification((suspended,), ())) + "\n" == (
        f"tank  suspended  it lost its devices\n{nothing}"
    )


def test_the_columns_are_aligned() -> None:
    """A state of a further finding may be longer than the worst one."""
    findings = (
        Finding("missing", "gone"),
        Finding("drift-inherited", "atime is on"),
        Finding("unseen", "hidden"),
    )
    lines = str(Verification((), (Verdict("tank/a", findings),)))
    columns = {
        line.index(note)
        for line, note in zip(lines.splitlines(), ("gone", "atime", "hidden"), strict=False)
    }
    assert len(columns) == 1
