#!/usr/bin/env bash
# Certificates for the cluster's mutual TLS: an authority and one certificate, for servers and clients, that all processes may share.
#   deploy/certificates.sh FOLDER     writes ca.crt, tls.crt and tls.key there, unless they are there and hold for another 30 days
# The authority's key is not kept: a renewal makes a new authority, so it needs all processes restarted at once.
set -euo pipefail
umask 077

folder=${1:?a folder for ca.crt, tls.crt and tls.key}
if openssl x509 -checkend 2592000 -noout -in "$folder/tls.crt" >/dev/null 2>&1 && [ -s "$folder/tls.key" ] && [ -s "$folder/ca.crt" ]; then
  exit 0
fi
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
key "$work/ca.key"
key "$work/tls.key"
openssl req -x509 -new -key "$work/ca.key" -days 825 -subj "/CN=pipeline cluster authority" -out "$work/ca.crt" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -new -key "$work/tls.key" -subj "/CN=pipeline" -out "$work/tls.csr"
printf '%s\n' 'basicConstraints=CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth,clientAuth' 'subjectAltName=DNS:pipeline' >"$work/ext"
openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 825 -extfile "$work/ext" -out "$work/tls.crt" 2>/dev/null
mv "$work/ca.crt" "$work/tls.crt" "$work/tls.key" "$folder/"
