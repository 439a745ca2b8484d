"""Errors a user can mend. Each message says the rule, the value that broke it and the remedy."""


class ColdaisleError(Exception):
    """Base of all errors that the command line prints without a traceback, with exit code 2.

    transient: whether the same call may succeed later without anybody mending anything (a network, a lock); schedules
    try again then, and fail at once otherwise.
    """

    transient = False


class SiteError(ColdaisleError):
    """A site file that cannot be read or contradicts itself."""


class IngestError(ColdaisleError):
    """An export that cannot be read as the site file describes it; the store is as before."""


class BusyError(IngestError):
    """Another process writes the store."""

    transient = True


class SourceError(ColdaisleError):
    """A source of exports that cannot be read as the site file describes it."""


class SourceDownError(SourceError):
    """A source of exports that does not answer now."""

    transient = True


class StoreError(ColdaisleError):
    """A store that is missing, empty or damaged."""


class StoreDownError(StoreError):
    """An object store that does not answer now."""

    transient = True


class ModelError(ColdaisleError):
    """Too little data to learn from, or a model that does not fit the site."""


class TrainingBusyError(ModelError):
    """Another process trains the site's models."""

    transient = True


class TrackingError(ColdaisleError):
    """An MLflow server or registry that does not answer."""

    transient = True


class WeatherError(ColdaisleError):
    """A weather file that is none, or is silent over the period asked for."""


class ScenarioError(ColdaisleError):
    """A what-if scenario or sweep that contradicts itself or physics."""


class PlantError(ColdaisleError):
    """A plant that does not run, or a setpoint that has no effect on it."""


class SavingsError(ColdaisleError):
    """A saving that cannot be measured as it was asked for."""
