"""Alert rules and the dashboard: Prometheus' own tool reads them, and the metrics exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import zfstune
from lab_pair import free_port
from live_prometheus import PROGRAMS, Prometheus
from source_tree import ROOT
from zfstune.cli.main import main
from zfstune.engine.image import create_image
from zfstune.health.prometheus_text import families, render_metrics
from zfstune.schedules.last_run import LastRun
from zfstune.schedules.note import note
from zfstune.values.marks import SCHEDULE_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "packaging" / "monitoring"
RULES = FOLDER / "zfstune.rules.yml"
# What Prometheus and node_exporter add to the labels and to the metrics.
SCRAPED = {"instance"}
FOREIGN = {"node_textfile_mtime_seconds": {"file"}}
NAME = re.compile(r"\b(?:zfstune|node)_[a-z_]+")


def promtool(*words: str | Path) -> str:
    """Run promtool, which has to be content."""
    argv = [str(PROGRAMS / "promtool"), *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    """Give the alert rules."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> Iterator[tuple[str, str, str]]:
    """Give the title of each panel with each of its queries and its legend."""
    file = FOLDER / "grafana-dashboard.json"
    for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


def labels_of(text: str) -> set[str]:
    """Give the labels that a query or a template speaks of."""
    found = set(re.findall(r"\$labels\.(\w+)|\{\{(\w+)\}\}", text))
    names = {name for pair in found for name in pair if name}
    names |= set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", text))
    for listed in re.findall(r"\b(?:on|by|without|ignoring) \(([^)]*)\)", text):
        names |= {name.strip() for name in listed.split(",")}
    return names


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the figures that the command writes of an image with a copy and with runs."""
    folder = tmp_path_factory.mktemp("metrics")
    file = folder / "pool.zpool"
    with create_image(file, size_bytes=1 << 30) as engine:
        engine.create("tank/a")
        engine.set("tank/a", {SCHEDULE_PROPERTY: "hourly"})
        zfstune.snapshot("tank/a", engine=engine)
        zfstune.replicate("tank/a", "tank/copy", engine=engine)
        guid = engine.dataset("tank/a").guid
    runs = [
        LastRun("tank/a", "snapshot", 1, 2, taken=1, dataset_guid=guid),
        LastRun("tank/a", "prune", 1, 2, "cannot: why", spared=1, dataset_guid=guid),
        LastRun("tank/a", "replicate", 1, 2, sent=1, dataset_guid=guid),
    ]
    for run in runs:
        note(os.fspath(folder), run)
    out = folder / "zfstune.prom"
    words = ["metrics", "--state", os.fspath(folder), "--output", os.fspath(out)]
    assert main(["--image", os.fspath(file), *words]) == 0
    # No image here is damaged; a dataset of one is written as this.
    damaged = families((), (), (), "1", [("tank/b", "why")])
    lines = render_metrics(damaged).splitlines(keepends=True)
    of_one = [line for line in lines if "zfstune_dataset_damaged" in line]
    return out.read_text(encoding="utf-8") + "".join(of_one)


@pytest.fixture(scope="module")
def written(text: str) -> dict[str, set[str]]:
    """Give those metrics, each with its labels."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def check_names(text: str, metrics: dict[str, set[str]]) -> None:
    """See that the metrics that a text names exist, and have the labels that it names."""
    named = set(NAME.findall(text))
    assert named
    assert named <= metrics.keys()
    known = SCRAPED.union(*(metrics[name] for name in named))
    assert labels_of(text) <= known


def test_a_metric_that_does_not_exist_is_found(written: dict[str, set[str]]) -> None:
    """The check below would notice a wrong name, and a wrong label."""
    for text in ("zfstune_pool_size > 1", 'zfstune_pool_size_bytes{dataset="a"} > 1'):
        with pytest.raises(AssertionError):
            check_names(text, written)


def test_rules_speak_of_what_is_written(written: dict[str, set[str]]) -> None:
    """Each metric and each label of the alert rules exists."""
    known = {**FOREIGN, **written}
    for rule in rules():
        check_names(rule["expr"] + " ".join(rule["annotations"].values()), known)
    used = {name for rule in rules() for name in NAME.findall(rule["expr"])}
    assert used <= known.keys()


def test_the_dashboard_shows_what_is_written(written: dict[str, set[str]]) -> None:
    """Each metric and each label of a panel exists, and each metric is used somewhere."""
    used = set()
    for _, query, legend in panels():
        check_names(query + legend, written)
        used |= set(NAME.findall(query))
    used |= {name for rule in rules() for name in NAME.findall(rule["expr"])}
    # What is told by another figure already.
    spare = {"zfstune_replica_snapshots_behind", "zfstune_last_run_streams"}
    assert written.keys() - used == spare


def test_the_page_lists_what_is_written(written: dict[str, set[str]]) -> None:
    """docs/reference/metrics.md has each metric and its labels, none of Prometheus' own."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(zfstune_\w+)` \|.*\| ([^|]+) \|$", page, re.MULTILINE)
    listed = {
        name: set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", labels)))
        for name, labels in rows
    }
    assert listed == written
    assert not set().union(*written.values()) & {"job", "instance"}


def test_promtool_reads_the_rules() -> None:
    """Their syntax is right, and each alert fires when its own test says so."""
    promtool("check", "rules", "--lint-fatal", RULES)
    promtool("test", "rules", FOLDER / "zfstune.rules_test.yml")
    tested = yaml.safe_load((FOLDER / "zfstune.rules_test.yml").read_text("utf-8"))["tests"]
    fired = {
        case["alertname"]
        for test in tested
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert fired == {rule["alert"] for rule in rules()}


def test_promtool_reads_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    """Each query of a panel is one that Prometheus takes."""
    recorded = [
        {"record": f"panel:{number}", "expr": query.replace("$instance", ".+")}
        for number, (_, query, _) in enumerate(panels())
    ]
    file = tmp_path / "panels.yml"
    group = {"groups": [{"name": "panels", "rules": recorded}]}
    file.write_text(json.dumps(group), encoding="utf-8")
    promtool("check", "rules", file)


def test_prometheus_itself(text: str, tmp_path: Path) -> None:
    """It scrapes the figures, each panel has something to show, and alerts are raised."""
    with Prometheus(tmp_path, RULES, text, port=free_port()) as server:
        server.wait_for(lambda: server.query("zfstune_build_info"))
        empty = [
            title
            for title, query, _ in panels()
            if not server.query(query.replace("$instance", ".+"))
        ]
        assert empty == []
        # The label of the run has its own name beside that of the scrape.
        [failed] = server.query("zfstune_last_run_success == 0")
        assert failed["metric"]["run"] == "prune"
        assert failed["metric"]["job"] == "node"
        raised = {"ZfstuneDatasetDamaged", "ZfstuneRunFailed"}
        server.wait_for(
            lambda: (
                {each["labels"]["alertname"] for each in server.get("alerts")["alerts"]}
                == raised
            )
        )
        for group in server.get("rules")["groups"]:
            assert {rule["health"] for rule in group["rules"]} == {"ok"}
