#!/usr/bin/env bash
# Certificates: an authority and one certificate of it, for servers and clients, that all processes may share.
#   deploy/certificates.sh FOLDER [NAME...]     writes ca.crt, tls.crt and tls.key there, unless they are there, have these names and hold for another 30 days
# Without names it is for the cluster's mutual TLS; a web server's has the names and addresses under which browsers reach it.
# The authority's key is not kept: a renewal makes a new authority, so it needs all processes restarted at once.
set -euo pipefail
umask 077

folder=${1:?a folder for ca.crt, tls.crt and tls.key}
shift
names=""
for name in "${@:-pipeline}"; do
  [[ $name =~ ^([0-9.]+|.*:.*)$ ]] && kind=IP || kind=DNS
  names+="${names:+,}$kind:$name"
done
has_names() { [ "$(openssl x509 -noout -ext subjectAltName -in "$folder/tls.crt" | tail -n +2 | tr -d ' ' | sed 's/IPAddress:/IP:/g')" = "$names" ]; }
if openssl x509 -checkend 2592000 -noout -in "$folder/tls.crt" >/dev/null 2>&1 && has_names && [ -s "$folder/tls.key" ] && [ -s "$folder/ca.crt" ]; then
  exit 0
fi
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
key "$work/ca.key"
key "$work/tls.key"
openssl req -x509 -new -key "$work/ca.key" -days 825 -subj "/CN=pipeline authority ${1:-of the cluster}" -out "$work/ca.crt" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -new -key "$work/tls.key" -subj "/CN=pipeline" -out "$work/tls.csr"
printf '%s\n' 'basicConstraints=CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' "subjectAltName=$names" >"$work/ext"
openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 825 -extfile "$work/ext" -out "$work/tls.crt" 2>/dev/null
mv "$work/ca.crt" "$work/tls.crt" "$work/tls.key" "$folder/"
