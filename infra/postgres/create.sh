#!/bin/sh
# Databases and users of Airflow, MLflow and the ledger; psql's own variables (PGHOST, PGUSER, ...) say where.
# SECRETS: the folder of infra/make_secrets.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
for name in airflow mlflow ledger; do
  PASSWORD_FILE=${SECRETS:-/run/secrets}/${name}_db_password
  export PASSWORD_FILE
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$name" --dbname postgres --file "$here/create.sql" \
    --output /dev/null
done
