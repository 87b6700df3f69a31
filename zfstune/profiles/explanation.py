"""A profile explained: each value with its reasons and its effect on a pool."""

from __future__ import annotations

from zfstune.profiles.explained import ExplainedDataset, ExplainedValue, Footprint
from zfstune.profiles.explanation_text import dataset_lines, labelled, pool_line
from zfstune.profiles.fit import fit_value
from zfstune.profiles.pool_rules import rule_for
from zfstune.profiles.profile import Needs, Snapshots
from zfstune.values import properties as props
from zfstune.values.frozen import frozen
from zfstune.values.ondisk import (
    Overwrite,
    allocated_bytes,
    overwrite,
    packed_bytes,
    stored_bytes,
)
from zfstune.values.property_rules import display
from zfstune.values.state import Vdev

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.profiles.profile import DatasetProfile, Profile, Setting
    from zfstune.values.state import Limits, PoolInfo

__all__ = [
    "ASSUMED",
    "PACKED",
    "PAGE_BYTES",
    "Explanation",
    "explain_profile",
]

SEED = "seed"
# The vdev that sizes are computed for where there is no pool: one disk, sectors of 4K.
ASSUMED = Vdev("disk", 12, "normal", (), None)
# The ratio of compression is unknown; many databases come near to one half.
PACKED = 2.0
PAGE_BYTES = 8 << 10


@frozen
class Explanation:
    """A profile, or a variant of it, explained for one pool.

    Attributes:
        profile: Its name.
        summary: Its line.
        pool: The pool, None: none was looked at.
        vdev: The vdev that footprints are computed for.
        datasets: In the order of the profile.
        variants: The other choices: name and summary.
        has_seed: Whether one of them is the seed's.
        advice: Advice beyond datasets; may be empty.
        needs: The earliest release that it runs on, None: any.
    """

    profile: str
    summary: str
    pool: PoolInfo | None
    vdev: Vdev
    datasets: tuple[ExplainedDataset, ...]
    variants: tuple[tuple[str, str], ...]
    has_seed: bool
    advice: str = ""
    needs: Needs | None = None

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the explanation for people, a paragraph a line."""
        lines = [f"{self.profile}: {self.summary}", pool_line(self.vdev, self.pool)]
        if self.needs is not None:
            release = ".".join(map(str, self.needs.release))
            text = f"OpenZFS {release} or later. {self.needs.why}"
            lines.append(labelled("needs", text, indent=0))
        if self.advice:
            lines.append(labelled("advice", self.advice, indent=0))
        for dataset in self.datasets:
            lines += ["", dataset.path]
            lines += dataset_lines(dataset, has_seed=self.has_seed)
        if self.variants:
            lines += ["", "variants:"]
            longest = max(len(name) for name, _ in self.variants)
            lines += [f"  {name:<{longest}}  {text}" for name, text in self.variants]
        return lines

    def to_dict(self) -> dict[str, object]:
        """Return the explanation as JSON takes it: the attributes by name."""
        return {
            "profile": self.profile,
            "summary": self.summary,
            "advice": self.advice or None,
            "needs": _plain(self.needs),
            "pool": None if self.pool is None else self.pool.name,
            "vdev": {"kind": self.vdev.kind, "ashift": self.vdev.ashift},
            "datasets": [_plain(dataset) for dataset in self.datasets],
            "variants": dict(self.variants),
        }


# What stands in the rows of an attribute, which JSON names.
_COLUMNS = {
    "rules": ("fact", "value", "why"),
    "seed_only": ("property", "value", "why"),
}


def _plain(value: object) -> object:
    """Turn a value of this module into lists and dicts, for JSON."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    kinds = ExplainedDataset | ExplainedValue | Footprint | Needs | Overwrite | Snapshots
    if isinstance(value, kinds):
        names: tuple[str, ...] = value.__slots__  # type: ignore[union-attr]
        plain = {name: _plain(getattr(value, name)) for name in names}
        return plain | {
            name: [dict(zip(columns, row, strict=True)) for row in getattr(value, name)]
            for name, columns in _COLUMNS.items()
            if name in plain
        }
    return value


