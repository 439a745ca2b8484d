"""The result in one sentence that can be defended."""

from pipelines.savings.schema import FigurePart, SavingsReport


def claim_of(report: SavingsReport) -> str:
    """What may be said: a saving, more energy than before, nothing shown, or a refusal with its reason."""
    if report.refused:
        return f"Nothing is claimed: {report.saving.why_not}."
    saving, hours = report.saving, f"in {report.covered_hours:,} hours like those of the baseline"
    if not saving.shown:
        return f"Not shown: the 90 % interval of the saving {hours}, {_range(saving)}, covers zero."
    assert saving.value is not None
    assert report.percent_of_target is not None
    share = f"{abs(report.percent_of_target):.1f} % of what {_words(report.target)} would have needed"
    if saving.value < 0.0:
        return f"More energy than before: {-saving.value:,.0f} kWh ({share}) {hours}; 90 % interval {_range(saving)}."
    return f"Saved {saving.value:,.0f} kWh ({share}) {hours}; 90 % interval {_range(saving)}."


def _range(figure: FigurePart) -> str:
    assert figure.low_90 is not None
    assert figure.high_90 is not None
    return f"{figure.low_90:,.0f} to {figure.high_90:,.0f} {figure.unit}"


def _words(target: str) -> str:
    return "cooling" if target == "cooling_kw" else "all but IT"
