#!/bin/sh
# Secrets of the namespace coldaisle from the files of infra/make_secrets.sh (run that with POSTGRES_HOST set to your server).
set -eu
from=${1:-$(cd "$(dirname "$0")/.." && pwd)/secrets}
secret() { kubectl --namespace "${NAMESPACE:-coldaisle}" create secret generic "$@" --dry-run=client --output yaml; echo ---; }
{
  secret coldaisle-secrets --from-file="$from/ledger_uri" --from-file="$from/coldaisle_proxy_secret"
  secret mlflow-secrets --from-file="$from/mlflow_uri"
  secret airflow-metadata --from-file="connection=$from/airflow_uri"
  secret airflow-keys --from-file="fernet-key=$from/airflow_fernet_key" \
    --from-file="api-secret-key=$from/airflow_api_secret_key" --from-file="jwt-secret=$from/airflow_jwt_secret"
} | if [ -n "${DRY_RUN:-}" ]; then cat; else kubectl apply --filename -; fi
