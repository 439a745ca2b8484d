from tests.dashboards.conftest import operations, settings, site, telemetry  # noqa: F401
