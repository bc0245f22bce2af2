#!/usr/bin/env bash
# Compose's second step: InfluxDB's tokens with the least rights, as files. The service may write and read one bucket (its pages read the history), Grafana
# may read it; neither may do anything else. A token that still works is kept.
set -euo pipefail
umask 077
root=${SECRETS:-/secrets}
url=${INFLUX_URL:-http://influxdb:8086}
org=${INFLUX_ORG:-ward}
bucket=${INFLUX_BUCKET:-pipeline}
admin=$(<"$root/influxdb/token")

# The token goes in through standard input: arguments are seen in the list of processes.
call() { local token=$1 path=$2; shift 2; printf 'header = "Authorization: Token %s"\n' "$token" | curl -sS --fail-with-body -K - "$@" "$url$path"; }
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
reads() { call "$1" /query --get --data-urlencode "db=$bucket" --data-urlencode "q=SHOW MEASUREMENTS" 2>/dev/null | grep -qv '"error"'; }

org_id=$(call "$admin" "/api/v2/orgs?org=$org" | field id)
bucket_id=$(call "$admin" "/api/v2/buckets?orgID=$org_id&name=$bucket" | field id)

# make_token USER FILE ACTION...: a token for the bucket, in a file of that user.
make_token() {
  local user=$1 file=$2 permissions="" action; shift 2
  if [ -s "$file" ] && reads "$(<"$file")"; then return; fi
  for action in "$@"; do
    permissions+="${permissions:+,}{\"action\":\"$action\",\"resource\":{\"type\":\"buckets\",\"id\":\"$bucket_id\",\"orgID\":\"$org_id\"}}"
  done
  call "$admin" /api/v2/authorizations -H "Content-Type: application/json" \
    -d "{\"orgID\":\"$org_id\",\"description\":\"$(basename "$(dirname "$file")")\",\"permissions\":[$permissions]}" | field token >"$file.new"
  [ -s "$file.new" ] || { echo "InfluxDB gave no token" >&2; exit 1; }
  chown "$user" "$file.new"
  mv "$file.new" "$file"
}
make_token 1654 "$root/pipeline/influx-token" write read
make_token 472 "$root/grafana/influx-token" read
