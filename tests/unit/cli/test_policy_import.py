"""``zfstune policy import``: the output of a reading, and the text that is read."""

from __future__ import annotations

import io
import json
import sys
from subprocess import run
from typing import TYPE_CHECKING

import pytest

from zfstune.cli import exit_status
from zfstune.cli import policy as policy_verb
from zfstune.cli.main import main
from zfstune.retention.imports.reading import Imported, LeftOut, Reading, complete
from zfstune.retention.policy import Policy
from zfstune.values.errors import PolicyError
from zfstune.values.text import for_shell

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = Policy.last(1), Policy.last(2)
TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/z")


@pytest.fixture
def read_as(monkeypatch: pytest.MonkeyPatch) -> list[Reading]:
    """Let the command get the reading that a test puts into this list."""
    readings: list[Reading] = []
    monkeypatch.setattr(policy_verb, "convert", lambda *_: readings[0])
    monkeypatch.setattr(policy_verb, "_datasets", lambda _: None)
    monkeypatch.setattr(policy_verb, "_read", lambda _: "")
    return readings


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        (Reading((Imported("tank", ONE),)), exit_status.DONE),
        (
            Reading((Imported("tank", ONE),), (LeftOut("job 'x'", "no"),)),
            exit_status.PARTLY,
        ),
        (Reading((), (LeftOut("s", "why", hint="do that"),)), exit_status.FAILED),
    ],
)
def test_the_command_says_what_was_left_out(
    read_as: list[Reading],
    capsys: pytest.CaptureFixture[str],
    reading: Reading,
    code: int,
) -> None:
    """Stdout has the commands; stderr and the document have the parts left out, and why."""
    read_as.append(reading)
    assert main(["policy", "import", "sanoid", "-"]) == code
    out, err = capsys.readouterr()
    commands = ["zfstune policy set tank keep=1"]
    assert out.splitlines() == commands[: len(reading.policies)]
    for left_out in reading.left_out:
        assert f"cannot import '{left_out.name}': {left_out.reason}" in err
        assert left_out.hint in err
    assert main(["policy", "import", "sanoid", "-", "--json"]) == code
    document = json.loads(capsys.readouterr()[0])
    assert [row["dataset"] for row in document["policies"]] == [
        each.dataset for each in reading.policies
    ]
    assert document["left_out"] == [
        {"name": each.name, "reason": each.reason, "hint": each.hint or None}
        for each in reading.left_out
    ]


def test_what_lacks_its_dataset_is_printed_as_a_comment(
    read_as: list[Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    """All of stdout can be piped to a shell; stderr says what to put in for DATASET."""
    none = Policy.last(0, "it *", allow_zero=True)
    read_as.append(Reading((Imported("tank", ONE), Imported("", TWO), Imported("", none))))
    assert main(["policy", "import", "zrepl", "-"]) == exit_status.DONE
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "zfstune policy set tank keep=1",
        "# zfstune policy set DATASET keep=2",
        "# zfstune policy set --all-of-them DATASET " + for_shell("match='it *' keep=0"),
    ]
    shell = run(
        ["/bin/sh", "-e"], input=out.replace("zfstune", "echo"), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert (shell.stdout, shell.stderr) == ("policy set tank keep=1\n", "")
    assert err.count("in place of DATASET, and take the # away") == 1
    assert main(["policy", "import", "zrepl", "-", "--json"]) == exit_status.DONE
    out, err = capsys.readouterr()
    assert [row["dataset"] for row in json.loads(out)["policies"]] == ["tank", "", ""]
    assert err == ""


def test_what_is_to_be_known_of_all_of_it_is_said(
    read_as: list[Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes on a whole reading are on stderr and in the document in any case."""
    read_as.append(complete(Reading((), (LeftOut("s", "why"),), ("beware",)), TREE))
    assert main(["policy", "import", "cron", "-"]) == exit_status.FAILED
    assert "zfstune: beware\n" in capsys.readouterr().err
    assert main(["policy", "import", "cron", "-", "--json"]) == exit_status.FAILED
    [note, *_] = json.loads(capsys.readouterr().out)["notes"]
    assert note == {
        "message": "beware",
        "hint": None,
    }


def test_a_dataset_that_is_known_needs_no_words_on_it(
    read_as: list[Reading], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a placeholder in the output, no advice on one is printed."""
    read_as.append(Reading((Imported("tank", ONE),)))
    assert main(["policy", "import", "zrepl", "-"]) == exit_status.DONE
    assert capsys.readouterr().err == ""


def test_settings_are_read_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beyond the limit is an error, and no line's end is changed."""
    file = tmp_path / "settings"
    most = policy_verb._MOST_BYTES
    file.write_bytes(b"a\r\n\r" + b"x" * (most - 4))
    assert policy_verb._read(str(file)) == "a\r\n\r" + "x" * (most - 4)
    file.write_bytes(b"x" * (most + 1))
    with pytest.raises(PolicyError, match=f"has more than {most} bytes"):
        policy_verb._read(str(file))
    file.write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="it is no text"):
        policy_verb._read(str(file))
    with pytest.raises(PolicyError, match="No such file"):
        policy_verb._read(str(tmp_path / "none"))
    stdin = io.TextIOWrapper(io.BytesIO(b"b\r\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert policy_verb._read("-") == "b\r\n"
