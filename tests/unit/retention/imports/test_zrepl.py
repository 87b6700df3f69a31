"""zrepl's configuration: policies that keep what its jobs keep, or the reason why not."""

from __future__ import annotations

import pytest

from reading_oracle import NOW, in_force
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import LEAVE_ALONE, UNKNOWN_TREE
from zfstune.values.errors import PolicyError
from zrepl_jobs import job, lost, refused, rules, said

# This has the form of zrepl's own samples, config/samples/local.yml and snap.yml.
SAMPLE = """\
# a comment
jobs:
- name: snapjob   # takes and prunes
  type: snap
  filesystems: {
    "tank<": true,
    "tank/scratch<": false, # not these
    'tank/one<': true
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
  serve:
    type: tcp
    listen: :8888
"""
GRID = "regex=zrepl_.* grid='1x1h(keep=all) | 24x1h | 14x1d'"
TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "pool", "pool/a")


def test_the_sample_is_read() -> None:
    """The filter chooses the datasets, the excluded one keeps all, no consent is needed."""
    reading = convert("zrepl", SAMPLE)
    found = {each.dataset: each for each in reading.policies}
    assert {name: each.text for name, each in found.items()} == {
        "tank": GRID,
        "tank/scratch": "match=* never",
    }
    assert not any(each.policy.allow_zero for each in found.values())
    assert [note[:27] for note in found["tank"].notes] == ["zfstune keeps snapshots dat"]
    assert reading.left_out == ()


@pytest.mark.parametrize(
    ("word", "negated"),
    [
        *((word, True) for word in ("true", "True", "TRUE", "yes", "YES", "on", "y", "Y")),
        *((word, False) for word in ("false", "False", "no", "NO", "off", "n", "N")),
    ],
)
def test_every_truth_of_yaml(word: str, negated: bool) -> None:  # noqa: FBT001
    """Each truth of go-yaml is one, and not just the words true and false."""
    text = rules(
        'type: grid, grid: 1x1h(keep=all), regex: "^zrepl_"',
        f'type: regex, negate: {word}, regex: "^zrepl_.*"',
        filesystems=f"tank/a<: {word}",
    )
    if negated:
        assert said(text) == {"tank/a": "regex=zrepl_.* grid=1x1h(keep=all)"}
        return
    with pytest.raises(PolicyError, match="nothing in it prunes"):
        convert("zrepl", text)
    whole = text.replace(f"tank/a<: {word}", "tank/a<: true")
    assert lost(whole, [("zrepl_1", 1), ("man", 2), ("zrepl_2", NOW)]) == {"man"}


@pytest.mark.parametrize("word", ["'true'", '"yes"', "1", "wahr", "tRUE", "~", "[true]"])
def test_what_is_no_truth(word: str) -> None:
    """A text in quotes is no truth; zrepl would not start with it."""
    text = rules("type: last_n, count: 3", f"type: regex, negate: {word}, regex: a")
    assert "neither true nor false" in refused(text)["tank/a"]
    text = rules("type: last_n, count: 3", filesystems=f"tank/a<: {word}")
    assert "neither true nor false" in refused(text)["job j"]


def test_the_sides_of_a_replication() -> None:
    """Rules for the other host are noted as such; received datasets are below root_fs."""
    sides = (
        "root_fs: tank/a\npruning:\n"
        "  keep_sender:\n  - type: last_n\n    count: 10\n"
        "  keep_receiver:\n  - type: last_n\n    count: 20\n"
    )
    reading = convert("zrepl", "jobs:\n" + job("p", "pull", sides), TREE)
    below, sender = reading.policies
    assert (sender.dataset, sender.text) == ("", "match=* keep=10; match=* keep=0")
    assert "keep_sender of job 'p' is for the host on the other side" in sender.notes[-1]
    assert (below.dataset, below.text) == ("tank/a/b", "match=* keep=20; match=* keep=0")
    assert below.policy.allow_zero
    assert "the snapshots of 'tank/a' itself stay, as with zrepl" in below.notes
    assert below.notes[0].startswith("a dataset that is created later below tank/a gets no")
    pushed = "jobs:\n" + job("p", "push", "filesystems: {tank: true}\n" + sides[16:])
    receiver = convert("zrepl", pushed, ("tank",)).policies[-1]
    assert (receiver.dataset, receiver.text[:15]) == ("", "match=* keep=20")
    assert "keep_receiver of job 'p'" in receiver.notes[-1]
    assert said(pushed, ("tank",))["tank"] == "match=* keep=10; match=* keep=0"


