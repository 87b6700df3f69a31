"""zrepl's configuration: what is read of its YAML, and policies that keep the same."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zfstune.errors import PolicyError
from zfstune.imports import convert
from zfstune.imports.plain_yaml import read_yaml
from zfstune.policy_text import parse_policy
from zfstune.retention import decide
from zfstune.state import Snapshot

# The shape of zrepl's own sample, config/samples/local.yml and snap.yml.
SAMPLE = """\
# a comment
jobs:
- name: snapjob   # takes and prunes
  type: snap
  filesystems: {
    "tank<": true,
    "tank/scratch<": false, # not these
    'tank/one': true
  }
  snapshotting:
    type: periodic
    interval: 10m
    prefix: zrepl_
  pruning:
    keep:
      - type: grid
        grid: 1x1h(keep=all) | 24x1h | 14x1d
        regex: "^zrepl_.*"
      - type: regex
        negate: true
        regex: "^zrepl_.*"
- name: sink
  type: sink
  root_fs: "backup"
  serve: {type: local, listener_name: x}
"""
NOW = 1_700_006_400


def yaml_itself(text: str) -> object:
    """Read all as text, the way YAML's own parser in Python does."""
    yaml = import_module("yaml")
    found: object = yaml.load(text, Loader=yaml.BaseLoader)
    return found


def blank(value: object) -> object:
    """Give what is there with nothing for None, as that parser reads it."""
    if isinstance(value, dict):
        return {key: blank(each) for key, each in value.items()}
    if isinstance(value, list):
        return [blank(each) for each in value]
    return "" if value is None else value


def rules(*lines: str) -> str:
    """Give a configuration of one job with some rules."""
    listed = "".join(f"    - {{{line}}}\n" for line in lines)
    head = "jobs:\n- name: j\n  type: snap\n  filesystems:\n    tank/a<: true\n"
    return f"{head}  pruning:\n    keep:\n{listed}"


def gone(text: str, listing: list[tuple[str, int]]) -> set[str]:
    """Give the names of what the policy read from a text lets go, oldest given first."""
    [one] = convert("zrepl", text).policies
    snapshots = [
        Snapshot(f"tank/a@{name}", txg, txg, creation=t)
        for txg, (name, t) in enumerate(listing, 1)
    ]
    policy = parse_policy(one.text, allow_zero=True)
    assert policy.groups == one.policy.groups
    decided = decide(snapshots, policy, datetime.fromtimestamp(NOW, UTC))
    return {d.snapshot.short_name for d in decided if not d.keep}


def test_the_sample_is_read() -> None:
    """Datasets by the filter, the excluded one kept whole, and no consent needed."""
    found = {one.dataset: one for one in convert("zrepl", SAMPLE).policies}
    assert {name: one.text for name, one in found.items()} == {
        "tank": "regex=zrepl_.* grid='1x1h(keep=all) | 24x1h | 14x1d'",
        "tank/scratch": "match=* never",
        "tank/one": "regex=zrepl_.* grid='1x1h(keep=all) | 24x1h | 14x1d'",
    }
    assert not any(one.policy.allow_zero for one in found.values())
    assert found["tank"].notes == ()
    assert "leaves them alone" in found["tank/one"].notes[0]


def test_the_sides_of_a_replication() -> None:
    """What is for the other host says so; what was received hangs below root_fs."""
    text = (
        "jobs:\n- name: p\n  type: pull\n  root_fs: backup/x\n  pruning:\n"
        "    keep_sender:\n    - type: last_n\n      count: 10\n"
        "    keep_receiver:\n    - type: last_n\n      count: 20\n"
    )
    receiver, sender = convert("zrepl", text).policies
    assert (sender.dataset, sender.text) == ("", "match=* keep=10; match=* keep=0")
    assert "for the other side" in sender.notes[-1]
    assert (receiver.dataset, receiver.text) == (
        "backup/x",
        "match=* keep=20; match=* keep=0",
    )
    assert receiver.policy.allow_zero


