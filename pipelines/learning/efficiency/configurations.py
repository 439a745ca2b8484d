"""Model configurations, the simplest first, and the one that a comparison has kept for a site."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from mlflow import MlflowClient

from models.efficiency.learn import Learned, Parts
from models.efficiency.networks import REFERENCE_HIDDEN, USUAL_HIDDEN
from models.efficiency.stacking import PARTS
from models.efficiency.training import FitConfig

COMPARED, KEPT = "compare", "kept"


@dataclass(frozen=True)
class Configuration:
    """networks: their sizes and training. parts: what a model may be made of. alone: one of
    models.efficiency.stacking.PARTS that
    is the whole model; None where the parts are mixed."""

    name: str
    networks: FitConfig
    parts: Parts
    alone: str | None = None

    def apply(self, learned: Learned) -> Learned:
        """What was learned, reduced to the one part where there is only one."""
        if self.alone is None:
            return learned
        mixture = dict.fromkeys(learned.mixture, self.alone)
        return replace(learned, model=learned.model.part(self.alone), mixture=mixture)

    def described(self) -> dict[str, str]:
        """The configuration as MLflow parameters."""
        settings: dict[str, Any] = asdict(self.networks) | asdict(self.parts)
        return {name: str(value) for name, value in (settings | {"alone": self.alone}).items()}


def configurations(parts: Parts) -> list[Configuration]:
    """Configurations to compare, the simplest first; `parts` defines which fit the networks correct."""
    networks = FitConfig()
    none = replace(networks, hidden=(8,), epochs=1)  # of a fit alone: its networks are not used
    fits = [PARTS[0], PARTS[1]] if parts.backbone == "quadratic" else [PARTS[0]]
    compared = [Configuration(f"{fit} alone", none, parts, fit) for fit in fits]
    small, reference = (replace(networks, hidden=hidden) for hidden in (USUAL_HIDDEN, REFERENCE_HIDDEN))
    compared.append(Configuration("fits and networks 2 x 50", small, parts))
    compared.append(Configuration("fits and networks 5 x 50", reference, parts))
    return compared


def kept_configuration(
    client: MlflowClient, experiment: str, kind: str, parts: Parts
) -> Configuration | None:
    """What the newest comparison of this kind has kept; None before the first."""
    runs = client.search_runs(
        [experiment],
        f"tags.command = '{COMPARED}' and tags.kind = '{kind}' and attributes.status = 'FINISHED'",
        max_results=1,
        order_by=["attributes.start_time DESC"],
    )
    kept = runs[0].data.tags.get(KEPT) if runs else None
    return next((each for each in configurations(parts) if each.name == kept), None)
