"""The package and the bundle on a machine, as root in a guest of the lab with systemd.

The second disk is a tar with both. The postinstallers bring zfstune onto the machine as
they do on a first boot: a unit of systemd runs them, and nothing of the lab is on their
PATH. Each step prints a line; any that goes wrong ends the script.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path("examples/postinstall").resolve()
DARKSITE = Path("/root/darksite")
UNITS = Path("/etc/systemd/system")
FIGURES = "/var/lib/prometheus/node-exporter/zfstune.prom"
LAB_UNIT = "zfstune-lab.service"  # it runs this very script
PLAIN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8"}


def run(line: str, *, status: int = 0) -> str:
    """Run a command line, with Debian's programs alone; give what it printed."""
    done = subprocess.run(
        line.split(), capture_output=True, text=True, check=False, env=PLAIN, cwd="/"
    )
    if done.returncode != status:
        sys.exit(f"{line}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def journal(unit: str) -> str:
    """Give what the processes of a unit have printed, without systemd's words on it."""
    run("journalctl --sync")
    return run(f"journalctl --no-pager --output cat _SYSTEMD_UNIT={unit}.service")


def postinstall(name: str, turn: int) -> str:
    """Run a postinstaller as its unit would; give its log."""
    unit = f"firstboot-{name}-{turn}"
    argv = f"systemd-run --quiet --wait --unit {unit} -p Type=oneshot"
    done = subprocess.run(
        [*argv.split(), "-E", "KLDLOAD_DISTRO=debian", SCRIPTS / f"{name}.sh"],
        check=False,
        env=PLAIN,
    )
    log = journal(unit)
    if done.returncode:
        sys.exit(f"{name}: status {done.returncode}\n{log}")
    return log


def prepare() -> None:
    """Make the installer's pool, and lay out what it has copied to the target."""
    pool, payload = os.environ["ZFSTUNE_LAB_DISKS"].split()
    # The lab's own zfstune is one that nobody has on a machine.
    run("mv /opt/zfstune /opt/zfstune-of-the-lab")
    DARKSITE.mkdir()
    run(f"tar -xf {payload} -C {DARKSITE}")
    run(f"zpool create -O mountpoint=none -O canmount=off rpool {pool}")
    manifest = Path("/etc/kldload/install-manifest.env")
    manifest.parent.mkdir()
    manifest.write_text("KLDLOAD_DISTRO=debian\nKLDLOAD_POOL_NAME=rpool\n")


def bring(names: list[str]) -> None:
    """Have the first postinstaller install the package, and the others use it."""
    bundle = next(DARKSITE.glob("*.tar"))
    aside = Path("/root") / bundle.name
    bundle.rename(aside)
    log = postinstall("bastion", 0)
    aside.rename(bundle)
    if "zfstune is installed from /root/darksite/zfstune_" not in log:
        sys.exit(f"the package was not brought:\n{log}")
    if run("which zfstune").strip() != "/usr/bin/zfstune":
        sys.exit("the command is elsewhere")
    lines = log.splitlines()
    order = [
        next((number for number, line in enumerate(lines) if line.startswith(part)), -1)
        for part in ("[bastion] zfstune is", "plan for", "done:", "zfstune: systemd")
    ]
    is_last = lines[-1].startswith("[bastion] storage is ready")
    if -1 in order or order != sorted(order) or not is_last:
        sys.exit(f"the log is not in order: {order}\n{log}")
    print("the package came along, and the log is in order", flush=True)
    for name in names:
        postinstall(name, 1)
    for name in names:
        again = postinstall(name, 2)
        if "nothing to do" not in again:
            sys.exit(f"{name} had something to do again:\n{again}")
    run("zfstune verify")
    print(f"{len(names)} postinstallers ran twice", flush=True)


def pages() -> None:
    """Find the manual and the completions in their places; a guest has no manuals."""
    page = run("dpkg -L zfstune")
    for path in (
        "/usr/share/man/man8/zfstune-apply.8.gz",
        "/usr/share/bash-completion/completions/zfstune",
        "/usr/share/zsh/site-functions/_zfstune",
        "/usr/share/fish/vendor_completions.d/zfstune.fish",
    ):
        is_there = "/man/" in path or Path(path).exists()
        if path not in page.splitlines() or not is_there:
            sys.exit(f"there is no {path}\n{page}")
    if "rpool/data/audit\n" not in run("zfstune complete dataset rpool/data/au"):
        sys.exit("a dataset is not completed")
    print("pages and completions are in their places", flush=True)


def units() -> None:
    """Find the units of the whole host in their place, asleep, and start them."""
    listed = [Path(line) for line in run("dpkg -L zfstune").splitlines()]
    shipped = sorted(path.name for path in listed if path.suffix in (".timer", ".service"))
    if shipped != [
        "zfstune-metrics.service",
        "zfstune-metrics.timer",
        "zfstune-verify.service",
        "zfstune-verify.timer",
    ]:
        sys.exit(f"the package has the units {shipped}")
    run(f"systemd-analyze verify --man=no {' '.join(shipped)}")
    for timer in [name for name in shipped if name.endswith(".timer")]:
        if run(f"systemctl is-enabled {timer}", status=1).strip() != "disabled":
            sys.exit(f"{timer} is enabled")
    Path(FIGURES).parent.mkdir(parents=True)
    run("systemctl start zfstune-metrics.service")
    if 'dataset="rpool/data/audit"' not in Path(FIGURES).read_text(encoding="utf-8"):
        sys.exit("there are no figures")
    run("systemctl start zfstune-verify.service")
    run("zfs set compression=off rpool/data/audit")
    run("systemctl start zfstune-verify.service", status=1)
    if "rpool/data/audit" not in journal("zfstune-verify"):
        sys.exit("nobody is told of the dataset")
    run("zfstune apply audit")
    run("systemctl start zfstune-verify.service")
    run("systemctl enable --now zfstune-verify.timer")
    print("the units are in their places, and work", flush=True)


def later() -> None:
    """Have the owner come after the datasets, as a package that makes its user does."""
    run("zfstune apply elasticsearch --no-owner")
    said = run("zfstune verify elasticsearch")
    if "awaited-owner" not in said:
        sys.exit(f"verify says: {said}")
    run("useradd -r elasticsearch")
    run("zfstune verify elasticsearch", status=4)
    run("zfstune apply elasticsearch")
    run("zfstune verify")
    print("the owner came later", flush=True)


def purge() -> None:
    """Remove the package, then purge it: data and policies stay, nothing else does."""
    [timer, *_] = sorted(path.name for path in UNITS.glob("zfstune-snapshot-*.timer"))
    run(f"systemctl is-active {timer}")
    run("systemctl is-active zfstune-verify.timer")
    run("dpkg --remove zfstune")
    if "zfstune-" in run("systemctl list-timers zfstune-verify.timer"):
        sys.exit("the timer of the package goes on")
    if not list(UNITS.glob("zfstune-*")):
        sys.exit("what the user had zfstune write went with the program")
    if run(f"systemctl is-active {timer}", status=3).strip() != "inactive":
        sys.exit(f"{timer} goes on")
    before = run("zfs list -H -o name,org.zfstune:policy -r rpool")
    run("dpkg --purge zfstune")
    units = (*UNITS.glob("zfstune-*"), *UNITS.glob("*/zfstune-*"))
    left = [str(path) for path in units if path.name != LAB_UNIT]
    left += [
        path for path in ("/var/lib/zfstune", "/usr/bin/zfstune") if Path(path).exists()
    ]
    if left:
        sys.exit(f"this is left: {left}")
    if run("zfs list -H -o name,org.zfstune:policy -r rpool") != before:
        sys.exit("datasets or policies have changed")
    print("the package was purged", flush=True)


def bundle() -> None:
    """Have a postinstaller bring the bundle instead, and remove that."""
    next(DARKSITE.glob("*.deb")).unlink()
    log = postinstall("bastion", 3)
    if "nothing to do" not in log or "-bundle.tar" not in log:
        sys.exit(f"the bundle was not brought:\n{log}")
    if "/usr/local/bin/zfstune schedule run" not in next(
        UNITS.glob("zfstune-snapshot-*.service")
    ).read_text(encoding="utf-8"):
        sys.exit("the units start another program")
    run("zfstune verify")
    unpacked = Path("/root/unpacked")
    unpacked.mkdir()
    run(f"tar -xf {next(DARKSITE.glob('*.tar'))} -C {unpacked}")
    run(f"sh {next(unpacked.iterdir())}/install --remove")
    if Path("/opt/zfstune/bin").exists() or Path("/usr/local/bin/zfstune").is_symlink():
        sys.exit("the bundle is there still")
    print("the bundle was installed and removed", flush=True)


if __name__ == "__main__":
    every = sorted(path.stem for path in SCRIPTS.glob("*.sh") if path.stem != "common")
    prepare()
    bring(every)
    pages()
    units()
    later()
    purge()
    bundle()
