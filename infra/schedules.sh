#!/bin/sh
# Airflow on this machine, on loopback only: migrates its database, then runs its four parts until one ends.
# COLDAISLE_HOME and what Airflow is told by AIRFLOW__... hold; the rest is infra/airflow.env.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
while IFS='=' read -r name value; do  # what the environment says already is kept
  case $name in
    AIRFLOW*|COLDAISLE*) eval "[ -n \"\${$name+set}\" ]" || export "$name=$value" ;;
  esac
done < "$root/infra/airflow.env"
home=$(mkdir -p "${COLDAISLE_HOME:-.coldaisle}" && cd "${COLDAISLE_HOME:-.coldaisle}" && pwd)
export COLDAISLE_HOME="$home" AIRFLOW_HOME="${AIRFLOW_HOME:-$home/airflow}" PATH="$root/.venv/bin:$PATH"
export AIRFLOW__CORE__DAGS_FOLDER="${AIRFLOW__CORE__DAGS_FOLDER:-$root/dags}" PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"

airflow db migrate
airflow pools import "$root/infra/pools.json"
airflow api-server & parts=$!
airflow scheduler --skip-serve-logs & parts="$parts $!"
airflow triggerer --skip-serve-logs & parts="$parts $!"
airflow dag-processor & parts="$parts $!"
trap 'trap - EXIT; kill $parts 2> /dev/null; wait' EXIT
trap 'exit 0' INT TERM
echo "Airflow: http://$AIRFLOW__API__HOST:$AIRFLOW__API__PORT, password in $AIRFLOW_HOME"
all_run() { for part in $parts; do kill -0 "$part" 2> /dev/null || return 1; done; }
while all_run; do sleep 2; done
exit 1
