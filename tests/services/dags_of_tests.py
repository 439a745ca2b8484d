"""Small DAGs that prove the stack itself, written into a folder of their own."""

from pathlib import Path

STEPS = '''
"""Counts: each task appends one line to a file, so that what ran twice is seen."""

import os
import time
from datetime import datetime, timedelta

from airflow.sdk import dag, task

HOME = os.environ["COLDAISLE_HOME"]


@dag(schedule=None, start_date=datetime(2024, 1, 1), default_args={"retries": 4, "retry_delay": timedelta(seconds=2)},
     params={"tasks": 8, "seconds": 1.0})
def steps():
    @task
    def numbers(params: dict | None = None) -> list[int]:
        return list(range(params["tasks"]))

    @task(max_active_tis_per_dagrun=4)
    def work(number: int, params: dict | None = None) -> int:
        time.sleep(params["seconds"])
        with open(f"{HOME}/done.txt", "a") as done:
            done.write(f"{number}\\\\n")
        return number * number

    @task
    def total(squares: list[int]) -> int:
        return sum(squares)

    total(work.expand(number=numbers()))


steps()
'''


def write_steps(folder: Path) -> Path:
    """The folder, with the DAG in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "steps.py").write_text(STEPS.replace("\\\\n", "\\n"), encoding="utf-8")
    return folder
