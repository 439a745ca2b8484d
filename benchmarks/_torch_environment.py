"""An environment with PyTorch's CPU build, which the project itself does not need."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

# The local version names the CPU build, without gigabytes of CUDA. It is not on PyPI: pip finds it where the user
# has configured PyTorch's own wheels (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL).
REQUIREMENTS = ("torch==2.13.0+cpu", "numpy")
FOLDER = Path(".coldaisle") / "benchmarks" / "torch"
SCRIPT = Path(__file__).with_name("_torch_mlp.py")
PATIENCE_S = 600


def in_torch(**arrays: Any) -> dict[str, Any]:
    """Result of `_torch_mlp.py` on these arrays.

    Raises:
        RuntimeError: there is no PyTorch; with the reason.
    """
    python = _environment()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.npz"
        np.savez(path, **arrays)
        return json.loads(_run(python, SCRIPT, path))


def _environment() -> Path:
    python = FOLDER / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        _run(sys.executable, "-m", "venv", "--clear", FOLDER)
        _run(python, "-m", "pip", "install", "--quiet", *REQUIREMENTS)
    return python


def _run(*command: Any) -> str:
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as cause:
        raise RuntimeError(f"{' '.join(map(str, command[:4]))} took longer than {PATIENCE_S} s") from cause
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout
