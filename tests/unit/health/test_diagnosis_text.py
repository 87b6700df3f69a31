"""What doctor prints: 80 columns, and a last line that counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from page_blocks import shown_by
from sick_host import POOL, SICK, WELL, dataset, on
from zfstune.health.diagnosis import diagnose
from zfstune.health.host_facts import HostFacts
from zfstune.values.fold import folded
from zfstune.values.frozen import replace


@given(st.lists(st.text(min_size=1, max_size=60), max_size=8))
def test_a_terminal_folds_the_text(names: list[str]) -> None:
    """No line is wider than 80 columns then, save for one word; none can be forged."""
    facts = replace(
        on(SICK, (2, 2, 0)),
        pools=tuple(
            replace(POOL, name=name, features=frozenset({"block_cloning"}))
            for name in names
        ),
        unseen=tuple(names),
    )
    for line in diagnose(facts).lines():
        for part in folded(line, 80):
            assert len(part) <= 80 or "://" in part
        assert line.isprintable()


def test_the_summary() -> None:
    """The last line counts what asks for an action."""
    assert diagnose(HostFacts(kernel="6.1")).lines()[-1] == "nothing was found"
    found = diagnose(replace(WELL, services={"clock": False}, pools=(), datasets=()))
    last = found.lines()[-1]
    assert last == "nothing asks for an action; 1 finding to know"
    last = diagnose(replace(WELL, swaps=("/dev/zd0",))).lines()[-1]
    assert last.startswith("1 finding asks for an action")


def test_what_the_page_shows() -> None:
    """The page has what a terminal of 80 columns shows on a host with dedup."""
    host = replace(
        WELL,
        module="2.4.1-1",
        library="2.4.1-1",
        kernel="6.12.74+deb13-amd64",
        pools=(POOL,),
        datasets=(dataset("tank/images", dedup="on"),),
    )
    lines = [part for line in diagnose(host).lines() for part in folded(line, 80)]
    assert lines == shown_by("docs/howto/doctor.md", "zfstune doctor")
