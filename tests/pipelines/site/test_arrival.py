"""How a site file says where exports come from, and that no store has to be rebuilt for it."""

import pytest
from pydantic import ValidationError

from pipelines.site.arrival import Arrival, window_pattern
from pipelines.site.points import WHERE_FROM, Source
from pipelines.telemetry.ingest.one_file import reading_fingerprint
from pipelines.telemetry.store import site_fingerprint
from tests.pipelines.telemetry.ingest.kit import point, site_of, source

QUERY = "SELECT * FROM t WHERE time >= :start AND time < :end"
SQL = {"kind": "sql", "address": "sqlite:///x.db", "query": QUERY}
HTTP = {"kind": "http", "address": "https://host/x?from={start}&to={end}"}
FILES = {"kind": "files", "address": "s3://bucket/plant/*.csv"}


@pytest.mark.parametrize("arrival", [SQL, HTTP, FILES, HTTP | {"timeout_s": 5, "window_hours": 1}])
def test_where_exports_come_from_changes_no_fingerprint(arrival):
    plain, moved = (site_of(point("P"), sources=[source(**more)]) for more in ({}, arrival))
    assert site_fingerprint(plain) == site_fingerprint(moved)
    assert reading_fingerprint(plain, plain.sources[0]) == reading_fingerprint(moved, moved.sources[0])


def test_the_fingerprint_is_that_of_stores_made_before_sources_were_fetched():
    # Computed at the commit before: a change here makes every store derive its table again.
    assert (
        site_fingerprint(site_of(point("P")))
        == "f7469e15506e3d56b11b2ee765c6a15d2eda019c81b6e3bf814e7d7befc3eb33"
    )


def test_every_field_of_an_arrival_is_left_out_of_fingerprints():
    assert set(Arrival.model_fields) < WHERE_FROM


def test_names_of_fetched_windows_need_no_pattern():
    described = {key: value for key, value in source(**HTTP).items() if key != "files"}
    assert Source.model_validate(described).files == [window_pattern("historian")]
    assert Source.model_validate(source(**FILES) | {"files": ["a*"]}).files == ["a*"]


WRONG = [
    ({"kind": "http"}, 'kind = "http" needs address'),
    ({"kind": "sql", "address": "sqlite:///x"}, "needs query"),
    (HTTP | {"query": QUERY}, 'query of a source does not belong to kind = "http"'),
    ({"address": "https://host/x"}, 'address of a source does not belong to kind = "inbox"'),
    (SQL | {"query": "SELECT 1"}, "query lacks :start and :end"),
    (SQL | {"query": "SELECT x::start FROM t WHERE a < :end"}, "query lacks :start,"),
    (HTTP | {"address": "ftp://host/x"}, "begins with http:// or https://"),
    (HTTP | {"address": "https://host/{day}"}, "address has {day}"),
    (FILES | {"address": "https://host/x.csv"}, 'is of kind = "http"'),
    (FILES | {"address": "/folder/*.csv"}, "begins with its scheme"),
    (FILES | {"address": "simplecache::s3://b/*.csv"}, "chained"),
    (HTTP | {"tag_from": "file"}, "tag_from cannot be file or folder"),
    (HTTP | {"timeout_s": 0}, "must lie in 0.1..3600 s"),
    (HTTP | {"window_hours": 0}, "must lie in 0.25..8784 h"),
    ({"kind": "bacnet"}, "'inbox', 'files', 'http' or 'sql'"),
]


@pytest.mark.parametrize(("described", "because"), WRONG)
def test_a_wrong_description_says_what_to_do(described, because):
    with pytest.raises(ValidationError) as refused:
        site_of(point("P"), sources=[source(**described)])
    assert because in str(refused.value)
