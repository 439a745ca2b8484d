#!/bin/sh
# Generates the secrets of a cluster: make_secrets.sh [FOLDER], infra/secrets by default. What exists is kept.
# Each file is readable by one user only. As root, files go to the user that reads them in a container.
set -eu
umask 077
folder=${1:-$(cd "$(dirname "$0")" && pwd)/secrets}
database=${POSTGRES_HOST:-postgres}:${POSTGRES_PORT:-5432}
queue=${REDIS_HOST:-redis}:${REDIS_PORT:-6379}
ours=10001     # the user of infra/Containerfile
theirs=999     # the user of the images of PostgreSQL and Redis
mkdir -p "$folder"

put() {  # put NAME OWNER: from standard input, unless there is one
  [ -s "$folder/$1" ] || { cat > "$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; }
  [ "$(id -u)" != 0 ] || chown "$2" "$folder/$1"
}
text() { cat "$folder/$1"; }
line() { printf '%s' "$1"; }

for name in postgres airflow_db mlflow_db ledger_db redis; do
  line "$(openssl rand -hex 24)" | put "${name}_password" "$theirs"
done
for name in airflow_jwt_secret airflow_api_secret_key coldaisle_proxy_secret; do
  line "$(openssl rand -hex 32)" | put "$name" "$ours"
done
line "$(openssl rand -base64 32 | tr '+/' '-_')" | put airflow_fernet_key "$ours"
line "{\"admin\": \"$(openssl rand -hex 16)\"}" | put airflow_passwords "$ours"
for name in airflow mlflow ledger; do
  line "postgresql+psycopg://$name:$(text ${name}_db_password)@$database/$name" | put "${name}_uri" "$ours"
done
line "redis://:$(text redis_password)@$queue/0" | put broker_url "$ours"
line "user default on >$(text redis_password) ~* &* +@all" | put redis_acl "$theirs"
[ "$(id -u)" = 0 ] || echo "not root: give the files in $folder to the users $theirs and $ours of the containers" >&2
