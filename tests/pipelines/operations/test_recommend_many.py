"""Recommendations for many sites: one whose decision cannot be made stops no other."""

import pytest

import pipelines.operations.recommend_many as many
from pipelines.operations.ledger import LedgerError
from pipelines.operations.recommend_many import recommend_sites
from tests.pipelines.control.plant import AT

pytestmark = pytest.mark.medium


def test_each_site_has_its_recommendation_or_its_error(site, home, monkeypatch):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "")
    other = site.model_copy(update={"name": "other", "setpoints": []})
    one = many.recommend

    def failing(asked, *arguments, **more):
        if asked.name == "broken":
            raise LedgerError("the ledger does not answer")
        return one(asked, *arguments, **more)

    monkeypatch.setattr(many, "recommend", failing)
    broken = site.model_copy(update={"name": "broken"})
    said = []
    found = recommend_sites([broken, other, site], home, at=AT, progress=said.append)
    assert list(found) == ["broken", "other", site.name]
    assert isinstance(found["broken"].error, LedgerError)
    assert found["other"].recommended.recommendation.action == "hold"
    assert found[site.name].recommended is not None
    assert any(line.startswith(f"{site.name}: ") for line in said)
