"""The savings report for page Savings: as data, as page, PDF and CSV, and its alarm."""

import csv
import io
from collections.abc import Callable

from pipelines.config import Settings
from pipelines.console.tables import SAVINGS_CSV, SAVINGS_HTML, SAVINGS_PDF, Tables
from pipelines.files import harmless, write_atomic
from pipelines.operations.adjustments import adjustments_in
from pipelines.operations.alarms import AlarmBook
from pipelines.operations.alarms.alarms import Severity
from pipelines.operations.ledger import Operations
from pipelines.savings.document import amounts, write_page, write_pdf
from pipelines.savings.measure import savings_report
from pipelines.savings.periods import period_of
from pipelines.savings.schema import SavingsReport
from pipelines.site.file import Site


def report_savings(
    site: Site, settings: Settings, baseline: str, reporting: str, *, say: Callable[[str], None]
) -> SavingsReport:
    """Measure the saving of a period against a baseline ("A..B", days of the site) and keep it for the pages.

    Raises what `savings_report` and the ledger raise.
    """
    before, after = (
        period_of(text, site.local_zone, what)
        for text, what in ((baseline, "baseline"), (reporting, "reporting period"))
    )
    adjustments = adjustments_in(Operations.of(settings, site.name).orders())
    report = savings_report(site, settings, before, after, adjustments=adjustments, say=say)
    keep_savings(site, settings, report)
    return report


def keep_savings(site: Site, settings: Settings, report: SavingsReport) -> None:
    """Write a report where the page finds it, and raise or end its alarm. Raises OSError."""
    tables = Tables(settings, site.name)
    write_page(report, tables.folder / SAVINGS_HTML)
    write_pdf(report, tables.folder / SAVINGS_PDF)
    write_atomic(tables.folder / SAVINGS_CSV, days_csv(report))
    tables.write("savings", {"report": report.model_dump(mode="json")})
    AlarmBook(settings, site.name, "savings").report(_wrong(report))


def days_csv(report: SavingsReport) -> str:
    """Amounts with their intervals, then each day's expected and measured energy, as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("what", "unit", "saved", "low_90", "high_90", "shown", "why_not"))
    for name, figure in amounts(report):
        numbers = (figure.value, figure.low_90, figure.high_90)
        writer.writerow((harmless(name), figure.unit, *numbers, figure.shown, harmless(figure.why_not)))
    writer.writerow(())
    writer.writerow(("day", "expected_kwh", "measured_kwh"))
    for day in report.days:
        writer.writerow((day.day, day.expected_kwh, day.measured_kwh))
    return text.getvalue()


def _wrong(report: SavingsReport) -> dict[str, tuple[Severity, str]]:
    """What is wrong with a period: more energy than before, or a report that must be refused."""
    if report.refused:
        return {"refused": ("warning", report.claim)}
    if report.saving.shown and report.saving.value is not None and report.saving.value < 0.0:
        return {"more energy": ("warning", report.claim)}
    return {}
