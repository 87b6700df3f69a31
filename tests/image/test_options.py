"""Every option of every verb does something: each is used here once, on a pool."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

import pytest

import zfstune
from sparse_copy import sparse_copy
from zfstune.cli.main import main
from zfstune.cli.parser import build_parser
from zfstune.engine.image import create_image
from zfstune.values.replication_marks import BaseMark

if TYPE_CHECKING:
    from pathlib import Path

HELP = frozenset({"-h", "--help"})
# What stands for the two ends of a hook's life.
HOOK = "'echo ready; cat'"
RULES = {
    "--keep": "--keep 2",
    "--keep-hourly": "--keep-hourly 2",
    "--keep-daily": "--keep-daily 2",
    "--keep-weekly": "--keep-weekly 2",
    "--keep-monthly": "--keep-monthly 2",
    "--keep-quarterly": "--keep-quarterly unlimited",
    "--keep-yearly": "--keep-yearly 2",
    "--keep-within": "--keep-within 7d",
    "--keep-newer-than": "--keep-newer-than 2026-01-01T00:00:00Z",
    "--grid": "--grid '1x1h(keep=all) | 24x1h'",
    "--keep-unreplicated": "--keep-unreplicated",
    "--never": "--never",
    "--match": "--keep 2 --match 'zfstune-*'",
    "--regex": "--keep 2 --regex 'zfstune-.*'",
    "--tz": "--keep-daily 2 --tz Europe/Berlin",
}
PLANNING = {
    "--profile": "--profile {own}",
    "--role": "--role web",
    "--variant": "postgres --variant balanced",
    "--pool": "git --pool tank",
    "--root": "git --root tank/elsewhere",
    "-o": "git -o atime=on",
    "--no-owner": "git --no-owner",
    "--allow-unsafe": "git --allow-unsafe -o sync=disabled",
    "--json": "git --json",
}
SCHEDULE = {
    "--role": "--role web",
    "--all": "--all",
    "--pool": "--role web --pool tank",
    "--root": "--role web --root tank/data",
    "--dir": "tank/a --dir {units}",
    "-n --dry-run": "tank/a -n",
    "--json": "tank/a --json",
}
BEFORE = "tank/a@checkpoint-before"
OLD = "tank/a@checkpoint-earlier"
COPY = "tank/a tank/copy"
STAMP = "tank/golden tank/new"
NEW = "tank/new --input {stream}"
# Verb to its options, all the words of each, to a command line that uses it; behind
# a ! stands the exit status that it is to have.
ROWS = {
    "": {
        "--version": "--version",
        "--image": "list",
        "--take-over-from": "--take-over-from elsewhere list",
    },
    "apply": {**PLANNING, "-n --dry-run": "git -n"},
    "plan": {**PLANNING, "--check": "git --check !4"},
    "verify": {
        "--profile": "--profile {own} !4",
        "--role": "--role web",
        "--pool": "--pool tank",
        "--root": "--root tank/data git !4",
        "--no-owner": "--no-owner",
        "--files": "--files 0",
        "--json": "--json",
    },
    "explain": {
        "--profile": "--profile {own}",
        "--variant": "postgres --variant balanced",
        "--pool": "git --pool tank",
        "--json": "git --json",
    },
    "profiles": {"-H": "-H", "--json": "--json"},
    "profile check": {"--json": "{own} --json"},
    "profile schema": {},
    "roles": {"-H": "-H", "--json": "--json"},
    "list": {"-t --type": "-t snapshots", "-H": "-H", "-p": "-p", "--json": "--json"},
    "snapshot": {
        "-r --recursive": "-r tank/a",
        "--name": "tank/a --name mine",
        "-n --dry-run": "tank/a -n",
        "--json": "tank/a --json",
        "--before": "tank/a --before true",
        "--after": "tank/a --after true",
        "--hook": f"tank/a --hook {HOOK}",
        "--postgres": "tank/a --postgres nobody-at-all !1",
        "--hook-timeout": "tank/a --before true --hook-timeout 5",
    },
    "snapshots": {"-H": "-H", "-p": "-p", "--json": "--json"},
    "checkpoint": {
        "--pool": "one --pool tank",
        "-n --dry-run": "one tank/a -n",
        "--json": "one tank/a --json",
        "--drop": "before --drop",
        "--lose": "drop before --lose copies",
    },
    "rollback": {
        "--pool": "before --pool tank",
        "-n --dry-run": "before -n",
        "--json": "before --json",
        "--lose": "before --lose snapshots",
        "--no-escape": "before --no-escape",
    },
    "compare": {
        "--other-image": f"{BEFORE} {BEFORE} --other-image {{other}}",
        "--raw": f"{BEFORE} {BEFORE} --raw",
        "--no-paths": f"{BEFORE} {BEFORE} --no-paths",
        "--json": f"{BEFORE} --json",
    },
    "replicas": {
        "--forget": "tank/a --forget 00000000000000ff",
        "-n --dry-run": "tank/a --forget 00000000000000ff -n",
        "-H": "-H",
        "--json": "--json",
    },
    "replicate": {
        "--to-image": f"{COPY} --to-image {{other}} -n",
        "-r --recursive": f"-r {COPY}",
        "--exclude": f"-r {COPY} --exclude tank/a/*",
        "--snapshot": f"{COPY} --snapshot monday",
        "--newest-only": f"{COPY} --newest-only",
        "--jobs": f"{COPY} --jobs 1",
        "--rate": f"{COPY} --rate 100M",
        "--retries": f"{COPY} --retries 1",
        "--verify": f"{COPY} --verify",
        "--ssh-option": f"{COPY} --ssh-option Port=2222",
        "--raw": f"{COPY} --raw",
        "--no-raw": f"{COPY} --no-raw",
        "-o": f"{COPY} -o compression=zstd",
        "-x": f"{COPY} -x exec",
        "--keep-aside": f"{COPY} --keep-aside",
        "--lose": f"{COPY} --lose written",
        "-n --dry-run": f"{COPY} -n",
        "--check": f"{COPY} --check !4",
        "--json": f"{COPY} --json",
    },
    "serve": {
        "--allow": "--allow tank/a --send",
        "--send": "--allow tank/a --send",
        "--receive": "--allow tank/a --receive",
        "--lose": "--allow tank/a --receive --lose",
    },
    "diff": {
        "-r --recursive": f"{OLD} {BEFORE} -r",
        "--no-paths": f"{OLD} {BEFORE} --no-paths",
        "--pool": "earlier before --pool tank",
        "--json": f"{OLD} {BEFORE} --json",
    },
    "clone": {
        "-o": f"{BEFORE} tank/new -o atime=off",
        "--no-mount": f"{BEFORE} tank/new --no-mount",
        "-n --dry-run": f"{BEFORE} tank/new -n",
        "--json": f"{BEFORE} tank/new --json",
    },
    "golden create": {
        "--disk": "tank/new --disk {own}",
        "--format": "tank/new --disk {own} --format raw",
        "-o": "tank/new --disk {own} -o volblocksize=8K",
        "--writable": "tank/a --writable",
        "-n --dry-run": "tank/a -n",
        "--json": "tank/a --json",
    },
    "golden stamp": {
        "-o": f"{STAMP} --keep-identity -o atime=off",
        "--owner": f"{STAMP} --owner root -n",
        "--mode": f"{STAMP} --mode 0750 -n",
        "--keep-identity": f"{STAMP} --keep-identity",
        "--new-uuid": "tank/disk tank/new --new-uuid -n",
        "--wait": "tank/disk tank/new --wait 0",
        "-n --dry-run": f"{STAMP} -n",
        "--json": f"{STAMP} --json !3",
    },
    "golden list": {"-H": "-H", "--json": "--json"},
    "golden export": {
        "--disk": "tank/disk --disk {folder}/disk.raw",
        "--json": "tank/disk {folder}/out --json",
    },
    "golden restore": {
        "-o": "{exported} tank/new -o volmode=dev",
        "-n --dry-run": "{exported} tank/new -n",
        "--json": "{exported} tank/new --json",
    },
    "golden retire": {
        "--lose": "tank/disk --lose image",
        "-n --dry-run": "tank/disk -n",
        "--json": "tank/disk --json",
    },
    "send": {
        "--base": f"{BEFORE} --base #old -n",
        "--every": f"{BEFORE} --every -n",
        "-r --recursive": f"{BEFORE} -r -n",
        "--properties": f"{BEFORE} --properties --output /dev/null",
        "--raw": f"{BEFORE} --raw -n",
        "--no-raw": f"{BEFORE} --no-raw -n",
        "--resume": "--resume 1-2-3-4 --output /dev/null !1",
        "--saved": "tank/a --saved --output /dev/null !1",
        "--output": f"{BEFORE} --output {{folder}}/new",
        "-n --dry-run": f"{BEFORE} -n",
        "--json": f"{BEFORE} -n --json",
    },
    "receive": {
        "--input": f"{NEW} -n",
        "-d": "tank/a -d --input {stream} -n",
        "-e": "tank/a -e --input {stream} -n",
        "-o": f"{NEW} -o compression=zstd",
        "-x": f"{NEW} -x exec",
        "--properties": f"{NEW} --properties -n",
        "--abort": "tank/a --abort !1",
        "-n --dry-run": f"{NEW} -n",
        "--json": f"{NEW} --json",
    },
    "prune": {
        **{option: f"tank/a {line}" for option, line in RULES.items()},
        "-r --recursive": "-r tank/a --keep 2",
        "--pool": "--keep 2 --pool tank",
        "--all-of-them": "tank/a --keep 0 --all-of-them",
        "-n --dry-run": "tank/a --keep 2 -n",
        "-v --verbose": "tank/a --keep 2 -v",
        "--json": "tank/a --keep 2 --json",
        "--free-target": "tank/a --keep 2 --free-target 99%",
        "--wait": "tank/a --keep 2 --wait",
        "--min-keep": "tank/a --keep 1 --min-keep 2",
        "--force": "tank/a --keep 2 --force",
    },
    "policy set": {
        **{option: f"tank/a {line}" for option, line in RULES.items()},
        "--all-of-them": "tank/a --keep 0 --all-of-them",
        "--json": "tank/a keep=3 --json",
    },
    "policy show": {"-H": "-H", "--json": "--json"},
    "policy clear": {"--json": "tank/a --json"},
    "policy simulate": {
        **RULES,
        "--every": "--keep 3 --every 2h",
        "--until": "--keep 3 --until 2d",
        "--json": "--keep 3 --until 2d --json",
        "--svg": "--keep 3 --until 2d --svg {folder}/line.svg",
    },
    "policy import": {"--json": "sanoid {sanoid} --json"},
    "schedule install": {
        **{option: f"-n {line}" for option, line in SCHEDULE.items()},
        "--every": "-n tank/a --every hourly",
        "--replicate": "-n tank/a --replicate host:tank/copy",
        "--no-replicate": "-n tank/a --no-replicate",
        "--no-prune": "-n tank/a --no-prune",
        "--on-failure": "-n tank/a --on-failure alert@%n.service",
    },
    "schedule show": {
        "--role": "--role web",
        "--all": "--all",
        "--pool": "--role web --pool tank",
        "--root": "--role web --root tank/data",
        "--dir": "--dir {units}",
        "--state": "--state {folder}",
        "-H": "-H",
        "--json": "--json",
    },
    "schedule remove": {option: f"-n {line}" for option, line in SCHEDULE.items()},
    "schedule run": {
        "--once": "--once snapshot tank/a --state {folder}",
        "--state": "--once prune tank/a --state {folder}",
        "--if-due": "--once prune --if-due tank/a --state {folder}",
        "--json": "--once prune tank/a --state {folder} --json",
    },
    "check": {
        "-w --warning": "-w 2d",
        "-c --critical": "-c 4d",
        "--lag-warning": "--lag-warning 2d",
        "--lag-critical": "--lag-critical 4d",
        "--state": "--state {folder}",
        "--json": "--json",
    },
    "metrics": {"--output": "--output {folder}/x.prom", "--state": "--state {folder}"},
    "image create": {
        "--size": "{folder}/new.zpool --size 256M",
        "--ashift": "{folder}/new.zpool --size 256M --ashift 13",
        "--pool": "{folder}/new.zpool --size 256M --pool other",
        "--json": "{folder}/new.zpool --size 256M --json",
    },
    "image info": {"--json": "{file} --json"},
}


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
        engine.create("tank/golden")
        zfstune.golden.create("tank/golden", engine=engine)
        zfstune.golden.create("tank/disk", disk=str(made["own"]), engine=engine)
        zfstune.golden.export("tank/disk", str(made["exported"]), engine=engine)
        with made["stream"].open("wb") as stream:
            zfstune.send(BEFORE, stream, engine=engine)
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
    line, _, status = ROWS[verb][option].partition("!")
    argv = shlex.split(
        line.format(**{k: shlex.quote(os.fspath(v)) for k, v in own.items()})
    )
    if verb == "schedule install":  # it writes units for the kernel's ZFS alone
        monkeypatch.setattr("zfstune.cli.schedule.uses_kernel", lambda _: True)
    before = [] if verb.startswith("image") else ["--image", os.fspath(own["file"])]
    try:
        result = main([*before, *verb.split(), *argv])
    except SystemExit as end:  # argparse's own way, after --version
        result = int(end.code or 0)
    said = capsys.readouterr()
    assert result == int(status or 0), said.err
    assert "usage:" not in said.err
