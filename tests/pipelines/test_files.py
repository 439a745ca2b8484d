import os
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from pipelines import files
from pipelines.files import locked, replace, write_atomic, write_csv, write_page


def test_a_file_is_written_whole_into_a_folder_that_may_be_missing(tmp_path):
    path = tmp_path / "deep" / "note.txt"
    write_atomic(path, "grüezi")
    assert path.read_bytes() == "grüezi".encode()
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_what_fails_midway_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path):
    path = tmp_path / "note.txt"
    write_atomic(path, "first")

    def write(partial):
        partial.write_text("half of the sec")
        raise RuntimeError("out of power")

    with pytest.raises(RuntimeError, match="out of power"):
        replace(path, write)
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_the_folder_after(tmp_path, monkeypatch):
    done = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(handle):
        real_sync(handle)
        done.append(("sync", Path(os.readlink(f"/proc/self/fd/{handle}")).name))

    def rename(source, target):
        done.append(("rename", Path(source).name, Path(target).name))
        real_replace(source, target)

    monkeypatch.setattr(files.os, "fsync", sync)
    monkeypatch.setattr(files.os, "replace", rename)
    write_atomic(tmp_path / "note.txt", "first")
    partial = done[0][1]
    assert partial != "note.txt"
    assert done == [("sync", partial), ("rename", partial, "note.txt"), ("sync", tmp_path.name)]


def test_names_that_a_spreadsheet_would_run_are_harmless_in_a_csv(tmp_path):
    table = pd.DataFrame({"time": ["t"], "=cmd|' /C calc'!A0": [1], "@SUM(A1)": [2], "CH1.KW": [3]})
    write_csv(table, tmp_path / "a.csv", index=False)
    header = (tmp_path / "a.csv").read_text().splitlines()[0]
    assert header == "time,'=cmd|' /C calc'!A0,'@SUM(A1),CH1.KW"


def test_a_writer_sees_the_suffix_and_a_name_that_no_inbox_reads(tmp_path):
    seen = []
    replace(tmp_path / "table.csv.gz", lambda partial: (seen.append(partial), partial.write_text("x")))
    assert seen[0].name.startswith(".")
    assert seen[0].name.endswith(".csv.gz")


def test_others_may_read_what_was_written(tmp_path):
    write_atomic(tmp_path / "setpoints.json", "{}")
    plain = tmp_path / "plain"
    plain.write_text("")
    mode = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "setpoints.json", plain)]
    assert mode[0] == mode[1]


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        write_atomic(tmp_path / "file" / "below", "x")


def test_a_lock_is_held_against_other_processes_until_it_is_left(tmp_path):
    path = tmp_path / "locks" / ".lock"
    with locked(path):
        assert not free_for_another_process(path)
    assert free_for_another_process(path)


def free_for_another_process(path) -> bool:
    """Whether another process gets the lock at once."""
    code = (
        "from pathlib import Path\nfrom pipelines.files import locked\n"
        f"with locked(Path({str(path)!r}), wait=False): pass"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or "BlockingIOError" in done.stderr, done.stderr
    return done.returncode == 0


def test_a_page_needs_no_network(tmp_path):
    page = write_page(go.Figure(go.Scatter(y=[1, 2])), tmp_path / "pages" / "plot.html")
    assert "Plotly.newPlot" in page.read_text()
    assert "<script src=" not in page.read_text()
