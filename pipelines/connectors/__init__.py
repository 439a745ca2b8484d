"""Sources of exports: what a site file says of where they come from, brought into the site's inbox.

`fetch` brings what a window of time has; one file a protocol says how (`http`, `sql`, `remote_files`).
"""

from pipelines.connectors.fetch import fetch
from pipelines.connectors.report import FetchReport, SourceReport
from pipelines.connectors.sites import fetched_sources, sites_to_ingest

__all__ = ["FetchReport", "SourceReport", "fetch", "fetched_sources", "sites_to_ingest"]