QUICK_START = "jobs:\n" + job(
    "snap",
    "snap",
    'filesystems: {"tank<": true}\npruning:\n  keep:\n'
    '  - {type: grid, grid: 1x1h(keep=all) | 24x1h | 14x1d, regex: "^zrepl_"}\n'
    '  - {type: regex, negate: true, regex: "^zrepl_"}\n',
)
PUSH = job(
    "push",
    "push",
    'filesystems: {{"{}": true}}\npruning:\n'
    "  keep_sender:\n  - {{{}}}\n  keep_receiver: []",
)


def test_the_quick_start() -> None:
    """If one job keeps all that another prunes, the other job's rules decide."""
    text = QUICK_START + PUSH.format("tank<", 'type: regex, regex: ".*"')
    assert said(text) == {"tank": GRID, "": "match=* never"}
    assert refused(text) == {}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # The order of the jobs does not matter.
        ("type: last_n, count: 3, regex: '^zrepl_'", None),
        ("type: last_n, count: 3, regex: 'b_'", None),
        ("type: last_n, count: 3", None),
        ("type: regex, regex: '^b_'", None),
    ],
)
def test_several_jobs_that_do_not_agree(rule: str, expected: None) -> None:
    """Jobs with different rules are left out: each counts what the other left."""
    text = QUICK_START + PUSH.format("tank/a<", rule)
    reading = convert("zrepl", text)
    assert in_force(reading, "tank/a") is expected
    assert [policy.text for policy in reading.policies] == [
        "match=* never",
        GRID,
        "match=* never",
    ]
    assert refused(text) == {
        "tank/a": "jobs 'snap' and 'push' prune it one after the other by different "
        "rules, which a single policy cannot do"
    }


def test_jobs_that_never_meet() -> None:
    """Jobs for different snapshots become rules beside each other in one policy."""
    left = 'type: regex, negate: true, regex: "^b_"'
    other = f'type: last_n, count: 3, regex: "^b_"}}\n    - {{{left}'
    text = QUICK_START + PUSH.format("tank/a<", other)
    both = f"{GRID}; regex=b_.* keep=3"
    assert said(text) == {"tank/a": both, "tank": GRID, "": "match=* never"}
    # Two jobs with the same rules are like one.
    twice = QUICK_START + QUICK_START.removeprefix("jobs:\n").replace("snap\n  t", "s\n  t")
    assert said(twice) == {"tank": GRID}


def test_notes_of_all_jobs_are_kept() -> None:
    """A dataset of several jobs has the notes of each, once."""
    sink = (
        "root_fs: tank\npruning:\n  keep_sender: []\n  keep_receiver:\n"
        '  - {type: last_n, count: 3, regex: "^b_"}\n'
        '  - {type: regex, negate: true, regex: "^b_"}\n'
    )
    text = QUICK_START + job("back", "pull", sink)
    apart = {each.dataset: each for each in convert("zrepl", text, TREE).policies}
    alone = {each.dataset: each for each in convert("zrepl", QUICK_START, TREE).policies}
    assert apart["tank/a"].text == f"{GRID}; regex=b_.* keep=3"
    below = "the snapshots of 'tank' itself stay, as with zrepl"
    assert below in apart["tank/a"].notes
    assert set(alone["tank"].notes) <= {*apart["tank"].notes, *apart["tank/a"].notes}
    assert len(set(apart["tank/a"].notes)) == len(apart["tank/a"].notes)


