"""The text of systemd's units: names, command lines and times."""

from __future__ import annotations

import hashlib
import re
import subprocess
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from scheduled_units import BERLIN, COMMAND, HOURLY, cadence, units
from zfstune.schedules.unit_text import Unit, escape, hook_of, owner_of, units_for
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_systemds(tmp_path: Path) -> None:
    """Names of datasets are escaped as by systemd-escape; long ones end in a digest."""
    for name in ("tank", "tank/data/www", "tank/a-b_c.d:e f", "tank/.hidden"):
        words = ["systemd-escape", name]
        assert escape(name) == subprocess.check_output(words, text=True).rstrip("\n")
    assert escape("tank/\udce4\xe4") == r"tank-\xe4\xc3\xa4"
    long = [f"tank/{'x-' * 120}{end}" for end in "ab"]
    assert len({escape(name) for name in long}) == 2
    assert all(len(f"zfstune-snapshot-{escape(name)}.service") < 256 for name in long)


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        (f"tank/{'x' * 95}/{'y' * 99}", None),  # 200 bytes are not too many
        (f"tank/{'x' * 95}/{'y' * 100}", f"tank-{'x' * 95}"),
        (f"tank/{'x' * 194}/y", f"tank-{'x' * 194}"),
        (f"tank/{'x' * 195}/y", "tank"),
        (f"tank/{'x' * 193}/ab/y", f"tank-{'x' * 193}"),
    ],
)
def test_where_long_names_are_cut(name: str, begin: str | None) -> None:
    """Of a name beyond 200 bytes whole parts stay, and the digest tells the rest."""
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    cut = name.replace("/", "-") if begin is None else f"{begin}-{digest}"
    assert escape(name) == cut


def test_the_texts_of_units() -> None:
    """A service starts the job with the rights that it needs; a timer has its times."""
    head = (
        "# zfstune schedule: tank/a%\n"
        "# Written by `zfstune schedule install`, which overwrites it: put changes of\n"
        "# your own into a drop-in (systemctl edit NAME).\n\n"
    )
    service, timer, pruning, later = units_for(
        "tank/a%", cadence("4h@01:15"), UTC, ("/z",), prunes=True, on_failure="x@%n.service"
    )
    assert [unit.name for unit in (service, timer, pruning, later)] == [
        "zfstune-snapshot-tank-a\\x25.service",
        "zfstune-snapshot-tank-a\\x25.timer",
        "zfstune-prune-tank-a\\x25.service",
        "zfstune-prune-tank-a\\x25.timer",
    ]
    start, _, rest = service.text.partition("CapabilityBoundingSet=CAP_SYS_ADMIN\n")
    assert start == (
        f"{head}[Unit]\nDescription=Take snapshots of tank/a%%\nAfter=zfs.target\n"
        "OnFailure=x@%n.service\n\n[Service]\nType=oneshot\n"
        "ExecStart=/z schedule run --once snapshot tank/a%%\n"
        "StateDirectory=zfstune\nCacheDirectory=zfstune\n"
    )
    assert rest.endswith("UMask=0077\n")
    plain, *_ = units_for("tank/a%", cadence("4h@01:15"), UTC, ("/z",), prunes=True)
    assert plain.text == service.text.replace("OnFailure=x@%n.service\n", "")
    assert timer.text == (
        f"{head}[Unit]\nDescription=Take snapshots of tank/a%%, 4h@01:15 UTC\n\n"
        "[Timer]\nOnCalendar=*-*-* 01/4:15:00 UTC\nPersistent=yes\n"
        "RandomizedDelaySec=720\nFixedRandomDelay=yes\nAccuracySec=1s\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )
    assert "Description=Prune the snapshots of tank/a%%\n" in pruning.text
    assert "ExecStart=/z schedule run --once prune tank/a%%\n" in pruning.text
    assert "Description=Prune the snapshots of tank/a%%, 4h@01:45 UTC\n" in later.text
    assert "OnCalendar=*-*-* 01/4:45:00 UTC\n" in later.text


@pytest.mark.parametrize(
    ("target", "network"), [("back/a", False), ("host:back/a", True), ("", False)]
)
def test_replication_has_units_of_its_own(target: str, network: bool) -> None:  # noqa: FBT001 (parametrized)
    """It follows the snapshot, comes before the prune, and may reach another host."""
    made = units_for(
        "tank/a", HOURLY, UTC, ("/z",), prunes=True, replicates_to=filter(None, [target])
    )
    names = [unit.name for unit in made]
    sending = {unit.name: unit.text for unit in made if "-replicate-" in unit.name}
    if not target:
        assert sending == {}
        return
    assert names[2:4] == list(sending)
    service = sending["zfstune-replicate-tank-a.service"]
    assert "ExecStart=/z schedule run --once replicate tank/a\n" in service
    after = re.search("^After=(.*)$", service, re.MULTILINE)
    assert after is not None
    assert "zfstune-snapshot-tank-a.service" in after[1]
    assert ("network-online.target" in after[1]) == network
    assert ("PrivateNetwork=yes" in service) == (not network)
    assert ("AF_INET6" in service) == network
    timer = sending["zfstune-replicate-tank-a.timer"]
    assert "OnCalendar=*-*-* *:15:00 UTC\n" in timer
    others = [unit.text for unit in made if unit.name not in sending]
    assert not any("AF_INET" in text for text in others)


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("a-b/c@d=+,:_.%$", "a-b/c@d=+,:_.%%$$"),
        ("", '""'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a;b", '"a;b"'),
        ("~", '"~"'),
    ],
)
def test_which_words_are_quoted(word: str, quoted: str) -> None:
    """A word of plain signs stands as it is; others are quoted, and quotes escaped."""
    [unit, *_] = units_for("tank", HOURLY, UTC, ("/z", word), prunes=False)
    assert f"\nExecStart=/z {quoted} schedule run --once snapshot tank\n" in unit.text


