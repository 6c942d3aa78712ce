#!/bin/sh
# Makes the cluster on the first start, whole or not at all, with one role that owns one database; then serves it.
set -eu
if [ ! -d "$PGDATA" ]; then
    : "${POSTGRES_PASSWORD:?is not set: interlock install writes secrets/db.env}"
    rm -rf "$PGDATA.new"
    initdb -D "$PGDATA.new" -U postgres -E UTF8 --locale=C.UTF-8 --data-checksums \
        --auth-local=peer --auth-host=scram-sha-256 >/dev/null
    echo 'host interlock interlock all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
    pg_ctl -D "$PGDATA.new" -s -w -o "-c listen_addresses=''" start
    psql -q -v ON_ERROR_STOP=1 -U postgres -d postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE interlock LOGIN PASSWORD :'password';
CREATE DATABASE interlock OWNER interlock;
REVOKE ALL ON DATABASE interlock FROM PUBLIC;
SQL
    pg_ctl -D "$PGDATA.new" -s -w -m fast stop
    mv "$PGDATA.new" "$PGDATA"
fi
unset POSTGRES_PASSWORD
exec postgres -D "$PGDATA" -c listen_addresses='*' -c timezone=UTC -c log_timezone=UTC
