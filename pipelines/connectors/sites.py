"""Which sites and sources there is something to fetch for."""

from pipelines.config import Settings
from pipelines.errors import SiteError
from pipelines.site.file import Site, Source, load_site
from pipelines.telemetry.inbox import inbox_sites


def fetched_sources(site: Site) -> list[Source]:
    """The site's sources that are fetched, in its file's order; the others' exports are put into its inbox."""
    return [source for source in site.sources if source.kind != "inbox"]


def sites_to_ingest(settings: Settings) -> list[str]:
    """Names of the sites of a home that have an inbox or a source to fetch.

    A site file that has faults counts as one that has: whoever loads it then says which.
    """
    names = set(inbox_sites(settings))
    for path in settings.sites.glob("*.toml"):
        try:
            if fetched_sources(load_site(path)):
                names.add(path.stem)
        except SiteError:
            names.add(path.stem)
    return sorted(names)