def explain_profile(
    base: Profile, variant: str | None, pool: PoolInfo | None, limits: Limits
) -> Explanation:
    """Explain a profile.

    Args:
        base: The profile itself, with its variants.
        variant: Which of them to explain, None: the profile as it is.
        pool: The pool that it would be applied to, None: unknown.
        limits: The limits of the running module; used only with a pool.

    Raises:
        ProfileError: There is no such variant.
    """
    chosen = base if variant is None else base.variant(variant)
    has_seed = variant != SEED and any(v.name == SEED for v in base.variants)
    seed = base.variant(SEED) if has_seed else None
    datasets = []
    for dataset in chosen.datasets:
        seed_dataset = None if seed is None else seed.dataset(dataset.path)
        values = tuple(_value(s, seed_dataset, pool, limits) for s in dataset.settings)
        fitted = {value.property: value.value for value in values}
        seed_settings = () if seed_dataset is None else seed_dataset.settings
        datasets.append(
            ExplainedDataset(
                dataset.path,
                values,
                _footprint(chosen, dataset, fitted, pool),
                tuple(
                    (setting.property, setting.value, setting.why)
                    for setting in seed_settings
                    if dataset.setting(setting.property) is None
                    and not _same(_inherited(chosen, dataset, setting.property), setting)
                ),
                seed_dataset is not None,
                dataset.snapshots,
            )
        )
    others = tuple((v.name, v.summary) for v in base.variants if v.name != variant)
    return Explanation(
        chosen.name,
        chosen.summary,
        pool,
        _dearest(pool)[0],
        tuple(datasets),
        others,
        has_seed,
        base.advice,
        base.needs,
    )


def _value(
    setting: Setting, seed: DatasetProfile | None, pool: PoolInfo | None, limits: Limits
) -> ExplainedValue:
    name = setting.property
    asked = props.canonical(name, setting.value)
    value: str | None = asked
    lack = ""
    if pool is not None:
        rule = rule_for(setting, pool)
        chosen = asked if rule is None else props.canonical(name, rule.value)
        value, lack = fit_value(name, chosen, pool, limits)
        lack = lack or ("" if rule is None else rule.why)
    seed_setting = None if seed is None else seed.setting(name)
    differs = (
        seed_setting is not None and props.canonical(name, seed_setting.value) != asked
    )
    return ExplainedValue(
        property=name,
        asked=display(name, asked),
        value=None if value is None else display(name, value),
        why=setting.why,
        source=setting.source,
        disagrees=setting.disagrees,
        pool=lack,
        seed=None if seed_setting is None else seed_setting.value,
        seed_why=seed_setting.why if seed_setting is not None and differs else "",
        rules=tuple((rule.pool, rule.value, rule.why) for rule in setting.rules),
    )


def _inherited(profile: Profile, dataset: DatasetProfile, name: str) -> Setting | None:
    """Return the setting of the nearest dataset above that has one, None: none has."""
    path = dataset.path
    while "/" in path:
        path = path.rpartition("/")[0]
        parent = profile.dataset(path)
        setting = parent.setting(name) if parent is not None else None
        if setting is not None:
            return setting
    return None


def _ruled(setting: Setting | None, pool: PoolInfo | None) -> str | None:
    """Return the value that a dataset above has on this pool."""
    if setting is None or pool is None:
        return None if setting is None else setting.value
    rule = rule_for(setting, pool)
    return setting.value if rule is None else rule.value


def _same(inherited: Setting | None, own: Setting) -> bool:
    """Tell whether an inherited setting has the same value as a dataset's own."""
    if inherited is None:
        return False
    name = own.property
    return props.canonical(name, inherited.value) == props.canonical(name, own.value)


def _footprint(
    profile: Profile,
    dataset: DatasetProfile,
    fitted: Mapping[str, str | None],
    pool: PoolInfo | None,
) -> Footprint | None:
    """Compute the footprint from the values in force, set here or on a dataset above."""
    in_force: dict[str, str | None] = {}
    for name in ("recordsize", "compression"):
        above = _inherited(profile, dataset, name)
        in_force[name] = fitted.get(name) or _ruled(above, pool)
    text = in_force["recordsize"]
    if text is None:
        return None
    vdev, ashift = _dearest(pool)
    record = int(props.canonical("recordsize", text))
    ratio = None if in_force["compression"] == "off" else PACKED
    half = None if ratio is None else packed_bytes(record, ratio)
    return Footprint(
        record,
        allocated_bytes(vdev, record),
        allocated_bytes(vdev, stored_bytes(record, half, ashift=ashift)),
        overwrite(vdev, record, PAGE_BYTES),
        overwrite(vdev, record, PAGE_BYTES, ratio=ratio),
    )


def _dearest(pool: PoolInfo | None) -> tuple[Vdev, int]:
    """Return the vdev on which small records cost most, and the smallest ashift."""
    data = [] if pool is None else [v for v in pool.vdevs if v.role == "normal"]
    if not data:
        return ASSUMED, ASSUMED.ashift
    dearest = max(data, key=lambda vdev: allocated_bytes(vdev, PAGE_BYTES))
    return dearest, min(vdev.ashift for vdev in data)
