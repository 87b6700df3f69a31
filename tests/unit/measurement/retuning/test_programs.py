"""Applications that keep their files while they run."""

from __future__ import annotations

from zfstune.measurement.retuning.programs import NAMES, running_hint, running_reason


def test_names_are_those_of_the_kernel() -> None:
    """The kernel cuts the name of a program after 15 characters."""
    assert {"postgres", "mysqld", "mariadbd", "dockerd", "qemu-system-x86"} <= NAMES
    assert all(0 < len(name) <= 15 for name in NAMES)


def test_what_is_said() -> None:
    """Each application is named once, with one of its processes, and how to stop it."""
    running = {900: "postgres", 17: "postgres", 20: "java"}
    assert running_reason(running) == (
        "postgres uses it (process 17) and a Java server uses it (process 20)"
    )
    assert running_hint(running) == "`systemctl stop postgresql`, and try again"
    assert running_hint({20: "java"}) == "stop it, and try again"
