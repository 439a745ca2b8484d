"""Effect of a kelvin of condenser or chilled water in the learned models, against re-runs of the plant.

    python -m benchmarks.referee.partial_dependence --site referee --out docs/partial_dependence.html

The plant is the EnergyPlus model beside the checkout (`--referee`, by default ../shared/referee); weather and
load are constant, one setpoint is moved step by step and each value held until the plant has settled. The
models were learned from the historian's telemetry by `coldaisle train` and have seen none of these runs.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.config import Settings, settings
from pipelines.errors import ColdaisleError
from pipelines.site.file import Site, find_site

ROOT = Path(__file__).resolve().parents[2]
HOURS_EACH, SETTLING_HOURS = 6, 4  # a value is held for HOURS_EACH; readings count after SETTLING_HOURS
STEPS_PER_HOUR = 4
MODELS = ("cascade",)
CW, CHW = "cw_supply_sp_c", "chw_supply_sp_c"
TAGS = {"supply_air_sp_c": "CRAH.SAT_SP_C", CHW: "PLANT.CHWS_SP_C", CW: "PLANT.CWS_SP_C"}
TAGS |= {"economizer_enable": "PLANT.WSE_ENABLE"}
WEATHER, RH = "usa_va_sterling", 65.0
EPW_DRYBULB, EPW_DEW_POINT, EPW_RH = 6, 7, 8  # columns of an EPW's hours


@dataclass(frozen=True)
class Condition:
    """Constant load (utilisation) and weather, and the values that each setpoint takes in turn."""

    utilization: float
    drybulb_c: float

    def sweeps(self) -> dict[str, np.ndarray]:
        """Condenser water from near the wetbulb up; chilled water to 5 K below supply air."""
        coldest = np.ceil(self.drybulb_c - 1.0)
        return {CW: np.arange(coldest, min(coldest + 9.0, 30.0), 1.0), CHW: np.arange(9.0, 15.5, 1.0)}

    def base(self) -> dict[str, float]:
        """Default setpoints, with condenser water that the towers reach in this weather."""
        return {
            "supply_air_sp_c": 20.0,
            CHW: 12.0,
            CW: max(21.0, self.drybulb_c + 3.0),
            "economizer_enable": 0.0,
        }


CONDITIONS = tuple(Condition(load, drybulb) for load in (0.55, 0.85) for drybulb in (13.0, 22.0))


def main() -> int:
    """Prints the table and writes the page; exit status 2 where something is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", default="referee")
    parser.add_argument("--referee", type=Path, default=ROOT.parent / "shared" / "referee")
    parser.add_argument("--out", type=Path, default=Path("partial_dependence.html"))
    given = parser.parse_args()
    if not (given.referee / "engine.py").exists():
        print(
            f"needs the referee's engine.py in {given.referee}; name its folder with --referee",
            file=sys.stderr,
        )
        return 2
    sys.path.insert(0, str(given.referee.resolve()))
    home = settings()
    try:
        site = find_site(given.site, home)
        table = pd.concat([compared(site, home, given.referee, each) for each in CONDITIONS])
    except ColdaisleError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    slopes = slopes_of(table)
    print(
        "Slopes of cooling power, kW per K; local: RMS between neighbouring values, the cascade's less the plant's"
    )
    print(slopes.round(2).to_string(index=False))
    print("RMS over the conditions, kW per K: the plant's slope, and how far the cascade's is from it")
    print(summary(slopes).round(2).to_string())
    draw(table, given.out)
    return 0


def compared(site: Site, home: Settings, referee: Path, condition: Condition) -> pd.DataFrame:
    """Cooling power, kW, of the plant and of the cascade, one row per setpoint and value."""
    sweeps, base = condition.sweeps(), condition.base()
    held = [base | {name: value} for name, values in sweeps.items() for value in values.tolist()]
    run = rerun(referee, condition, held)
    moved = [(name, value) for name, values in sweeps.items() for value in values.tolist()]
    title = f"{condition.utilization:.0%} load, wetbulb {run['outdoor_wetbulb_c'].mean():.1f} °C"
    frame = pd.DataFrame(moved, columns=["setpoint", "value_c"]).assign(condition=title)
    frame["plant"] = run["cooling_kw"].to_numpy()
    chosen = pd.DataFrame(held)
    frame["cascade"], frame["in_support"] = cascade_kw(site, home, run, chosen)
    return frame