def test_jobs_in_each_others_way_are_named() -> None:
    """Two jobs with different rules for the same snapshots are named, of any type."""
    sink = (
        "root_fs: tank\npruning:\n  keep_sender: []\n  keep_receiver:\n"
        "  - {type: last_n, count: 3}\n"
    )
    reasons = refused(QUICK_START + job("back", "pull", sink), TREE)
    assert reasons["tank/a"].startswith("jobs 'snap' and 'back' prune it one after the ")


def test_filters_by_the_longest_entry() -> None:
    """An entry without a sign is for one dataset and wins; else the longest entry does."""
    entries = (
        "tank<: on\n    tank/a: n\n    tank/a/b<: off\n    tank/a/b/c: yes\n    pool: true"
    )
    text = rules("type: last_n, count: 3", "type: regex, regex: a", filesystems=entries)
    reading = convert("zrepl", text, TREE)
    taken_in = {name for name in TREE if in_force(reading, name)}
    assert taken_in == {"tank", "tank/ab", "tank/a/b/c", "pool"}
    assert reading.left_out == ()
    assert refused(text) == dict.fromkeys(("tank/a", "tank/a/b/c", "pool"), UNKNOWN_TREE)
    hints = {each.name: each.hint for each in convert("zrepl", text).left_out}
    assert "for 'pool' alone, the policy is 'match=* keep=3" in hints["pool"]
    assert "alone" not in hints["tank/a"]
    assert said(text)["tank/a"] == "match=* never"


def test_all_datasets() -> None:
    """An entry for all datasets is for each known pool; else the user names the pools."""
    text = rules("type: last_n, count: 3", filesystems="<: true\n    tank/a<: false")
    assert said(text, TREE) == {
        "tank/a": "match=* never",
        "tank": "match=* keep=3; match=* keep=0",
        "pool": "match=* keep=3; match=* keep=0",
    }
    reading = convert("zrepl", text)
    assert [each.dataset for each in reading.policies] == ["tank/a", "tank", ""]
    assert reading.policies[0].policy == LEAVE_ALONE
    assert "store it on each pool" in reading.policies[-1].notes[-1]
    # A pool that is excluded gets a policy that leaves it alone.
    text = rules("type: last_n, count: 3", filesystems="<: true\n    tank<: false")
    assert [each.dataset for each in convert("zrepl", text).policies] == ["tank", ""]
    assert convert("zrepl", text).policies[0].policy == LEAVE_ALONE
    # A refusal for all pools is told, though no pool is named.
    text = rules("type: sometimes", filesystems="<: true")
    assert "type of rule 'sometimes'" in refused(text)["all datasets"]


