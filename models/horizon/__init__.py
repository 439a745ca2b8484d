"""The next hours of a plant: a direct forecast for each lead, with a 90 % interval (docs/forecast.md)."""

from models.horizon.candidates import CANDIDATES
from models.horizon.learn import Block, Learned, learn
from models.horizon.model import Forecast, Horizon, Mixture, forecast
from models.horizon.peak import peak
from models.horizon.record import DAY_H, WEEK_H, Record, leads_of
from models.horizon.stored import from_arrays, to_arrays, to_metadata

__all__ = [
    "CANDIDATES",
    "DAY_H",
    "WEEK_H",
    "Block",
    "Forecast",
    "Horizon",
    "Learned",
    "Mixture",
    "Record",
    "forecast",
    "from_arrays",
    "leads_of",
    "learn",
    "peak",
    "to_arrays",
    "to_metadata",
]
