#!/bin/sh
# Certificates by openssl: for switches that dial in (pssl:) or are dialled (ssl:), and for
# the control plane (RabbitMQ, the database, servers, agents). Use a folder for each of
# the two: a switch has no business in the control plane.
#
#   certificates.sh FOLDER NAME...
#
# makes in FOLDER, where it is not there, an authority (ca.pem, and ca-key.pem, which
# is to stay there), and for each NAME a certificate NAME.pem with its key NAME-key.pem,
# good for a server and for a client. The NAME is the subject alternative name: of a
# server the name or the IP address by which clients dial it, of a switch what
# switch_certificates goes by.
set -eu
umask 077
cd "$1"
shift

if [ ! -e ca.pem ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
		-subj "/O=Landbridge/CN=authority of $(basename "$PWD")" -keyout ca-key.pem -out ca.pem
fi

for name in "$@"; do
	case $name in
	*:* | *[0-9].[0-9]*.[0-9]*.[0-9]*) kind=IP ;;
	*) kind=DNS ;;
	esac
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/O=Landbridge/CN=$name" -keyout "$name-key.pem" -out "$name.csr"
	printf 'subjectAltName=%s:%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n' "$kind" "$name" >"$name.ext"
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
		-days 825 -sha256 -extfile "$name.ext" -out "$name.pem"
	rm "$name.csr" "$name.ext"
done
