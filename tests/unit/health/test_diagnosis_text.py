"""What doctor prints: 80 columns, and a last line that counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sick_host import POOL, SICK, WELL, on
from zfstune.health.diagnosis import diagnose
from zfstune.health.host_facts import HostFacts
from zfstune.values.frozen import replace


@given(st.lists(st.text(min_size=1, max_size=60), max_size=8))
def test_the_text_fits_a_screen(names: list[str]) -> None:
    """No line is wider than 80 columns, save for one word that is; none can be forged."""
    facts = replace(
        on(SICK, (2, 2, 0)),
        pools=tuple(
            replace(POOL, name=name, features=frozenset({"block_cloning"}))
            for name in names
        ),
        unseen=tuple(names),
    )
    for line in diagnose(facts).lines():
        assert len(line) <= 80 or " " not in line.strip()
        assert line.isprintable()


def test_the_summary() -> None:
    """The last line counts what asks for an action."""
    assert diagnose(HostFacts(kernel="6.1")).lines()[-1] == "nothing was found"
    found = diagnose(replace(WELL, services={"clock": False}, pools=(), datasets=()))
    last = found.lines()[-1]
    assert last == "nothing asks for an action; 1 finding to know"
    last = diagnose(replace(WELL, swaps=("/dev/zd0",))).lines()[-1]
    assert last.startswith("1 finding asks for an action")