def test_a_dataset_that_is_not_there_is_said() -> None:
    """A misspelt name is told."""
    text = rules("type: last_n, count: 3", filesystems="tank/gone<: true")
    assert refused(text, TREE) == {"tank/gone": "there is no such dataset here"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no list of jobs"),
        ("jobs: {}", "no list of jobs"),
        ("jobs: [a]", "no list of jobs"),
        ("- a", "no list of jobs"),
        ("jobs:\n- name: &a\n  type: [", "line 4"),
        ("jobs: []\njob: []", "unknown key 'job'"),
        ("jobs: []\ninclude: [a.yml]", "'include' adds the jobs of other files"),
        (rules("type: last_n, count: 3, count: 4"), "'count' is given twice"),
        ("jobs: []\n", "nothing in it prunes"),
        (SAMPLE[SAMPLE.index("- name: sink") :].join(("jobs:\n", "")), "nothing in it pru"),
    ],
)
def test_what_cannot_be_read_at_all(text: str, reason: str) -> None:
    """A text that cannot be read is refused with the line, or with the missing part."""
    with pytest.raises(PolicyError, match=r"^cannot import from zrepl") as no:
        convert("zrepl", text)
    assert reason in no.value.message


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        (rules("type: grid, regex: x"), "tank/a", "a grid has no 'grid'"),
        (rules("type: grid, grid: 1x1h"), "tank/a", "type grid has no 'regex'"),
        (rules("type: grid, grid: 1x1h, regex: ''"), "tank/a", "type grid has no 'regex'"),
        (rules("type: regex"), "tank/a", "type regex has no 'regex'"),
        (rules("type: regex, regex: ~"), "tank/a", "without quotes as no value"),
        (
            rules('type: grid, regex: x, grid: "24x1h | 7x1m"'),
            "tank/a",
            "'24x1h | 7x1m': spans must not get shorter",
        ),
        (
            rules('type: grid, regex: x, grid: "1x1h | 1x2h(keep=all) | 1x1h"'),
            "tank/a",
            "spans must not get shorter",
        ),
        (rules('type: grid, regex: x, grid: "1x1y"'), "tank/a", "'1x1y' should read"),
        (rules('type: grid, regex: x, grid: "1x1h(keep=0)"'), "tank/a", "from 1 to"),
        (rules('type: grid, regex: x, grid: "0x1h"'), "tank/a", "from 1 to"),
        (rules('type: grid, regex: x, grid: "99999999x1h"'), "tank/a", "more than 100000"),
        (rules("type: last_n, count: 0"), "tank/a", "'0' is no number above zero"),
        (rules("type: last_n, count: 010"), "tank/a", "'010' is no number above"),
        (rules("type: last_n, count: '10'"), "tank/a", "no number above zero"),
        (rules("type: last_n, count: 10.5"), "tank/a", "no number above zero"),
        (rules("type: last_n"), "tank/a", "its value is no number"),
        (rules("type: last_n, count: 3, keep: 4"), "tank/a", "unknown key 'keep'"),
        (rules("type: sometimes"), "tank/a", "unknown type of rule 'sometimes'"),
        (rules("typ: regex"), "tank/a", "type of rule ''"),
        (rules("type: regex, regex: '[[:alpha:]]'"), "tank/a", "may mean different things"),
        (rules("type: regex, regex: '('"), "tank/a", "regex '('"),
        (rules('type: last_n, count: 1, regex: "it\'s"'), "tank/a", "cannot hold a quote"),
        (
            rules("type: last_n, count: 3").replace("filesystems", "datasets"),
            "job j",
            "no mapping 'filesystems'",
        ),
        (
            rules("type: last_n, count: 3").replace("keep:", "keeps:"),
            "job j",
            "its pruning should hold keep, as jobs of type snap do",
        ),
        (rules().replace("type: snap", "type: push"), "job j", "keep_sender and keep_rec"),
        (rules().replace("type: snap", "type: sink"), "job j", "should hold no rules"),
        (rules().replace("type: snap", "type: snip"), "job j", "type of job 'snip'"),
        (rules().replace("  type: snap\n", ""), "job j", "it has no 'type'"),
        (rules().replace("name: j", "nam: j"), "tank/a", "keep of job 1: it is no list"),
        (rules(filesystems="tank/a<<: true"), "job j", "character '<' at position 7"),
        (rules(filesystems="'': true"), "job j", "empty"),
        (rules().replace("keep:\n", "keep: [a]\n"), "tank/a", "a rule is no mapping"),
    ],
)
def test_what_cannot_be_kept_is_left_out(text: str, name: str, reason: str) -> None:
    """A part that no policy reproduces is left out with its name and the reason."""
    assert reason in refused(text).get(name, "")
    assert not any(in_force(convert("zrepl", text), each) for each in TREE)


def test_a_job_that_cannot_be_read_may_prune_what_others_do() -> None:
    """Datasets of an unreadable job get no policy; if it names none, no dataset does."""
    broken = QUICK_START + job("b", "snap", 'filesystems: {"tank/a<": true}')
    reading = convert("zrepl", broken, TREE)
    assert in_force(reading, "tank/ab") is not None
    assert in_force(reading, "tank/a/b") is None
    assert set(refused(broken, TREE)) == {"job b", "tank/a"}
    nameless = QUICK_START + job("b", "snap", "pruning: {keep: []}")
    assert not any(in_force(convert("zrepl", nameless, TREE), each) for each in TREE)


def test_other_settings_of_zrepl_do_not_matter() -> None:
    """A section for logs and metrics is no key that nobody knows."""
    text = rules("type: last_n, count: 3")
    logging = "global:\n  logging:\n  - type: syslog\n    level: warn\n"
    assert said(logging + text) == said(text)
