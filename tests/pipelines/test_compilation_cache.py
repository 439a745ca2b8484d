import os
import subprocess
import sys

import pytest

from pipelines.compilation_cache import FOLDER, bound, keep_compiled
from pipelines.config import Settings

COMPILE = """
import logging, sys
from pathlib import Path
from pipelines.compilation_cache import keep_compiled
from pipelines.config import Settings
if "--jax-first" in sys.argv:
    import jax
keep_compiled(Settings(home=Path(sys.argv[1])))
assert "--jax-first" in sys.argv or "jax" not in sys.modules
import jax
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if "cache_hits" in event else None)
print(jax.jit(lambda x: x * 2.0 + 1.0)(3.0), len(hits))
"""


def compile_in(home, *options):
    """Standard output of a process that compiles one program: its result, and how many programs it found compiled."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-c", COMPILE, str(home), *options],
        env=inherited | {"JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def test_next_process_finds_what_is_compiled_and_compiles_again_what_is_damaged(tmp_path):
    assert compile_in(tmp_path) == (["7.0", "0"], "")
    assert compile_in(tmp_path, "--jax-first") == (["7.0", "1"], "")
    for entry in tmp_path.rglob("*-cache"):
        entry.write_bytes(entry.read_bytes()[:100])
    assert compile_in(tmp_path)[0] == ["7.0", "0"]


@pytest.mark.parametrize("said", ["elsewhere", ""])
def test_environment_wins(said, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, said)
    keep_compiled(Settings(home=tmp_path))
    assert os.environ[FOLDER] == said
    assert not any(tmp_path.iterdir())


def test_home_that_cannot_be_written_is_no_reason_to_stop(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    (tmp_path / "cache").write_text("a file where the folder should be")
    keep_compiled(Settings(home=tmp_path))
    assert FOLDER not in os.environ


def test_oldest_files_go_where_the_cache_grows_too_large(tmp_path):
    for day in range(10):
        file = tmp_path / f"processor-{day % 2}" / f"{day}-cache"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(100))
        os.utime(file, (day, day))
    bound(tmp_path, 1_000)
    assert len(list(tmp_path.rglob("*-cache"))) == 10
    bound(tmp_path, 999)
    assert sorted(int(file.name.split("-")[0]) for file in tmp_path.rglob("*-cache")) == [6, 7, 8, 9]
