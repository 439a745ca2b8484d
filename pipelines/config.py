"""Settings from the environment: where things are kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


@dataclass(frozen=True)
class RemoteFolder:
    """A place in an object store (s3://bucket/prefix), and the folder on disk that keeps what was read from it."""

    uri: str
    cache: Path


SITE_FOLDER = Path(__file__).resolve().parent.parent / "infra" / "sites"


class Settings(BaseSettings):
    """Paths and addresses; every field may be set as COLDAISLE_<FIELD>.

    `home` holds everything that coldaisle writes: `store/` (telemetry), `ledger.db`, `mlflow.db`, `mlartifacts/`,
    `models/` (those in charge), `sites/`, `outbox/` (setpoints on their way to a BMS), `reports/`, `console/` (tables
    that the pages read), `access.toml` (who may do what), and `cache/` (compiled programs, telemetry read from an object
    store; it may be deleted at any time). `store_uri` is where telemetry is instead: a folder, or s3://bucket/prefix,
    which the AWS_ variables give credentials and an endpoint for. `sites_per_task`: how many sites one task of a
    schedule serves, which then compiles once for all of them. `shadow_days`: how long a challenger decides beside the
    champion before it is judged: less than a week, so that a weekly retraining finds the last one judged. `heartbeat` is
    the host:port at which the watchdog receives the control loop's heartbeats. `sign_in` says how people prove who they
    are; `proxy_secret` is what a proxy sends to be believed (docs/console.md). `notify` are addresses of apprise,
    separated by spaces, to which alarms go. `secrets` is a folder with a file for each secret that a site file names
    (docs/sources.md).
    """

    model_config = SettingsConfigDict(env_prefix="COLDAISLE_")

    home: Path = Path(".coldaisle")
    mlflow_uri: str | None = None
    ledger_uri: str | None = None
    heartbeat: str = "127.0.0.1:47601"
    sign_in: Literal["none", "oidc", "headers"] = "none"
    proxy_secret: SecretStr | None = None
    notify: str = ""
    sites_per_task: int = Field(default=20, ge=1, le=1000)
    shadow_days: float = Field(default=6.0, ge=1.0, le=90.0)
    secrets: Path | None = None
    store_uri: str | None = None

    @property
    def store(self) -> Path | RemoteFolder:
        """Where the telemetry store is: a folder of the home, another one, or a place in an object store."""
        uri = (self.store_uri or "").removeprefix("file://")
        if "://" in uri:
            return RemoteFolder(uri, self.home / "cache" / "store")
        return Path(uri) if uri else self.home / "store"

    @property
    def sites(self) -> Path:
        """Folder of site files of this home."""
        return self.home / "sites"

    @property
    def outbox(self) -> Path:
        """Folder of setpoints on their way to a BMS."""
        return self.home / "outbox"

    @property
    def reports(self) -> Path:
        """Folder of pages and plots."""
        return self.home / "reports"

    @property
    def models(self) -> Path:
        """Folder of the models in charge, which serving reads."""
        return self.home / "models"

    @property
    def console(self) -> Path:
        """Folder of the tables that the pages read."""
        return self.home / "console"

    @property
    def alive(self) -> Path:
        """Folder in which the control loops and watchdogs say that they run."""
        return self.home / "alive"

    @property
    def access(self) -> Path:
        """File with the roles of people."""
        return self.home / "access.toml"

    @property
    def tracking_uri(self) -> str:
        """MLflow's address: the configured one, else SQLite in the home."""
        return self.mlflow_uri or f"sqlite:///{(self.home / 'mlflow.db').resolve()}"

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow's files where MLflow is in the home."""
        return self.home / "mlartifacts"

    @property
    def ledger(self) -> str:
        """The ledger's address: the configured one, else SQLite in the home."""
        return self.ledger_uri or f"sqlite:///{(self.home / 'ledger.db').resolve()}"


def settings(home: Path | None = None) -> Settings:
    """Settings of this process; `home` overrides the environment."""
    return Settings(home=home) if home else Settings()
