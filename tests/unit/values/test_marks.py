"""The marks of zfstune: its user properties, and the names of its snapshots."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_pool import Model
from zfstune.values import marks, names
from zfstune.values.errors import InvalidName
from zfstune.values.properties import is_user
from zfstune.values.state import DEFAULT, INHERITED, LOCAL, RECEIVED, Dataset, PropertyValue


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Forget the names that other tests asked about: an old answer shows nothing."""
    marks.is_auto_name.cache_clear()


def test_auto_name_is_in_utc() -> None:
    """The stamp is UTC, whatever the zone of the time; an attempt is appended."""
    when = datetime(2026, 11, 23, 4, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert marks.auto_name(when) == "zfstune-20261123T030000Z"
    assert marks.auto_name(when, 12) == "zfstune-20261123T030000Z-12"


@pytest.mark.parametrize(
    ("when", "attempt"),
    [
        (datetime(2026, 1, 1), 0),  # noqa: DTZ001 (the naive time to be refused)
        (datetime(2026, 1, 1, tzinfo=UTC), -1),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), 0),
    ],
)
def test_auto_name_wants_a_sound_time(when: datetime, attempt: int) -> None:
    """A naive time, one before the calendar, and a negative attempt are refused."""
    with pytest.raises(InvalidName, match=r"^cannot name a snapshot "):
        marks.auto_name(when, attempt)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0),
)
def test_auto_names_are_known_and_sort_by_time(
    when: datetime, later: datetime, attempt: int
) -> None:
    """Each name is recognized, is a valid component, and sorts as its second does."""
    name = marks.auto_name(when, attempt % 1000)
    assert marks.is_auto_name(name)
    assert names.check_component(name) == name
    seconds = when.replace(microsecond=0), later.replace(microsecond=0)
    ordered = marks.auto_name(when) < marks.auto_name(later)
    assert ordered == (seconds[0] < seconds[1])


@pytest.mark.parametrize("time", ["000000", "235959", "090909"])
@pytest.mark.parametrize("attempt", ["", "-1", "-10", "-1234567890"])
def test_names_of_zfstune(time: str, attempt: str) -> None:
    """The first and the last second of a day are known, with any attempt from 1 on."""
    assert marks.is_auto_name(f"zfstune-20261123T{time}Z{attempt}")


@pytest.mark.parametrize(
    "short",
    [
        "",
        "zfstune-",
        "zfstune-20261123T030000",
        "zfstune-20261123t030000Z",
        "zfstune-20261123T030000z",
        "zfstune-20261323T030000Z",
        "zfstune-20260229T030000Z",
        "zfstune-20261123T240000Z",
        "zfstune-20261123T030060Z",
        "zfstune-20261123T036000Z",
        "zfstune-20261123T030000Z-",
        "zfstune-20261123T030000Z-0",
        "zfstune-20261123T030000Z-01",
        "zfstune-20261123T030000Z-1-1",
        "zfstune-20261123T030000Z-a",
        "zfstune-20261123T030000Z ",
        "zfstune-20261123T030000Z\n",
        "xzfstune-20261123T030000Z",
        "20261123T030000Z",
        "zfstune-\u0662\u0660261123T030000Z",
        "zfstune-20261123T030000Z-\u0661",
        "zfstune-20261123T030000Z-\u00b9",
        "zfstune-+0261123T030000Z",
    ],
)
def test_other_names_are_not_taken_for_zfstunes(short: str) -> None:
    """Only the whole of a name that auto_name gives is recognized."""
    assert not marks.is_auto_name(short)


