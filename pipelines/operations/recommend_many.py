"""Recommendations for many sites in one process, which compiles what they need once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.compilation_cache import keep_compiled
from pipelines.config import Settings
from pipelines.operations.recommend import Recommended, recommend
from pipelines.site.file import Site


@dataclass(frozen=True)
class SiteOutcome:
    """What became of one site: its recommendation, or the error that stopped it."""

    recommended: Recommended | None = None
    error: Exception | None = None


def recommend_sites(
    sites: Sequence[Site],
    settings: Settings,
    *,
    at: datetime | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, SiteOutcome]:
    """Decide once for each of several sites, explain and record it; what became of each, by its name.

    at: UTC; by default now, or the end of a site's telemetry where that is old. Nothing is written to a plant. What one
    site raises stops no other.
    """
    keep_compiled(settings)
    return {site.name: _recommended(site, settings, at, progress) for site in sites}


def _recommended(
    site: Site, settings: Settings, at: datetime | None, progress: Callable[[str], None]
) -> SiteOutcome:
    try:
        found = recommend(site, settings, at=at, progress=lambda line: progress(f"{site.name}: {line}"))
    except Exception as error:
        return SiteOutcome(error=error)
    return SiteOutcome(found)
