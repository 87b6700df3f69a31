"""The status of a host as one page of HTML, for a browser, a phone or a printer."""

from __future__ import annotations

from zfstune.charts.svg import element, titled
from zfstune.charts.web_page import markup, scrolling_table, table_row, tag, web_page
from zfstune.health.status_page import DATASET_HEADER, POOL_HEADER, TARGET_HEADER
from zfstune.values.text import utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.health.status_page import StatusPage, StatusPool

__all__ = ["status_html"]

_OK = "ok"
_BAR_WIDTH, _BAR_HEIGHT = 96, 11
_TREND = (
    "A WEEK is how much more a dataset references than in its newest snapshot by zfstune "
    "that is a week old, or else in its oldest one, reckoned for seven days. Space that "
    "only snapshots hold is not in it."
)


def status_html(page: StatusPage, host: str, now: int) -> str:
    """Return the page.

    Args:
        page: The status.
        host: The name of the host, or the file of an image.
        now: The time of the look, in seconds since 1970.
    """
    title = f"ZFS on {host}"
    return web_page(
        title,
        [
            tag("h1", markup(title)),
            tag("p", markup(f"Looked at {utc_minute(now)}."), class_="soft"),
            *_findings(page),
            *_pools(page),
            *_datasets(page),
            *_targets(page),
        ],
    )


def _findings(page: StatusPage) -> Iterator[str]:
    if not page.findings:
        yield tag("p", "All is as it should be.", class_="good")
        return
    count = len(page.findings)
    yield tag("h2", "1 finding" if count == 1 else f"{count} findings")
    yield tag(
        "ul",
        *(
            tag("li", tag("b", markup(name)), markup(f": {sentence}"))
            for name, sentence in page.findings
        ),
    )
    yield tag("p", "<code>zfstune verify</code> has the remedies.", class_="soft")


def _pools(page: StatusPage) -> Iterator[str]:
    if not page.pools:
        return
    yield tag("h2", "Pools")
    name, health, size, free, _, week, state = POOL_HEADER
    rows = [_header((name, state, "IN USE", size, free, week, health))]
    for pool in page.pools:
        name, health, size, free, _, week, state = pool.cells()
        rest = map(markup, (size, free, week, health))
        rows.append(table_row([markup(name), _state(state), _bar(pool), *rest]))
    yield scrolling_table(*rows, of_class="left")


def _bar(pool: StatusPool) -> str:
    """Draw how much of a pool is in use."""
    used = pool.size_bytes - pool.free_bytes
    share = used / pool.size_bytes if pool.size_bytes else 0.0
    percent = f"{round(share * 100)}%"
    width, height = _BAR_WIDTH, _BAR_HEIGHT
    drawn = element(
        "svg",
        titled(f"{percent} in use"),
        element("rect", width=width, height=height, style="fill:var(--line)"),
        element("rect", width=width * share, height=height, style="fill:var(--full)"),
        width=width,
        height=height,
        role="img",
    )
    return f"{drawn} {percent}"


def _datasets(page: StatusPage) -> Iterator[str]:
    yield tag("h2", "Datasets")
    rows = page.sorted_datasets()
    if not rows:
        yield tag("p", "zfstune manages no dataset here.")
        return
    name, *rest, state = DATASET_HEADER
    lines = [_header((name, state, *rest))]
    for dataset in rows:
        name, *cells, state = dataset.cells()
        lines.append(table_row([markup(name), _state(state), *map(markup, cells)]))
    yield scrolling_table(*lines, of_class="left")
    yield tag("p", markup(_TREND), class_="soft")


def _targets(page: StatusPage) -> Iterator[str]:
    if not page.targets:
        return
    yield tag("h2", "Copies")
    late = sorted(page.targets, key=lambda target: -(target.lag_seconds or 0))
    rows = (table_row(map(markup, target.cells())) for target in late)
    yield scrolling_table(_header(TARGET_HEADER), *rows, of_class="left")


def _header(words: Iterable[str]) -> str:
    return table_row(map(markup, words), "th")


def _state(state: str) -> str:
    return tag("span", markup(state), class_="good" if state == _OK else "bad")
