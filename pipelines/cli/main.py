"""The `coldaisle` command."""

import gc
import json
import sys

import typer

from pipelines.errors import ColdaisleError


def application() -> typer.Typer:
    """The command line with every command registered; each imports its heavy parts only when it runs."""
    from pipelines.cli import (
        alarm,
        backtest,
        dashboard,
        demo,
        effects,
        energyplus,
        evaluate,
        event,
        explore,
        faults,
        forecast,
        ingest,
        models,
        operate,
        prepare,
        quality,
        recommend,
        savings,
        serve,
        simulate,
        site,
        train,
        trial,
        twin,
    )

    app = typer.Typer(
        help="Learn from a data center's telemetry and recommend cooling setpoints.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.add_typer(site.app, name="site", help="Make and check site files.")
    app.add_typer(operate.app, name="operate", help="Mode, limits and overrides of the control loop.")
    app.add_typer(explore.app, name="explore", help="Plan setpoint trials.")
    app.add_typer(trial.app, name="trial", help="Randomised trials of control on and off.")
    app.add_typer(event.app, name="event", help="Non-routine events that savings are told of.")
    app.add_typer(
        models.app, name="models", help="Versions of models: who is in charge, the gate, the way back."
    )
    app.add_typer(alarm.app, name="alarm", help="Alarms and their acknowledgement.")
    app.command("dashboard")(dashboard.dashboard)
    app.command("prepare")(prepare.prepare)
    app.command("savings")(savings.savings)
    app.command("ingest")(ingest.ingest)
    app.command("quality")(quality.quality)
    app.command("train")(train.train)
    app.command("backtest")(backtest.backtest)
    app.command("effects")(effects.effects)
    app.command("recommend")(recommend.recommend)
    app.command("forecast")(forecast.forecast)
    app.command("simulate")(simulate.simulate)
    app.command("twin")(twin.twin)
    app.command("energyplus")(energyplus.energyplus)
    app.command("evaluate")(evaluate.evaluate)
    app.command("serve")(serve.serve)
    app.command("watchdog")(serve.watchdog)
    app.command("faults")(faults.faults)
    app.command("demo")(demo.demo)
    app.command("demo-sites")(demo.demo_sites)
    return app


# New objects between two searches for unreachable ones, and searches of the young between two of the older. Importing
# JAX and MLflow and tracing a program make millions of objects that stay: with Python's own 700 the searches take a
# fifth of the processor time of `coldaisle recommend`.
GARBAGE_THRESHOLDS = (100_000, 20, 20)


def main() -> None:
    """Entry point: errors that a user can fix are printed without a traceback, with exit code 2."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    try:
        application()()
    except ColdaisleError as error:
        _ended(error, str(error))
    except BrokenPipeError:  # whoever read the output has gone
        sys.exit(1)
    except (
        OSError
    ) as error:  # a full disk, a folder that may not be written: nothing of coldaisle's is half written
        where = f"{error.filename}: " if error.filename else ""
        _ended(error, f"{where}{error.strerror or error}; free space, or correct the path or its permissions")


def _ended(error: Exception, message: str) -> None:
    if "--json" in sys.argv:
        typer.echo(json.dumps({"error": type(error).__name__, "message": message}))
    typer.echo(f"error: {message}", err=True)
    sys.exit(2)
