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
# What Prometheus shows to the service; the first password of the pages' admin, and the file of those who may sign in, which compose's step "admin" fills.
make_secret "$root/prometheus/metrics-token"
cp "$root/prometheus/metrics-token" "$root/pipeline/metrics-token"
make_secret "$root/access/admin-password"
[ -e "$root/access/users.json" ] || : >"$root/access/users.json"
"$here/certificates.sh" "$root/pipeline/cluster"
# The pages' own, for browsers of this machine and under the names in WARD_NAMES, and for Prometheus.
# shellcheck disable=SC2086     # several names
"$here/certificates.sh" "$root/pipeline/web" localhost 127.0.0.1 pipeline-1 pipeline-2 ${WARD_NAMES:-}
cp "$root/pipeline/web/ca.crt" "$root/prometheus/ca.crt"
chown -R "$influxdb_user" "$root/influxdb"
chown -R "$pipeline_user" "$root/pipeline"
chown -R "$grafana_user" "$root/grafana"
chown -R "$prometheus_user" "$root/prometheus"
chown -R "$pipeline_user" "$root/access"
