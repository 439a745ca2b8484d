#!/bin/sh
# dist/coldaisle-bundle/: wheels of all requirements, the project, an installer and checksums, for a site without a network.
# The wheels are for this machine's kind (processor, C library) and Python 3.11.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bundle=$root/dist/coldaisle-bundle
rm -rf "$bundle" && mkdir -p "$bundle/wheels"
for list in uv requirements; do
  cp "$root/infra/$list.txt" "$bundle/"
  "${PYTHON:-$root/.venv/bin/python}" -m pip download --quiet --only-binary :all: --no-deps --require-hashes \
    --dest "$bundle/wheels" --requirement "$root/infra/$list.txt"
done
git -C "$root" archive --format=tar.gz --output "$bundle/coldaisle.tar.gz" HEAD \
  simulator models pipelines dashboards dags infra docs pyproject.toml README.md LICENSE Makefile requirements.txt
cp "$root/infra/install.sh" "$bundle/"
git -C "$root" rev-parse HEAD > "$bundle/REVISION"
(cd "$bundle" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum > SHA256SUMS)
du -sh "$bundle"
