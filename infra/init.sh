#!/bin/sh
# Once before Airflow's parts start, and after every upgrade: its tables, its pools, the administrator's password.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
airflow db migrate
airflow pools import "$here/pools.json"
passwords=$AIRFLOW_HOME/simple_auth_manager_passwords.json.generated
if [ -n "${AIRFLOW_PASSWORDS:-}" ] && [ ! -s "$passwords" ]; then
  (umask 077 && cat "$AIRFLOW_PASSWORDS" > "$passwords")  # else Airflow makes one and prints it
fi
