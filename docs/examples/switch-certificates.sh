#!/bin/sh
# Certificates for switches that dial in (pssl:) or are dialled (ssl:), by openssl.
#
#   switch-certificates.sh FOLDER NAME...
#
# makes in FOLDER, where it is not there, an authority (ca.pem, and ca-key.pem, which
# is to stay there), and for each NAME a certificate NAME.pem with its key NAME-key.pem.
# The NAME is the subject alternative name that switch_certificates of
# landbridge-server goes by; one of them is for the server.
set -eu
umask 077
cd "$1"
shift

if [ ! -e ca.pem ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
		-subj "/O=Landbridge/CN=switch authority" -keyout ca-key.pem -out ca.pem
fi

for name in "$@"; do
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/O=Landbridge/CN=$name" -keyout "$name-key.pem" -out "$name.csr"
	printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n' "$name" >"$name.ext"
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
		-days 825 -sha256 -extfile "$name.ext" -out "$name.pem"
	rm "$name.csr" "$name.ext"
done
