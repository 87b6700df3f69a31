"""A plan as text on a terminal."""

from __future__ import annotations

from model_pool import Model, app_profile, applied
from zfstune.profiles.load import load
from zfstune.values.state import Mount


def test_a_first_plan_reads_as_one_block_a_dataset() -> None:
    """A block has the mountpoint, the owner, and each value with its reason."""
    plan = Model().plan(
        app_profile("app", "www/app", owner="app", recordsize="16K", atime="off")
    )
    assert str(plan) + "\n" == (
        "plan for app on pool tank (mirror, ashift 12)\n"
        "create tank/data  (holds the datasets below it)\n"
        "    canmount    off\n"
        "    mountpoint  /data\n"
        "create tank/data/www  (holds the datasets below it)\n"
        "    canmount  off\n"
        "create tank/data/www/app at /data/www/app, app:app, mode 0750\n"
        "    recordsize  16K  Why recordsize\n"
        "    atime       off  Why atime\n"
    )


def test_changes_show_old_new_and_cause() -> None:
    """Drift is marked; datasets that are as they should be take one line."""
    model = applied(app_profile("app", "app", "app/x", recordsize="8K", atime="off"))
    model.local["tank/data/app"].update(recordsize="16384")
    del model.local["tank/data/app"]["atime"]
    model.referenced["tank/data/app"] = 1 << 30
    plan = model.plan(app_profile("app", "app", "app/x", recordsize="8K", exec="off"))
    assert str(plan).splitlines()[:6] == [
        "plan for app on pool tank (mirror, ashift 12)",
        "change tank/data/app",
        "    recordsize  16K -> 8K  drift: set by hand to 16K; Why recordsize",
        "    exec        on -> off  the profile now says off; Why exec",
        "remount tank/data/app at /data/app (+noexec -noatime)",
        "remount tank/data/app/x at /data/app/x (+noexec -noatime)",
    ]
    assert "warning: tank/data/app: only data written" in str(plan)
    assert "\n  hint: to rewrite old data" in str(plan)


def test_an_empty_plan_says_that_nothing_is_to_do() -> None:
    """The plan is one line, which names the profile and the root."""
    postgres = load("postgres")
    assert str(applied(postgres).plan(postgres)) + "\n" == (
        "nothing to do: 4 datasets below tank/data are as postgres asks\n"
    )
    one = app_profile()
    assert str(applied(one).plan(one)).startswith(
        "nothing to do: 1 dataset below tank/data is as app"
    )


def test_steps_on_what_exists_are_lines_of_their_own() -> None:
    """A mount or an owner without a creation is a sentence."""
    wanted = app_profile(owner="app")
    model = applied(wanted)
    del model.mounts["tank/data/app"]
    assert str(model.plan(wanted)).splitlines()[1:] == [
        "mount tank/data/app at /data/app",
        "give /data/app to app:app, mode 0750",
    ]


def test_only_notes_to_write_is_said_in_words() -> None:
    """Zfstune's own properties are not shown as if they tuned something."""
    model = Model({"tank": {}, "tank/data": {"canmount": "off"}, "tank/data/app": {}})
    model.mounts["tank/data/app"] = Mount("tank/data/app", "/tank/data/app", 0, 0, 0o755)
    text = str(model.plan(app_profile()))
    assert "\nupdate zfstune's own notes on tank/data/app\n" in text
    assert "org.zfstune" not in text


def test_giving_up_a_value_is_called_inheriting() -> None:
    """A value that no profile asks for is shown as going back to the inherited one."""
    plan = applied(app_profile(atime="off")).plan(app_profile())
    line = "    atime  off -> inherited  the profile no longer asks for it"
    assert line in str(plan).splitlines()
    assert plan.actions[0].describe() == "change tank/data/app (atime off -> inherit)"


def test_long_reasons_are_cut_between_words() -> None:
    """A line fits on a terminal."""
    wanted = app_profile(atime="off")
    long = wanted.datasets[0].settings[0]
    object.__setattr__(long, "why", "word " * 40)
    [line] = [li for li in str(Model().plan(wanted)).splitlines() if "atime" in li]
    assert line.endswith("word ...")
    assert len(line) < 100


def test_what_others_wrote_does_not_move_the_cursor() -> None:
    """Values and notes may be anybody's text, so they are shown escaped."""
    wanted = app_profile(owner="app", atime="off", sharenfs="off")
    model = applied(wanted)
    model.local["tank/data/app"]["sharenfs"] = "rw\x1b[2J"
    model.local["tank/data/app"]["org.zfstune:profile"] = "a\x1b[2Jb\nc"
    text = str(model.plan(wanted))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[2J -> off" in text
    assert "managed by profile a\\x1b[2Jb\\nc until now" in text
