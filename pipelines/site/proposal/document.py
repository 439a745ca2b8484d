"""The proposed site file as TOML, each guess marked in a comment beside it."""

import re
from typing import Any

import tomlkit
from tomlkit.items import Table

from pipelines.site.guesses import mark
from pipelines.site.proposal.answers import Answers
from pipelines.site.proposal.meters import MetersGuess
from pipelines.site.proposal.recognition import Guess
from pipelines.site.proposal.setpoints import SetpointGuess, SetpointsGuess
from pipelines.site.proposal.sources import ProposedSource

HEADING = (
    "# Proposed by `coldaisle site new` from the head of {files}.\n"
    "# Lines marked `guess` are to be confirmed: correct them, then delete the mark. High, medium and low say how\n"
    "# certain a point is. Points that stand as comments were not recognised, or would be counted twice: complete\n"
    "# them or delete them. Then: coldaisle site check {name}\n"
)


def write_document(
    name: str, sources: list[ProposedSource], setpoints: SetpointsGuess, meters: MetersGuess, answers: Answers
) -> str:
    """The whole site file; what is incomplete stands as a comment, so that the rest is valid TOML."""
    files = ", ".join(_one_line(source.sample.path.name) for source in sources)
    parts = [
        HEADING.format(files=files, name=name) + _title(name, sources),
        _location(answers),
        _meters(meters, answers),
        *(_source(source, answers) for source in sources),
        *(_point(source, guess) for source in sources for guess in source.guesses),
        *(_setpoint(setpoint) for setpoint in (*setpoints.moved, *setpoints.unmoved)),
    ]
    return "\n".join(parts)


def _title(name: str, sources: list[ProposedSource]) -> str:
    minutes = max(source.clock.site_minutes for source in sources)
    values = {"name": name, "title": name, "interval_minutes": minutes}
    marks = {
        "title": mark("a name for people"),
        "interval_minutes": mark("the longest step of the exports"),
    }
    return _marked(values, marks).as_string()


def _location(answers: Answers) -> str:
    keys = ("latitude", "longitude", "altitude_m")
    if answers.location is not None:
        return _section("location", dict(zip(keys, answers.location, strict=True)), {})
    values = dict.fromkeys(keys, 0.0)
    return _section("location", values, dict.fromkeys(values, mark("unknown, fill in")))


def _meters(meters: MetersGuess, answers: Answers) -> str:
    marks = dict.fromkeys(meters.values, mark()) | {"boundary": mark("say it in words")}
    if answers.pue_category is not None:
        marks.pop("pue_category", None)
    text = _section("meters", meters.values, marks)
    return text if meters.complete else _commented(text)


def _source(source: ProposedSource, answers: Answers) -> str:
    sample, clock = source.sample, source.clock
    values: dict[str, Any] = {"name": source.name, "files": source.patterns}
    marks = {"files": mark("further exports are named alike")}
    if sample.is_long:
        values |= {"layout": "long"}
    values |= {"time_column": sample.time_column}
    if sample.date_column is not None:
        values["date_column"] = sample.date_column
    if clock.time_format is not None:
        values["time_format"] = clock.time_format
        marks["time_format"] = mark("day and month may be swapped" if clock.ambiguous else "")
    values["time_zone"] = answers.time_zones.get(source.name) or clock.time_zone or "UTC"
    if source.name not in answers.time_zones:
        marks["time_zone"] = mark("from the export" if clock.time_zone else "unknown, fill in")
    if any(guess.reading == "interval" and guess.live for guess in source.guesses):
        values["stamp"] = "start"
        marks["stamp"] = mark('"end" where a row\'s time is the end of what it covers')
    if clock.step_minutes:
        values["interval_minutes"] = clock.step_minutes
        marks["interval_minutes"] = mark("the commonest step")
    if sample.is_long:
        tag = sample.tag_columns[0] if len(sample.tag_columns) == 1 else list(sample.tag_columns)
        values |= {"tag_column": tag, "value_column": sample.value_column}
    if sample.identity_columns:
        values["identity_columns"] = list(sample.identity_columns)
        marks["identity_columns"] = mark("whose each row is")
    if sample.tag_from is not None:
        values["tag_from"] = sample.tag_from
        marks["tag_from"] = mark(f'the title above the header, "{sample.title}"')
    if sample.decimal == ",":
        values["decimal"] = ","
    if sample.quality_column is not None:
        common = sample.rows[sample.quality_column].mode().iloc[0]
        values |= {"quality_column": sample.quality_column, "good_quality": [common]}
        marks["good_quality"] = mark("the commonest code")
    if sample.quality_suffix is not None:
        columns = [name for name in sample.rows if str(name).endswith(sample.quality_suffix)]
        common = sample.rows[columns].stack().mode().iloc[0]
        values |= {"quality_suffix": sample.quality_suffix, "good_quality": [common]}
        marks["good_quality"] = mark("the commonest code")
    return _item("sources", values, marks)


def _point(source: ProposedSource, guess: Guess) -> str:
    values: dict[str, Any] = {"tag": guess.tag, "source": source.name, "quantity": guess.quantity or ""}
    if guess.quantity is None:
        seen = f"{guess.why}; values {guess.low:.6g} to {guess.high:.6g}"
        return _commented(_item("points", values | {"unit": guess.unit}, {"quantity": seen}))
    marks = {} if guess.told_quantity else {"quantity": mark(_said(guess))}
    if guess.equipment:
        values["equipment"], marks["equipment"] = guess.equipment, mark()
    if guess.unit:
        values["unit"] = guess.unit
        if not guess.told_unit:
            others = f" or {' or '.join(guess.other_units)}; please confirm" if guess.other_units else ""
            marks["unit"] = mark(f"{guess.unit_from}{others}")
    if guess.reading != "instant":
        values["reading"], marks["reading"] = guess.reading, mark()
    if guess.reading == "counter":
        marks["reading"] = mark("add rollover, the value at which the counter wraps")
    if guess.full_scale is not None:
        values["full_scale"], marks["full_scale"] = guess.full_scale, mark("mains frequency")
    item = _item("points", values, marks)
    return item if guess.live else _commented(item)


def _said(guess: Guess) -> str:
    confirm = "; please confirm" if guess.confidence == "low" else ""
    return f"{guess.confidence}: {guess.why}{confirm}; values {guess.low:.6g} to {guess.high:.6g}"


def _setpoint(setpoint: SetpointGuess) -> str:
    if not setpoint.known:
        blank = {"min": "", "max": "", "slew_per_hour": ""}
        marks = {
            "min": mark("the limits are not known: it never moved"),
            "default": mark("the sample's value"),
        }
        return _commented(
            _item("setpoints", {"tag": setpoint.values["tag"], **blank, **setpoint.values}, marks)
        )
    marks = dict.fromkeys(("min", "max"), mark("what the sample shows"))
    marks |= {"slew_per_hour": mark(), "default": mark("the sample's median")}
    return _item("setpoints", setpoint.values, marks)


def _section(name: str, values: dict[str, Any], marks: dict[str, str]) -> str:
    return tomlkit.dumps({name: _marked(values, marks)})


def _item(name: str, values: dict[str, Any], marks: dict[str, str]) -> str:
    items = tomlkit.aot()
    items.append(_marked(values, marks))
    return tomlkit.dumps({name: items})


def _marked(values: dict[str, Any], marks: dict[str, str]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        item = tomlkit.item(value)
        if key in marks:
            item.comment(_one_line(marks[key]))
        table.add(key, item)
    return table


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines() if line)


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
