"""Every option of every verb does something: each is used here once, on a pool."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from typing import TYPE_CHECKING

import pytest

import zfstune
from option_rows import BEFORE, OTHER_DOCUMENTS, ROWS, TESTED_APART
from recorded_traces import RECORDINGS
from source_tree import ROOT
from sparse_copy import sparse_copy
from zfstune.cli.main import main
from zfstune.cli.parser import build_parser
from zfstune.cli.schema import schema_names
from zfstune.engine.image import create_image
from zfstune.measurement.load_workload import load_workload
from zfstune.values.replication_marks import BaseMark

if TYPE_CHECKING:
    from pathlib import Path

HELP = frozenset({"-h", "--help"})


def options(parser: argparse.ArgumentParser, verb: str = "") -> dict[str, set[str]]:
    """Give the options of each verb, all the words of one in a row, from the parser."""
    found: dict[str, set[str]] = {verb: set()}
    below: dict[str, set[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                below |= options(inner, f"{verb} {word}".strip())
        elif action.option_strings and not HELP.intersection(action.option_strings):
            found[verb].add(" ".join(action.option_strings))
    if below and not found[verb]:
        del found[verb]  # it only has verbs of its own
    return found | below


def test_every_option_has_a_row() -> None:
    """A new option has a command line here that uses it, and no row is of an old one."""
    there = options(build_parser())
    assert {verb: set(rows) for verb, rows in ROWS.items()} == there


# What these verbs print by the line of their row; other verbs print one document alone.
BY_ROW = {
    "checkpoint": "checkpoint-take",
    "compare": "compare-digest",
    "measure": "measure-plan",
}


def document_of(verb: str) -> str:
    """Name the document that a verb's own row prints."""
    return BY_ROW.get(verb, verb.replace(" ", "-"))


def test_every_document_is_printed_by_a_test() -> None:
    """Each schema is of a document that a verb prints, and each has one."""
    rows = {document_of(verb) for verb, options in ROWS.items() if "--json" in options}
    apart = {*OTHER_DOCUMENTS, *TESTED_APART, "error"}
    assert sorted(rows | apart) == schema_names()
    assert all((ROOT / path).exists() for path in TESTED_APART.values())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give a pool with a bit of everything, and files that options name."""
    folder = tmp_path_factory.mktemp("options")
    made = {
        "folder": folder,
        "file": folder / "x.zpool",
        "units": folder / "units",
        "own": folder / "shop.toml",
        "sanoid": folder / "sanoid.conf",
        "exported": folder / "exported",
        "stream": folder / "stream",
    }
    made["units"].mkdir()
    made["own"].write_text(
        'name = "shop"\nsummary = "a shop"\n\n[[dataset]]\npath = "shop"\n\n'
        '[dataset.properties.atime]\nvalue = "off"\nwhy = "w"\nsource = "s"\n'
    )
    made["job"] = folder / "job.fio"
    made["job"].write_text(load_workload("sqlite").facts.job)
    made["trace"] = RECORDINGS / "strace.txt"
    made["sanoid"].write_text("[tank/a]\nautoprune = yes\nhourly = 36\n")
    with create_image(made["file"], size_bytes=128 << 20) as engine:
        engine.create("tank/a")
        zfstune.apply("web", "projects", engine=engine, owner=False)
        for _ in range(4):
            zfstune.snapshot("tank/a", engine=engine)
        engine.bookmark(engine.snapshots("tank/a")[0].name, "tank/a#old")
        zfstune.checkpoint("earlier", "tank/a", engine=engine)
        zfstune.checkpoint("before", "tank/a", engine=engine)
        newest = engine.snapshots("tank/a")[-1]
        engine.bookmark(newest.name, BaseMark(255, newest.guid).on("tank/a"))
        engine.hold(["tank/a@checkpoint-earlier"], "audit")
        engine.create("tank/spare")
        zfstune.failover("tank/spare", standby=True, engine=engine)
        engine.create("tank/golden")
        zfstune.golden.create("tank/golden", engine=engine)
        zfstune.golden.create("tank/disk", disk=str(made["own"]), engine=engine)
        zfstune.golden.export("tank/disk", str(made["exported"]), engine=engine)
        with made["stream"].open("wb") as stream:
            zfstune.send(BEFORE, stream, engine=engine)
        made["measured"] = folder / "measured.json"
        wishes = zfstune.Wishes("postgres", recordsizes=(8192,), size_bytes=1 << 20, runs=1)
        found = zfstune.measure(wishes, engine=engine)
        made["measured"].write_text(json.dumps(found.to_dict()))
        engine.set(
            "tank/a",
            {"org.zfstune:schedule": "daily", "org.zfstune:policy": "keep=30"},
        )
    return made


@pytest.fixture
def own(places: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Give the same with a pool of the test's own."""
    sparse_copy(places["file"], tmp_path / "copy.zpool")
    changed = {"file": tmp_path / "copy.zpool", "folder": tmp_path}
    return {**places, **changed, "other": places["file"]}


@pytest.mark.parametrize(
    ("verb", "option"), [(verb, option) for verb, rows in ROWS.items() for option in rows]
)
def test_each_option_works(
    own: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    option: str,
) -> None:
    """The command ends as its row says, and says nothing of how it is called."""
    if verb == "schedule install":  # it writes units for the kernel's ZFS alone
        monkeypatch.setattr("zfstune.cli.schedule.uses_kernel", lambda _: True)
    out = end_as_said(own, capsys, f"{verb} {ROWS[verb][option]}")
    if option == "--json":
        document = json.loads(out)
        assert document["exit_status"] == 0 or document["errors"]
        if document["format"] != "zfstune.error":
            assert document["format"] == f"zfstune.{document_of(verb)}"


@pytest.mark.parametrize("name", OTHER_DOCUMENTS)
def test_other_documents(
    own: dict[str, Path], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """With other words a verb prints another document; its schema is looked at, too."""
    out = end_as_said(own, capsys, OTHER_DOCUMENTS[name])
    assert json.loads(out)["format"] == f"zfstune.{name}"


def end_as_said(own: dict[str, Path], capsys: pytest.CaptureFixture[str], row: str) -> str:
    """Run a line, see that it ends with its status, and give what it printed."""
    line, _, status = row.partition("!")
    argv = shlex.split(
        line.format(**{k: shlex.quote(os.fspath(v)) for k, v in own.items()})
    )
    before = [] if argv[0] == "image" else ["--image", os.fspath(own["file"])]
    try:
        result = main([*before, *argv])
    except SystemExit as end:  # argparse's own way, after --version
        result = int(end.code or 0)
    said = capsys.readouterr()
    assert result == int(status or 0), said.err
    assert "usage:" not in said.err
    return said.out
