#!/usr/bin/env bash
# Compose's first step: makes each secret that is missing, as a file that only its reader may open. A second run changes nothing.
set -euo pipefail
umask 077
here=$(dirname "${BASH_SOURCE[0]}")
root=${SECRETS:-/secrets}

# The users of the images: a file belongs to the one that reads it.
influxdb_user=1000 pipeline_user=1654 grafana_user=472 prometheus_user=65534

make_secret() {
  [ -s "$1" ] || { openssl rand -hex 32 >"$1.new" && mv "$1.new" "$1"; }
}

mkdir -p "$root/influxdb" "$root/pipeline" "$root/grafana" "$root/prometheus" "$root/access/keys"
make_secret "$root/influxdb/password"
make_secret "$root/influxdb/token"
make_secret "$root/grafana/password"
# What Prometheus shows to the service, and the file of those who may sign in to its pages: nobody yet.
make_secret "$root/prometheus/metrics-token"
cp "$root/prometheus/metrics-token" "$root/pipeline/metrics-token"
[ -e "$root/access/users.json" ] || : >"$root/access/users.json"
"$here/certificates.sh" "$root/pipeline/cluster"
chown -R "$influxdb_user" "$root/influxdb"
chown -R "$pipeline_user" "$root/pipeline"
chown -R "$grafana_user" "$root/grafana"
chown -R "$prometheus_user" "$root/prometheus"
chown -R "$pipeline_user" "$root/access"
