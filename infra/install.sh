#!/bin/sh
# Installs coldaisle from its bundle, without a network: install.sh [FOLDER], /opt/coldaisle by default.
# Needs Python 3.11 with venv. The folder's .venv is made anew; what lies in COLDAISLE_HOME is not touched.
set -eu
bundle=$(cd "$(dirname "$0")" && pwd)
target=${1:-/opt/coldaisle}
python=${PYTHON:-python3.11}
(cd "$bundle" && sha256sum --check --quiet SHA256SUMS)
mkdir -p "$target"
tar --extract --gzip --file "$bundle/coldaisle.tar.gz" --directory "$target"
echo "COLDAISLE_CODE=$(cat "$bundle/REVISION")" > "$target/infra/code.env"  # models and decisions keep it
"$python" -m venv --clear "$target/.venv"
# Settings of pip and uv that this machine has could name other places to look.
export PIP_CONFIG_FILE=/dev/null UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never
"$target/.venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$bundle/wheels" --require-hashes \
  --requirement "$bundle/uv.txt"
uv() { "$target/.venv/bin/uv" "$@" --quiet --offline --python "$target/.venv/bin/python"; }
uv pip install --no-index --find-links "$bundle/wheels" --require-hashes --compile-bytecode -r "$bundle/requirements.txt"
uv pip install --no-deps --no-build-isolation -e "$target"
uv pip uninstall uv hatchling editables
"$target/.venv/bin/coldaisle" --help > /dev/null
echo "installed: $target/.venv/bin/coldaisle"