# The tables are those of zrepl's own tests: internal/pruning/keep_last_n_test.go and
# keep_grid_test.go, seen through a whole configuration.
@pytest.mark.parametrize(
    ("count", "left"), [(2, {"4", "5"}), (1, {"5"}), (4, {"2", "3", "4", "5"})]
)
def test_last_n(count: int, left: set[str]) -> None:
    """The newest so many of all, whoever took them."""
    times = [("1", 10), ("3", 15), ("2", 20), ("4", 30), ("5", 30)]
    assert (
        gone(rules(f"type: last_n, count: {count}"), times) == {n for n, _ in times} - left
    )


def test_last_n_with_an_expression() -> None:
    """What it does not match is not kept by it, and goes."""
    times = [("a1", 1), ("b1", 2), ("a2", 3)]
    assert gone(rules("type: last_n, count: 4, regex: a"), times) == {"b1"}


def test_two_grids() -> None:
    """Each counts from the newest that its own expression matches."""
    text = rules(
        'type: grid, grid: "1x10s | 1x10s", regex: "^p1_"',
        'type: grid, grid: "1x10s | 1x10s", regex: "^p2_"',
    )
    ages = {"p1_a": 4, "p1_b": 14, "p1_c": 29, "p2_d": 5, "p2_e": 15, "p2_f": 30}
    listing = [(n, NOW - age) for n, age in sorted(ages.items(), key=lambda i: -i[1])]
    found = gone(text, listing)
    # spans are counted from the newest: of p1 its ages are 0, 10 and 25
    assert found == {"p1_c", "p2_f"}
    assert (
        "the newest snapshot of a scope always stays"
        in convert("zrepl", text).policies[0].notes[0]
    )


EXPRESSIONS = (
    "^zrepl_",
    "^zrepl_.*$",
    "daily",
    "_a$",
    "^x$",
    "a|b$",
    "^(man|auto)_",
    "",
    "\\\\d",
)
NAMES = ("zrepl_1", "zrepl_a", "manual", "daily_b", "x", "xx", "auto_7", "man_x_a")


@given(
    kept=st.sets(st.sampled_from(EXPRESSIONS), max_size=3),
    but=st.sets(st.sampled_from(EXPRESSIONS), max_size=2),
    listed=st.lists(st.sampled_from(NAMES), unique=True, min_size=1),
)
def test_expressions_keep_what_zrepls_would(
    kept: set[str], but: set[str], listed: list[str]
) -> None:
    """Kept where a part matches, or where no part matches one that is negated."""
    lines = [f'type: regex, regex: "{r}"' for r in sorted(kept) if r]
    lines += [f'type: regex, regex: "{r}", negate: true' for r in sorted(but) if r]
    if not lines:
        return

    def found(regex: str, name: str) -> bool:
        return re.search(regex.replace("\\\\", "\\"), name) is not None

    stay = {
        name
        for name in listed
        if any(found(r, name) for r in kept if r)
        or any(not found(r, name) for r in but if r)
    }
    assert gone(rules(*lines), [(n, t) for t, n in enumerate(listed)]) == set(listed) - stay


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no list of jobs"),
        ("jobs: {}", "no list of jobs"),
        (
            rules("type: not_replicated"),
            "job 'j': keep: not_replicated goes by what another",
        ),
        (rules("type: grid, regex: x"), "a grid has no 'grid'"),
        (rules('type: grid, grid: "24x1h | 7x1m"'), "may not get shorter"),
        (rules("type: last_n, count: 0"), "no number above zero"),
        (rules("type: last_n, count: 3, keep: 4"), "nobody knows 'keep'"),
        (rules("type: sometimes"), "a rule of type 'sometimes'"),
        (rules('type: regex, regex: "[[:alpha:]]"'), "classes like"),
        (rules('type: regex, regex: "("'), "regex '('"),
        (
            rules("type: last_n, count: 3").replace("tank/a<: true", "x: 1"),
            "neither true nor",
        ),
        (
            rules("type: last_n, count: 3").replace("filesystems", "datasets"),
            "'filesystems'",
        ),
        (
            rules("type: last_n, count: 3").replace("keep:", "keeps:"),
            "nobody knows 'keeps'",
        ),
        ("jobs:\n- name: j\n  type: &a snap\n", "line 3: '&a snap' is beyond"),
        ("jobs:\n- name: j\n  type: snap\n", "nothing in it prunes"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, reason: str) -> None:
    """With the job, the rule or the line, and why."""
    with pytest.raises(PolicyError, match=r"^cannot import from zrepl") as no:
        convert("zrepl", text)
    assert reason in no.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb:\n  c: x y # z\n", {"a": "1", "b": {"c": "x y"}}),
        ("- a\n-\n  - b\n- c: d\n  e: f\n", ["a", ["b"], {"c": "d", "e": "f"}]),
        ("a:\n- 1\n- 2\nb: 3", {"a": ["1", "2"], "b": "3"}),
        ("a:\n  - - 1\n    - 2\n", {"a": [["1", "2"]]}),
        ("a: [1, 'x, y', {b: [] }]", {"a": ["1", "x, y", {"b": []}]}),
        (
            "a: {\n  b: 1,\n  # no\n\n  c: 2 }\nd: e#f\n",
            {"a": {"b": "1", "c": "2"}, "d": "e#f"},
        ),
        ("a: 'it''s'\nb: \"a\\\\d\\\"\"\n", {"a": "it's", "b": 'a\\d"'}),
        ("'a b': x:y\n\"c\": '#'\n", {"a b": "x:y", "c": "#"}),
        ("---\na:\nb: c\n", {"a": None, "b": "c"}),
        ("# nothing\n\n", None),
    ],
)
def test_yaml_is_read(text: str, value: object) -> None:
    """Blocks, flows over lines, quotes and comments."""
    assert read_yaml(text) == value
    if value is not None:
        assert yaml_itself(text) == blank(value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n---\nb: 2\n", 2),
        ("a: &x 1\n", 1),
        ("a: *x\n", 1),
        ("a: !!int 3\n", 1),
        ("b: 1\na: |\n  text\n", 2),
        ("a: >-\n  text\n", 1),
        ("a: 1\na: 2\n", 2),
        ("<<: x\n", 1),
        ("a:\n\tb: 1\n", 2),
        ("a: [1, 2\n", 1),
        ("a: [1 2], x\n", 1),
        ("a: {b}\n", 1),
        ("a: {b: 1, b: 2}\n", 1),
        ("a: }\n", 1),
        ("a: b: c\n", 1),
        ("a: 'x' y\n", 1),
        ('a: "\\q"\n', 1),
        ("a: 1\n  b: 2\n", 2),
        ("a:\n    b: 1\n  c: 2\n", 3),
        ("x\ny\n", 2),
        ("? a\n: b\n", 1),
        ("[" * 50 + "]" * 50, 1),
        ("".join(f"{' ' * n}a:\n" for n in range(50)), 22),
    ],
)
def test_yaml_beyond_is_refused(text: str, line: int) -> None:
    """Never guessed; the line is named."""
    with pytest.raises(PolicyError, match=rf"^cannot read line {line}: "):
        read_yaml(text)


FRAGMENTS = (
    *(
        "a: 1",
        "b:",
        "- c",
        "-",
        "- d: 2",
        "- - e",
        "f: 'g # h'",
        "i: [1, {j: k}]",
        "'l': m",
    ),
    *(
        "n: {",
        "o: p,",
        "}",
        "# q",
        "r: s # t",
        '"u": "v\\\\w"',
        "",
        "x#y: z",
        "- 'a'",
        "b: c:d",
    ),
    *(
        "- [",
        "1, 2",
        "]",
        "e: -1",
        "f: a - b",
        "--- ",
        "g: {h: [], i: }",
        "j k: l  m",
        "- -",
    ),
)
documents = st.lists(
    st.builds("{:{}}{}".format, st.just(""), st.integers(1, 5), st.sampled_from(FRAGMENTS)),
    max_size=7,
).map(lambda lines: "\n".join(line[1:] for line in lines))


@settings(max_examples=300)
@given(documents | st.text(alphabet="ab:-#{}[],'\" \n\\&", max_size=40))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    """Whatever is given, it is refused, or read as YAML's own parser reads it."""
    with suppress(PolicyError):
        value = read_yaml(text)
        if value is not None:
            assert blank(value) == yaml_itself(text)
