"""Weather files that were uploaded for a site's what-ifs. Loads no JAX: the job that runs one reads it in full."""

from pathlib import Path

from pipelines.config import Settings
from pipelines.errors import WeatherError
from pipelines.files import write_atomic
from pipelines.operations.ledger import Operations, Person

HEAD = b"LOCATION"
LEAST_LINES = 8  # of the header, before the hours


def keep_epw(settings: Settings, site: str, name: str, content: bytes, *, by: Person | str) -> str:
    """Keep an EPW that was uploaded, and return the name to run it by.

    Raises WeatherError where it is none, LedgerError where the person may not run what-ifs.
    """
    Operations.of(settings, site).permit("what_if", by)
    plain = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not plain.upper().startswith(HEAD) or plain.count(b"\n") <= LEAST_LINES:
        raise WeatherError(
            f"an EPW begins with LOCATION and holds a year of hours, {Path(name).name} does not; choose another file"
        )
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in Path(name).name)[-80:]
    path = epw_folder(settings, site) / f"{safe.lstrip('.').removesuffix('.epw').removesuffix('.EPW')}.epw"
    write_atomic(path, content)
    return path.name


def kept_epws(settings: Settings, site: str) -> list[str]:
    """Names of the EPW files that were uploaded for a site."""
    return sorted(
        path.name for path in epw_folder(settings, site).glob("*.epw") if not path.name.startswith(".")
    )


def epw_folder(settings: Settings, site: str) -> Path:
    """Where they lie."""
    return settings.console / site / "epw"
