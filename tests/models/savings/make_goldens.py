"""Writes goldens.json: statistics of OpenDSM 1.2 (hourly_caltrack/metrics.py, and the uncertainty of its wrapper.py)
and change points of pwlf 2.7.

Neither resolves beside our pandas; run it in an environment of its own, with the folder of real series:

    python -m venv gold && gold/bin/pip install opendsm pwlf "multimethod<2"
    gold/bin/python tests/models/savings/make_goldens.py ../shared/data
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent


def series() -> tuple[np.ndarray, np.ndarray]:
    """400 hours of measured and predicted power whose residuals are correlated; no random numbers, so that both
    environments make the same."""
    hour = np.arange(400)
    predicted = 120.0 + 30.0 * np.sin(2 * np.pi * hour / 24.0) + 0.05 * hour
    error = np.zeros(400)
    for now in range(1, 400):
        error[now] = 0.7 * error[now - 1] + 3.0 * np.sin(0.37 * now**2)
    return predicted + error, predicted


def real_series(shared: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Outdoor temperature, °C, and power, kW, of two real plants, rows in which both are read."""
    plant = pd.read_csv(shared / "grundfos" / "TableData23_12.csv", usecols=["WBT", "kW_Tot"]).dropna()
    chiller = pd.read_csv(
        shared / "singapore" / "HVAC Energy Data.csv",
        usecols=["Outside Temperature (F)", "Chiller Energy Consumption (kWh)"],
    ).dropna()
    return {
        "grundfos": ((plant["WBT"].to_numpy(float) - 32.0) / 1.8, plant["kW_Tot"].to_numpy(float)),
        "singapore": (
            (chiller["Outside Temperature (F)"].to_numpy(float) - 32.0) / 1.8,
            2.0 * chiller["Chiller Energy Consumption (kWh)"].to_numpy(float),
        ),
    }


def main(shared: Path) -> None:
    """Both libraries' figures."""
    import pwlf
    from opendsm.eemeter.models.hourly_caltrack.metrics import ModelMetrics
    from scipy.stats import t as student_t

    measured, predicted = series()
    index = pd.date_range("2025-01-01", periods=400, freq="1h", tz="UTC")
    of = ModelMetrics(pd.Series(measured, index), pd.Series(predicted, index), num_parameters=5)
    m, mse, n = 1000, of.rmse_adj**2, of.observed_length
    t = float(student_t.ppf(0.95, of.n_prime - 5))
    # wrapper.py, "ASHRAE 14", for a reporting period of m hours at the baseline's mean
    total = (
        1.26
        * t
        * of.observed_mean
        / of.observed_mean
        * np.sqrt(mse * n / of.n_prime * (1 + 2 / of.n_prime) * m)
    )
    goldens: dict[str, object] = {
        "cv_rmse": of.cvrmse_adj,
        "nmbe": of.nmbe,
        "autocorrelation": of.autocorr_resid,
        "n_prime": of.n_prime,
        "relative_uncertainty_90": total / (m * of.observed_mean),
    }
    for name, (air_c, power_kw) in real_series(shared).items():
        fit = pwlf.PiecewiseLinFit(air_c, power_kw)
        fit.fit(2, seed=0)
        at = [float(np.quantile(air_c, share)) for share in (0.05, 0.25, 0.5, 0.75, 0.95)]
        goldens[name] = {
            "rows": len(air_c),
            "point_c": float(fit.fit_breaks[1]),
            "ssr": float(fit.ssr),
            "at_c": at,
            "power_kw": [float(value) for value in fit.predict(at)],
        }
    (HERE / "goldens.json").write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
