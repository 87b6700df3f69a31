"""One full cycle of a schedule under a real systemd, as root in a guest of the lab.

The clock is set to just before the hour; timers, services, the sandbox around them,
the journal and OnFailure= are systemd's own. Each step prints a line; any that goes
wrong ends the script.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path("/etc/systemd/system")
DATASET = "tank/data/www"
SNAPSHOT, PRUNE = (f"zfstune-{job}-tank-data-www" for job in ("snapshot", "prune"))
REPLICATE = "zfstune-replicate-tank-data-www"
# Seconds to wait for what systemd does by itself; emulation is slow.
PATIENCE = 90


def run(line: str, *, status: int | None = 0) -> str:
    """Run a command line; give what it printed. It ends with `status`; None: any."""
    done = subprocess.run(line.split(), capture_output=True, text=True, check=False)
    if status is not None and done.returncode != status:
        sys.exit(f"{line}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def snapshots() -> list[str]:
    """Give the snapshots there are, as ZFS tells."""
    return run(f"zfs list -H -o name -t snapshot {DATASET}").split()


def elapse(clock: str) -> None:
    """Set the clock; it only goes forward, or systemd goes by when it started."""
    run(f"date -u --set {clock}")


def wait(what: str, unit: str, result: str) -> None:
    """Wait until a service has run once more."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        facts = run(
            f"systemctl show {unit}.service -p ExecMainExitTimestampMonotonic,Result"
        )
        at = [line.partition("=")[2] for line in facts.split() if "Timestamp" in line]
        if at[0] not in ("", "0") and f"Result={result}" in facts:
            print(what, flush=True)
            return
        time.sleep(0.5)
    sys.exit(
        f"{what}: it did not come about\n{facts}"
        + run(f"journalctl --no-pager -u {unit}.service -u {unit}.timer")
    )


def loop() -> None:
    """Let the command do what the timers do, by its own clock, until it has done it."""
    argv = ["zfstune", "schedule", "run", "--state", "/run/state"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        told = [running.stdout.readline().strip() for _ in range(2)]
        running.terminate()
    if told != [f"{DATASET}: took 1", f"{DATASET}: destroyed 1"]:
        sys.exit(f"the loop did {told}")
    print("the loop did it without systemd", flush=True)


def prepare() -> None:
    """Make a pool with a dataset of which four snapshots are too old."""
    [disk, *_] = os.environ["ZFSTUNE_LAB_DISKS"].split()
    # before the first snapshot: one that is dated after now never goes
    elapse("10:25:00")
    run(f"zpool create -O mountpoint=none tank {disk}")
    run("zfstune apply --role web")
    run(f"zfstune policy set {DATASET} keep=3")
    for _ in range(4):
        run(f"zfstune snapshot {DATASET}")
    told = UNITS / "told@.service"
    told.write_text("[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo %i >>/run/told'\n")


def install() -> None:
    """Have the timers run, on the second that they are for."""
    out = run("zfstune schedule install --role web --on-failure told@%n.service")
    hint = f"systemctl daemon-reload && systemctl restart {SNAPSHOT}.timer {PRUNE}.timer"
    if hint not in out:
        sys.exit(f"the hint is another: {out}")
    for name in (SNAPSHOT, PRUNE):  # what an administrator would change goes in a drop-in
        folder = UNITS / f"{name}.timer.d"
        folder.mkdir()
        (folder / "soon.conf").write_text("[Timer]\nRandomizedDelaySec=0\n")
    elapse("10:31:00")
    for line in hint.split(" && "):
        run(line)
    found = run(f"systemctl is-enabled {SNAPSHOT}.timer {PRUNE}.timer").split()
    if found != ["enabled"] * 2:
        sys.exit(f"the timers are {found}")


def take_and_prune() -> None:
    """Let an hour begin, and half of it pass."""
    elapse("10:59:58")
    wait("the timer took a snapshot", SNAPSHOT, "success")
    if len(snapshots()) != 5:
        sys.exit(f"there are {snapshots()}")
    newest = snapshots()[-1]
    # what somebody looks into is mounted, and is to go all the same
    oldest = snapshots()[0].partition("@")[2]
    list(Path(f"/data/www/.zfs/snapshot/{oldest}").iterdir())
    if oldest not in Path("/proc/self/mounts").read_text(encoding="utf-8"):
        sys.exit("it was looked into, and is not mounted")
    elapse("11:29:58")
    wait("the timer pruned", PRUNE, "success")
    if len(snapshots()) != 3 or snapshots()[-1] != newest:
        sys.exit(f"there are {snapshots()}")
    if "snapshot,prune" not in run("zfstune schedule show -H"):
        sys.exit("the command does not see the timers")


def replicate() -> None:
    """Send to another dataset within the sandbox, and then no more."""
    install = f"zfstune schedule install {DATASET} --on-failure told@%n.service"
    run(f"{install} --replicate tank/copy")
    run("systemctl daemon-reload")
    run(f"systemctl start {REPLICATE}.service")
    copied = run("zfs list -H -o name -t snapshot tank/copy").split()
    if [name.partition("@")[2] for name in copied] != [
        name.partition("@")[2] for name in snapshots()
    ]:
        sys.exit(f"there are {copied}")
    if "snapshot,replicate,prune" not in run("zfstune schedule show -H"):
        sys.exit("the command does not see the timer")
    run(f"{install} --no-replicate")
    run("systemctl daemon-reload")
    if list(UNITS.glob(f"{REPLICATE}.*")):
        sys.exit("units are left")
    print("the service replicated", flush=True)


def fail() -> None:
    """Take the pool away, let the next hour begin, and bring it back."""
    run("zpool export tank")
    elapse("11:59:58")
    wait("a run without the pool failed", SNAPSHOT, "exit-code")
    journal = run(f"journalctl --no-pager -u {SNAPSHOT}.service")
    if "took 1" not in journal or "it does not exist" not in journal:
        sys.exit(f"the journal says: {journal}")
    began = time.monotonic()
    while not Path("/run/told").exists():
        if time.monotonic() > began + PATIENCE:
            sys.exit("OnFailure= started nothing")
        time.sleep(0.5)
    print(f"OnFailure= was told of {Path('/run/told').read_text(encoding='utf-8').strip()}")
    run("zpool import tank")


def remove() -> None:
    """Take it all back."""
    run("zfstune schedule remove --all")
    if list(UNITS.glob("zfstune-*.timer")) or run("zfstune schedule show -H"):
        sys.exit("not all was removed")
    run(f"systemctl stop {SNAPSHOT}.timer {PRUNE}.timer")
    run("systemctl daemon-reload")
    left = run(f"systemctl is-enabled {SNAPSHOT}.timer", status=None)  # 1, or 4 since 253
    if left.startswith("enabled"):
        sys.exit("the timer is enabled still")
    print(f"all was removed: {left.strip()}")


if __name__ == "__main__":
    for step in (prepare, install, take_and_prune, replicate, fail, loop, remove):
        step()
