"""Exports of historians, loggers and meters into the telemetry store.

`files` recognises an export, `query` and `read` parse it, `stamps` and `clock` make UTC of its times, `raw`
keeps what it said, `rules` decides what to believe, `resample` makes interval means, `derive` the table,
`update` what an export changes of both, `transaction` one commit of it all; `run` is their order.
"""

from pipelines.telemetry.ingest.report import FileReport, IngestReport
from pipelines.telemetry.ingest.run import ingest_files

__all__ = ["FileReport", "IngestReport", "ingest_files"]
