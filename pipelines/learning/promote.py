"""A version put in charge by a person or by the gate, and the way back to the one before."""

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from pipelines.config import Settings
from pipelines.errors import ModelError, TrackingError
from pipelines.learning import charges
from pipelines.learning.charges import CHALLENGER, CHAMPION, Charge, Who
from pipelines.learning.registry import (
    Kind,
    by_alias,
    follow,
    model_name,
    never_trained,
    no_model,
    put_in_charge,
)
from pipelines.learning.tracking import tracking
from pipelines.site.file import Site

BACK_TO = "back_to"  # of a charge that was put back: the number of the one that it repeats


def promote(site: Site, kind: Kind, settings: Settings, *, version: int | None, who: Who) -> Charge:
    """Make a version champion. version: None for the present challenger.

    The version replaced keeps its number and its files and can be promoted again. Raises ModelError where there is no
    such version, its files are gone or it is champion already, or where a name or a reason is missing; TrackingError
    where MLflow does not answer.
    """
    _named(who, "promotion")
    if never_trained(settings):
        raise no_model(site, kind)
    with tracking(settings) as client:
        chosen, before = _chosen(client, site, kind, version), _champion(client, site, kind, settings)
        if before is not None and int(chosen.version) == before:
            raise ModelError(
                f"{model_name(site, kind)} version {before} is the champion already; name another version"
            )
        return put_in_charge(client, settings, site, kind, chosen, CHAMPION, who)


def rollback(site: Site, kind: Kind, settings: Settings, *, who: Who) -> Charge:
    """Put the champion before the present one back in charge, from the home's own copy: MLflow need not answer.

    Rolled back again it goes one further back, never forth. Raises ModelError where there is none before, its files are
    gone, or a name or a reason is missing.
    """
    _named(who, "rollback")
    before = former(settings, site, kind)
    charge = charges.put(
        settings, site.name, kind, CHAMPION, before.files, model=before.model, version=before.version, who=who,
        about=before.about | {BACK_TO: before.about.get(BACK_TO, before.number)},
    )  # fmt: skip
    try:
        with tracking(settings) as client:
            follow(client, settings, site, kind)
    except TrackingError:
        pass  # its aliases follow at the next training or promotion
    return charge


def former(settings: Settings, site: Site, kind: Kind) -> Charge:
    """The charge that a rollback goes back to. Raises ModelError where there is none, or its files are gone."""
    champions = {charge.number: charge for charge in charges.history(settings, site.name, kind, CHAMPION)}
    name = model_name(site, kind)
    if not champions:
        raise no_model(site, kind)
    present = champions[max(champions)]
    # One that was put back stands where it stood first.
    stands_at = present.about.get(BACK_TO, present.number)
    earlier = [
        one for n, one in sorted(champions.items()) if n < stands_at and one.version != present.version
    ]
    if not earlier:
        raise ModelError(
            f"{name} version {present.version} has no champion before it to go back to; promote a version by its number"
        )
    if not earlier[-1].files.is_dir():
        again = f"coldaisle models promote --site {site.name} --kind {kind} --version {earlier[-1].version}"
        raise ModelError(f"the files of {earlier[-1].title} are no longer kept here; run: {again}")
    return earlier[-1]


def _named(who: Who, what: str) -> None:
    if not who.name.strip() or not who.why.strip():
        raise ModelError(f"a {what} needs a name and a reason; give --by and --why")


def _champion(client: MlflowClient, site: Site, kind: Kind, settings: Settings) -> int | None:
    charge = charges.present(settings, site.name, kind)
    if charge is not None:
        return charge.version
    registered = by_alias(client, model_name(site, kind), CHAMPION)
    return None if registered is None else int(registered.version)


def _chosen(client: MlflowClient, site: Site, kind: Kind, version: int | None) -> ModelVersion:
    name = model_name(site, kind)
    versions = client.search_model_versions(f"name = '{name}'")
    if not versions:
        raise no_model(site, kind)
    numbers = ", ".join(sorted((str(each.version) for each in versions), key=int))
    if version is None:
        challenger = by_alias(client, name, CHALLENGER)
        if challenger is None:
            raise ModelError(f"{name} has no challenger; name one of its versions ({numbers}) with --version")
        return challenger
    for each in versions:
        if int(each.version) == version:
            return each
    raise ModelError(f"{name} has no version {version}; its versions are {numbers}")
