#!/bin/sh
# Sets NAME from the file in NAME_FILE for coldaisle's and MLflow's settings, then becomes the command.
# Airflow reads its own secrets from files: AIRFLOW__SECTION__KEY_CMD.
set -eu
for name in $(env | sed -n 's/^\(\(COLDAISLE\|MLFLOW\)_[A-Z0-9_]*\)_FILE=.*/\1/p'); do
  eval "file=\$${name}_FILE"
  [ -r "$file" ] || { echo "$name: $file cannot be read" >&2; exit 1; }
  export "$name=$(cat "$file")"
  unset "${name}_FILE"
done
exec "$@"