@given(
    st.from_regex(r"\A[012][0-9]{3}[01][0-9][0123][0-9]T[0-2][0-9][0-6][0-9][0-6][0-9]Z\Z")
)
@example("00000101T000000Z")
@example("19000229T000000Z")
@example("20000229T235959Z")
def test_a_stamp_is_known_where_the_calendar_has_it(stamp: str) -> None:
    """Each stamp is judged as the standard library's calendar judges it."""
    fields = stamp[:4], *(stamp[at : at + 2] for at in (4, 6, 9, 11, 13))
    try:
        datetime(*map(int, fields), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        there = False
    else:
        there = True
    assert marks.is_auto_name(f"zfstune-{stamp}") is there


@pytest.mark.parametrize("year", [0, 1, 4, 100, 400, 1900, 2000, 2023, 2024, 9999])
def test_each_day_of_a_year(year: int) -> None:
    """A year has the days that the standard library's calendar gives it, no others."""
    known = {
        (month, day)
        for month in range(14)
        for day in range(33)
        if marks.is_auto_name(f"zfstune-{year:04}{month:02}{day:02}T000000Z")
    }
    months = range(1, 13) if year else ()
    assert known == {
        (month, day) for month in months for day in range(1, monthrange(year, month)[1] + 1)
    }


def test_user_properties_are_valid() -> None:
    """The properties that zfstune writes are in its own name space, within the rules."""
    owned = {value for name, value in vars(marks).items() if name.endswith("_PROPERTY")}
    assert len(owned) == 17
    assert all(is_user(name) and name.startswith("org.zfstune:") for name in owned)
    assert marks.OWN_PREFIX == "org.zfstune:"


def test_the_table_of_marks_is_whole() -> None:
    """The module's docstring explains each user property that zfstune writes."""
    owned = {value for name, value in vars(marks).items() if name.endswith("_PROPERTY")}
    owned.add(f"{marks.TARGET_PREFIX}NUMBER")
    explained = re.findall(r"^``(.*)``$", marks.__doc__ or "", re.MULTILINE)
    assert sorted(explained) == sorted(owned)


def test_only_what_a_dataset_says_on_itself_names_its_profiles() -> None:
    """Empty words are no names, and a property that is not set names nobody."""
    model = Model({"tank": {marks.PROFILE_PROPERTY: "a,,b"}, "tank/x": {}})
    assert marks.profiles_on(model.dataset("tank")) == ("a", "b")
    assert marks.profiles_on(model.dataset("tank/x")) == ()


@pytest.mark.parametrize("mark", [marks.PROFILE_PROPERTY, marks.APPLIED_PROPERTY])
@pytest.mark.parametrize("source", [LOCAL, INHERITED, RECEIVED])
def test_a_dataset_is_managed_by_its_own_mark_alone(mark: str, source: str) -> None:
    """A mark that was inherited, or that came in a stream, is not the dataset's own."""
    value = PropertyValue("logs", source, "tank" if source == INHERITED else "")
    dataset = Dataset("tank/a", "filesystem", 1, 1, {mark: value})
    assert marks.is_managed(dataset) is (source == LOCAL)
    assert marks.profiles_on(dataset) == (
        ("logs",) if source == LOCAL and mark == marks.PROFILE_PROPERTY else ()
    )


@pytest.mark.parametrize(
    ("source", "above", "where"),
    [
        (LOCAL, None, "tank/a/b"),
        (RECEIVED, None, ""),
        (DEFAULT, None, ""),
        (INHERITED, LOCAL, "tank/a"),
        (INHERITED, RECEIVED, ""),
        (INHERITED, None, ""),
    ],
)
def test_what_came_in_a_stream_decides_nothing_here(
    source: str, above: str | None, where: str
) -> None:
    """A value counts where somebody set it here: on the dataset, or on one above it.

    A received value counts neither on the dataset that received it nor below; and of a
    dataset that is not there any more nothing is believed.
    """
    name = marks.POLICY_PROPERTY
    value = PropertyValue("keep=0", source, "tank/a" if source == INHERITED else "")
    dataset = Dataset("tank/a/b", "filesystem", 2, 2, {name: value})
    known = {}
    if above is not None:
        parent = PropertyValue("keep=0", above)
        known["tank/a"] = Dataset("tank/a", "filesystem", 1, 1, {name: parent})
    assert marks.set_here_on(dataset, name, known.get) == where
    assert marks.set_here_on(dataset, marks.SCHEDULE_PROPERTY, known.get) == ""


@pytest.mark.parametrize(
    ("name", "source", "mark"),
    [
        ("tank/zfstune-measure-12", LOCAL, "1.2.3"),
        ("tank/zfstune-measure-12", RECEIVED, ""),
        ("tank/zfstune-measure-12", INHERITED, ""),
        ("tank/db/zfstune-measure-12", LOCAL, ""),
        ("tank/zfstune-measure-12/run", LOCAL, ""),
        ("zfstune-measure-12", LOCAL, ""),
        ("tank/db", LOCAL, ""),
    ],
)
def test_scratch_mark(name: str, source: str, mark: str) -> None:
    """A scratch dataset has its place, its name, and a mark that was set here."""
    value = PropertyValue("1.2.3", source)
    dataset = Dataset(name, "filesystem", 1, 1, {marks.SCRATCH_PROPERTY: value})
    assert marks.scratch_mark(dataset) == mark
