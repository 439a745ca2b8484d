"""Jobs of a site on a page: progress, cancel, and what became of the last one."""

from functools import partial
from typing import Any

import streamlit as st

from dashboards.console import Console
from dashboards.orders import give
from pipelines.console.jobs import Job, Kind, cancel, jobs_of, start

REFRESH_S = 1.5
WORDS = {
    "what_if": "what-if", "promote": "promotion", "savings": "savings report", "prepare": "preparation"
}  # fmt: skip


def start_job(console: Console, kind: Kind, arguments: dict[str, Any], done: str) -> None:
    """Start a job and follow it; what is refused is said here."""
    if give(console, lambda: start(console.settings, console.name, kind, arguments, by=console.person), done):
        st.rerun()


def running_jobs(console: Console, kind: Kind) -> None:
    """Jobs of a kind that are under way, and the last that ended without a result; the page follows them."""
    mine = [job for job in jobs_of(console.settings, console.name) if job.kind == kind]
    under_way = [job for job in mine if not job.ended]
    if under_way:
        _follow(console, kind, tuple(job.name for job in under_way))
    elif mine and mine[0].state in ("failed", "lost"):
        st.error(f"The last {WORDS[kind]} did not finish: {mine[0].text}")
    elif mine and mine[0].state == "cancelled":
        st.caption(f"The last {WORDS[kind]} was cancelled.")


@st.fragment(run_every=REFRESH_S)
def _follow(console: Console, kind: Kind, names: tuple[str, ...]) -> None:
    """Progress of jobs; the whole page runs again once one of them has ended."""
    jobs = [job for job in jobs_of(console.settings, console.name) if job.name in names]
    for job in jobs:
        if not job.ended:
            _bar(console, job)
    if any(job.ended for job in jobs):
        st.rerun()


def _bar(console: Console, job: Job) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.progress(
        min(max(job.share, 0.0), 1.0), text=f"{WORDS[job.kind]} by {job.by}: {job.text or 'starting'}"
    )
    if console.may("operator") and right.button("Cancel", key=f"cancel {job.name}", width="stretch"):
        stop = partial(cancel, console.settings, console.name, job)
        if give(console, lambda: stop(by=console.person), f"the {WORDS[job.kind]} is cancelled"):
            st.rerun()
