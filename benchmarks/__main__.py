"""Run the benchmarks named on the command line, or all, and print one table each."""

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import benchmarks


def available() -> list[str]:
    """Names of the benchmarks."""
    modules = pkgutil.iter_modules(benchmarks.__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def show(name: str, rows: list[dict]) -> None:
    """Prints a benchmark's rows as one table."""
    table = Table(title=name)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        table.add_column(column, justify="left" if isinstance(rows[0].get(column), str) else "right")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(width=140).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return (
        f"{value:,.3g}"
        if isinstance(value, float) and abs(value) < 100
        else (f"{value:,.0f}" if isinstance(value, int | float) else str(value))
    )


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all; exit status 2 for an unknown name."""
    unknown = set(names) - set(available())
    if unknown:
        print(f"no benchmark is called {', '.join(sorted(unknown))}; choose from {', '.join(available())}")
        return 2
    for name in names or available():
        show(name, importlib.import_module(f"benchmarks.{name}").run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
