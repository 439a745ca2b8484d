#!/bin/sh
# PostgreSQL and Redis from Debian's packages, where they are missing; make test-services runs its own copies of them.
set -eu
wanted=
[ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb > /dev/null || wanted="postgresql"
command -v redis-server > /dev/null || wanted="$wanted redis-server"
command -v openssl > /dev/null || wanted="$wanted openssl"
[ -n "$wanted" ] || exit 0
command -v apt-get > /dev/null \
  || { echo "missing:$wanted; install them by hand, this is no Debian" >&2; exit 1; }
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
# The installation starts no services: runlevel 1.
$root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install --yes --quiet --no-install-recommends $wanted \
  || { echo "could not install$wanted; as root: apt-get update && apt-get install$wanted" >&2; exit 1; }
