from rich.console import Console

from pipelines.cli.common import jsonable
from pipelines.cli.twin import show


def test_the_command_prints_parameters_errors_and_the_regression_beside_the_twin(report):
    console = Console(record=True, width=160)
    show(jsonable(report), console)
    printed = console.export_text()
    assert "chillers.rated_cop" in printed
    assert "power_chain.ups_loss[0]" in printed
    assert "Not pinned down" in printed
    assert "quadratic regression" in printed
    assert "coldaisle.small.twin version 1 is champion" in printed
