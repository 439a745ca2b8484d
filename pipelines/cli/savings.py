"""`coldaisle savings`: what a period saved against a baseline, with what may not be claimed."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli.common import HomeOption, JsonOption, SiteOption, emit, open_home, say


def savings(
    site: SiteOption,
    baseline: Annotated[
        str, typer.Option("--baseline", help="A..B, e.g. 2025-01-01..2025-12-31; days of the site")
    ],
    reporting: Annotated[str, typer.Option("--reporting", help="A..B, after the baseline")],
    trial: Annotated[Path | None, typer.Option("--trial", help="Plan of a trial to report, too")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write it as PDF, two pages")] = None,
    eu: Annotated[
        Path | None,
        typer.Option("--eu", help="Write what (EU) 2024/1364 asks for, of the reporting period, as CSV"),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the saving of a period: IPMVP options B and C, ASHRAE Guideline 14, placebo periods, refusals."""
    from pipelines.console.savings import keep_savings
    from pipelines.operations.adjustments import adjustments_in
    from pipelines.operations.ledger import Operations
    from pipelines.operations.trial_orders import told_of
    from pipelines.savings.measure import savings_report
    from pipelines.savings.periods import period_of
    from pipelines.savings.trials.analyse import analyse
    from pipelines.savings.trials.plan import read_plan
    from pipelines.site.file import find_site

    settings = open_home(home)
    loaded = find_site(site, settings)
    before, after = (
        period_of(text, loaded.local_zone, what)
        for text, what in ((baseline, "baseline"), (reporting, "reporting period"))
    )
    operations = Operations.of(settings, loaded.name)
    adjustments = adjustments_in(operations.orders())
    part = None
    if trial is not None:
        plan = read_plan(trial)
        part = analyse(loaded, settings, plan, told_of(operations, plan), adjustments=adjustments).part
    report = savings_report(loaded, settings, before, after, adjustments=adjustments, trial=part, say=say)
    keep_savings(loaded, settings, report)
    if html is not None or pdf is not None:
        from pipelines.savings.document import write_page, write_pdf

        for path, write in ((html, write_page), (pdf, write_pdf)):
            if path is not None:
                say(f"wrote {write(report, path)}")
    if eu is not None:
        from pipelines.savings.eu_report import write_eu
        from pipelines.savings.record import read_record
        from pipelines.telemetry.store import Store

        write_eu(loaded, read_record(loaded, Store(settings.store, loaded), after), eu)
        say(f"wrote {eu}")
    emit(json.loads(report.model_dump_json()), as_json, show)


def show(result: dict[str, Any], console: Console) -> None:
    """The claim, what it is worth, what speaks against it, and the counterfactuals."""
    from pipelines.savings.document import amounts, interval, number
    from pipelines.savings.schema import SavingsReport

    report = SavingsReport.model_validate(result)
    console.print(f"[bold]{escape(report.title)}[/bold]: {escape(report.boundary)}")
    console.print(f"[bold]{escape(report.claim)}[/bold]", soft_wrap=True)
    table = Table("", "saved", "90 % interval", "")
    for name, figure in amounts(report):
        saved = "not known" if figure.value is None else f"{number(figure.value)} {figure.unit}"
        table.add_row(name, saved if figure.shown or figure.value is None else "not shown", interval(figure),
                      escape(figure.why_not))  # fmt: skip
    console.print(table)
    if report.findings:
        found = Table("", "finding", "seen", "what to do", show_lines=True)
        for each in report.findings:
            found.add_row(each.severity, *map(escape, (each.what, each.seen, each.remedy)))
        console.print(found)
    for event in report.adjustments:
        what = f"{event.kind}, {event.treatment}"
        console.print(f"Event {event.number}: {what}: {escape(event.why)} ({escape(event.by)})")
    models = Table("counterfactual", "CV(RMSE)", "left out", "NMBE", "saving, kWh", "90 % interval", "")
    for model in report.models:
        models.add_row(
            model.name, f"{model.cv_rmse:.1%}", f"{model.left_out_cv_rmse:.1%}", f"{model.nmbe:+.2%}",
            number(model.saving.value), interval(model.saving), "chosen" if model.chosen else "",
        )  # fmt: skip
    console.print(models)
    inside = sum(each.inside for each in report.placebos)
    console.print(
        f"Placebo: {inside} of {len(report.placebos)} windows of the baseline lie within their interval"
    )
    for part in report.indicators:
        value = part.why_not if part.value is None else f"{part.value:.3f} {part.unit}".strip()
        console.print(
            f"{part.name}: {value}{f', {part.note}' if part.note else ''}", style="dim", markup=False
        )