def rerun(referee: Path, condition: Condition, held: list[dict[str, float]]) -> pd.DataFrame:
    """Settled means of the plant for each set of setpoints, one after the other in one run."""
    from engine import run
    from history import actuators

    each = HOURS_EACH * STEPS_PER_HOUR
    days = -(-len(held) * HOURS_EACH // 24)

    def policy(_row, info):
        setpoints = held[min(info["step"] // each, len(held) - 1)]
        loads = {f"LOAD_{hall}": condition.utilization for hall in "AB"}
        return {**actuators({TAGS[name]: value for name, value in setpoints.items()}), **loads}

    with tempfile.TemporaryDirectory() as folder:
        weather = constant_weather(Path(folder), condition)
        readings, info = run(
            str(referee / "dc.epJSON"), str(weather), policy=policy, begin=(5, 1), end=(5, days)
        )
    if info["fatal"] or info["missing"]:
        raise ColdaisleError(f"EnergyPlus stopped: {info['tail']}; missing {info['missing']}")
    number, age = np.divmod(np.arange(len(readings)), each)
    settled = readings[(age >= SETTLING_HOURS * STEPS_PER_HOUR) & (number < len(held))]
    means = settled.groupby(number[settled.index]).mean(numeric_only=True)
    return pd.DataFrame(
        {
            "cooling_kw": means["p_cooling"] / 1000.0,
            "load_kw": means["p_it"] / 1000.0,
            "outdoor_drybulb_c": means["t_db"],
            "outdoor_wetbulb_c": means["t_wb"],
            "outdoor_rh_frac": means["rh"] / 100.0,
            "rack_inlet_now_c": means["t_inlet_max"],
        }
    )


def constant_weather(folder: Path, condition: Condition) -> Path:
    """A typical year's EPW with the condition's drybulb, dew point and humidity in every hour."""
    from pyenergyplus.dataset import weather_files

    lines = Path(weather_files[WEATHER]).read_text(encoding="latin-1").splitlines()
    magnus = np.log(RH / 100.0) + 17.625 * condition.drybulb_c / (243.04 + condition.drybulb_c)
    dew_point_c = 243.04 * magnus / (17.625 - magnus)  # Alduchov and Eskridge 1996, J. Appl. Meteorol. 35
    for number in range(8, len(lines)):
        fields = lines[number].split(",")
        fields[EPW_DRYBULB], fields[EPW_DEW_POINT] = f"{condition.drybulb_c:.1f}", f"{dew_point_c:.2f}"
        fields[EPW_RH] = f"{RH:.0f}"
        lines[number] = ",".join(fields)
    path = folder / "constant.epw"
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    return path


def cascade_kw(
    site: Site, home: Settings, run: pd.DataFrame, chosen: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Cooling power, kW, that the cascade expects for chosen setpoints (rows,), and whether the record covers them."""
    from models.cascade.cascade import outcome
    from pipelines.control.optimizer.inputs import CONDITIONS as GIVEN
    from pipelines.learning.cascade.bundle import load_cascade

    cascade, _ = load_cascade(site, home)
    measured = {str(name): run[name].to_numpy() for name in run if name != "cooling_kw"}
    values = dict.fromkeys(GIVEN, 0.0) | measured | {str(name): chosen[name].to_numpy() for name in chosen}
    expected = outcome(cascade, values)
    return np.asarray(expected.cooling_kw), np.asarray(expected.outside) <= 0.0


def slopes_of(table: pd.DataFrame) -> pd.DataFrame:
    """kW per K by condition and setpoint: of straight lines, and RMS of differences between neighbours."""

    def slope(part: pd.DataFrame) -> pd.Series:
        lines = {name: np.polyfit(part["value_c"], part[name], 1)[0] for name in ("plant", *MODELS)}
        local = part[["plant", *MODELS]].diff().div(part["value_c"].diff(), axis=0).iloc[1:]
        away = {f"{name}, local": _rms(local[name] - local["plant"]) for name in MODELS}
        return pd.Series(
            {"plant_kw": part["plant"].mean(), **lines, "plant, local": _rms(local["plant"]), **away}
        )

    return (
        table.groupby(["setpoint", "condition"], sort=False).apply(slope, include_groups=False).reset_index()
    )


def summary(slopes: pd.DataFrame) -> pd.DataFrame:
    """RMS over the conditions, kW per K: of the plant's slope, and of each model's difference from it."""

    def rms(part: pd.DataFrame) -> pd.Series:
        away = {name: _rms(part[name] - part["plant"]) for name in MODELS}
        local = {name: _rms(part[name]) for name in part if str(name).endswith("local")}
        return pd.Series({"plant": _rms(part["plant"]), **away, **local})

    return slopes.groupby("setpoint", sort=False).apply(rms, include_groups=False)


def _rms(values: pd.Series) -> float:
    return float(np.sqrt((values**2).mean()))


def draw(table: pd.DataFrame, out: Path) -> None:
    """One page: a row per setpoint, a column per condition; a PNG beside it where there is a chromium."""
    from plotly.subplots import make_subplots

    from pipelines.files import write_page

    names, conditions = table["setpoint"].unique(), table["condition"].unique()
    figure = make_subplots(
        rows=len(names), cols=len(conditions), column_titles=list(conditions), shared_yaxes="columns",
        vertical_spacing=0.13,
    )  # fmt: skip
    colors = {"plant": "#222222", "cascade": "#1f77b4"}
    for (name, condition), part in table.groupby(["setpoint", "condition"], sort=False):
        row, column = list(names).index(name) + 1, list(conditions).index(condition) + 1
        for who, color in colors.items():
            figure.add_scatter(
                x=part["value_c"], y=part[who], name="plant, re-run" if who == "plant" else who, legendgroup=who,
                showlegend=row == column == 1, mode="lines+markers" if who == "plant" else "lines",
                line={"color": color, "width": 2}, row=row, col=column,
            )  # fmt: skip
        figure.update_xaxes(title_text=f"{name}, °C", row=row, col=column)
    figure.update_yaxes(title_text="cooling power, kW", col=1)
    figure.update_layout(
        title="Cooling power over one setpoint, load and weather held: learned from telemetry, and the plant itself",
        template="plotly_white", height=720, width=1500, legend={"orientation": "h", "y": -0.12},
    )  # fmt: skip
    page = write_page(figure, out)
    _screenshot(figure, out.with_suffix(".png"))
    print(f"plot: {page}")


def _screenshot(figure, path: Path) -> None:
    chromium = shutil.which("chromium")
    if not chromium:
        print("no PNG: there is no chromium on the PATH", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        figure.write_html(page, config={"displayModeBar": False})
        subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1500,730",
             "--virtual-time-budget=5000", f"--screenshot={path.resolve()}", f"file://{page}"],
            capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