def test_the_command_line_is_quoted() -> None:
    """Blanks, percent and dollar signs reach the program unchanged."""
    [unit, *_] = units_for(
        "tank/my data", HOURLY, UTC, ("/opt/a b/$x%", "-m"), prunes=False
    )
    [line] = re.findall(r"^ExecStart=(.*)", unit.text, re.MULTILINE)
    assert line == ('"/opt/a b/$$x%%" -m schedule run --once snapshot "tank/my data"')


def test_timers_are_in_utc_and_runs_look_whether_they_are_due() -> None:
    """A timer has one line for each offset of the zone if it goes by the wall clock."""
    daily = cadence("daily@02:05")
    wanted = units_for("tank", daily, BERLIN, COMMAND, prunes=True)
    service, timer, pruning, later = (unit.text for unit in wanted)
    assert "OnCalendar=*-*-* 00:05:00 UTC\nOnCalendar=*-*-* 01:05:00 UTC\n" in timer
    assert "OnCalendar=*-*-* 00:35:00 UTC\nOnCalendar=*-*-* 01:35:00 UTC\n" in later
    assert "Description=Take snapshots of tank, daily@02:05 Europe/Berlin\n" in timer
    assert "schedule run --once snapshot --if-due tank\n" in service
    assert "schedule run --once prune --if-due tank\n" in pruning
    service, timer, *_ = (
        unit.text for unit in units_for("tank", daily, UTC, COMMAND, prunes=True)
    )
    assert "OnCalendar=*-*-* 02:05:00 UTC\nPersistent=yes\n" in timer
    assert "schedule run --once snapshot tank\n" in service


def test_a_partly_failed_prune_is_a_failed_unit() -> None:
    """Only status 0 is a success, so that OnFailure= is started."""
    assert all("SuccessExitStatus" not in unit.text for unit in units())


def test_no_prune_no_units_for_it() -> None:
    """A schedule that never prunes has no units for pruning."""
    assert [unit.name for unit in units(prunes=False)] == [
        "zfstune-snapshot-tank-a\\x2db.service",
        "zfstune-snapshot-tank-a\\x2db.timer",
    ]


@pytest.mark.parametrize(
    "hook", ["alert", "alert.timer", ".service", "a b.service", "a\nb.service"]
)
def test_a_hook_is_a_unit(hook: str) -> None:
    """A text that is no unit's name does not get into a unit."""
    with pytest.raises(InvalidValue, match="on a failure"):
        units(on_failure=hook)


@pytest.mark.parametrize(
    "hook", ["alert.target", "a-b@%n.service", r"a\x2db@x.service", "a.b.service"]
)
def test_what_may_be_a_hook(hook: str) -> None:
    """Services and targets may be started, with specifiers and escapes in their names."""
    services = [unit for unit in units(on_failure=hook) if unit.name.endswith("service")]
    assert [hook_of(unit.text) for unit in services] == [hook, hook]


def test_a_unit_names_its_dataset_and_its_hook() -> None:
    """The mark on the first line tells the dataset, and a service names its hook."""
    for unit in units("tank/a b", on_failure="alert@%n.service"):
        assert owner_of(unit.text) == "tank/a b"
        is_service = unit.name.endswith(".service")
        assert hook_of(unit.text) == ("alert@%n.service" if is_service else "")
        assert unit.enabled != is_service
    assert owner_of(Unit("x.timer", "[Timer]\n# zfstune schedule: tank\n").text) is None
    assert hook_of(units()[0].text) == ""
    assert hook_of("[Unit]\nOnFailure=a=b.service\n") == "a=b.service"
