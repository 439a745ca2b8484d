"""What a person prefers to read, kept in the home for each person."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.config import Settings
from pipelines.files import write_atomic

LOCALES = {
    "en_US": "1,234.5 (English)", "de_DE": "1.234,5 (German)", "fr_FR": "1 234,5 (French)", "de_CH": "1’234.5 (Swiss)",
    "en_IN": "1,23,456.5 (Indian)", "es_ES": "1234,5 (Spanish)", "ja_JP": "1,234.5 (Japanese)",
}  # fmt: skip


class Preferences(BaseModel):
    """Units and numbers; site: the one shown last."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    temperature: Literal["°C", "°F"] = "°C"
    cooling: Literal["kW", "tons"] = "kW"
    locale: str = "en_US"
    site: str = ""


def preferences_of(settings: Settings, person: str) -> Preferences:
    """What a person prefers; the defaults where nothing readable is kept."""
    try:
        return Preferences.model_validate(json.loads(_path(settings, person).read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return Preferences()


def keep(settings: Settings, person: str, preferences: Preferences) -> None:
    """Keep what a person prefers. A home that cannot be written is no reason to show nothing."""
    try:
        write_atomic(_path(settings, person), preferences.model_dump_json())
    except OSError:
        return


def _path(settings: Settings, person: str) -> Path:
    return (
        settings.console
        / "preferences"
        / f"{hashlib.sha256(person.casefold().encode()).hexdigest()[:24]}.json"
    )
