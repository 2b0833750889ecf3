#!/usr/bin/env bash
# Makes the certificates and keys of this folder anew: `./make.sh`, with openssl 3 and keytool. They are for tests alone,
# hold no secret, and are valid for a hundred years, but for the one that has expired.
set -euo pipefail
cd "$(dirname "$0")"
rm -f -- *.pem *.p12 *.jks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
days=36500
password=changeit

# authority NAME: a certificate authority, as NAME.pem; its key stays in the temporary folder.
authority() {
    openssl ecparam -genkey -name prime256v1 -noout -out "$work/$1.key"
    openssl req -x509 -new -key "$work/$1.key" -days $days -subj "/CN=milena test $1" -out "$1.pem" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" 2>/dev/null
}

# certificate NAME AUTHORITY KEY USAGE SAN [START END]: NAME.pem, signed by AUTHORITY.
certificate() {
    local name=$1 authority=$2 key=$3 usage=$4 san=$5 start=${6:-20260101000000Z} end=${7:-21260101000000Z}
    openssl req -new -key "$key" -subj "/CN=$name" -out "$work/$name.csr"
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n' >"$work/ext"
    printf 'extendedKeyUsage=%s\nauthorityKeyIdentifier=keyid\n' "$usage" >>"$work/ext"
    [[ -z $san ]] || printf 'subjectAltName=%s\n' "$san" >>"$work/ext"
    mkdir -p "$work/ca-$name"
    : >"$work/ca-$name/index"
    printf '[ca]\ndefault_ca=one\n[one]\ndatabase=%s\nrand_serial=yes\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n' \
        "$work/ca-$name/index" "$work/ca-$name" >"$work/ca.conf"
    openssl ca -batch -notext -config "$work/ca.conf" -cert "$authority.pem" -keyfile "$work/$authority.key" \
        -in "$work/$name.csr" -out "$name.pem" -extfile "$work/ext" -startdate "$start" -enddate "$end" 2>/dev/null
}

pkcs8() { openssl pkcs8 -topk8 -nocrypt -in "$1" -out "$2"; }

authority ca
authority other-ca

# Brokers: by elliptic curve and by RSA, one whose name is another, one that has expired, one of an unknown authority.
openssl ecparam -genkey -name prime256v1 -noout -out "$work/server.key"
openssl genrsa -out "$work/server-rsa.key" 2048 2>/dev/null
pkcs8 "$work/server.key" server-key.pem
pkcs8 "$work/server-rsa.key" server-rsa-key.pem
here=DNS:localhost,IP:127.0.0.1,IP:::1
certificate server ca "$work/server.key" serverAuth "$here"
certificate server-rsa ca "$work/server-rsa.key" serverAuth "$here"
certificate server-elsewhere ca "$work/server.key" serverAuth DNS:broker.example
certificate server-expired ca "$work/server.key" serverAuth "$here" 20200101000000Z 20210101000000Z
certificate server-unknown other-ca "$work/server.key" serverAuth "$here"

# Clients: the same RSA key in every form that a PEM file can have, and one by elliptic curve in two.
openssl genrsa -out "$work/client-rsa.key" 2048 2>/dev/null
openssl ecparam -genkey -name prime256v1 -noout -out "$work/client-ec.key"
certificate client-rsa ca "$work/client-rsa.key" clientAuth ""
certificate client-ec ca "$work/client-ec.key" clientAuth ""
certificate client-unknown other-ca "$work/client-ec.key" clientAuth ""
pkcs8 "$work/client-rsa.key" client-rsa-pkcs8.pem
openssl rsa -traditional -in "$work/client-rsa.key" -out client-rsa-pkcs1.pem 2>/dev/null
openssl pkcs8 -topk8 -in "$work/client-rsa.key" -out client-rsa-encrypted.pem -v2 aes-256-cbc -passout pass:$password
openssl pkcs8 -topk8 -in "$work/client-rsa.key" -out client-rsa-scrypt.pem -scrypt -passout pass:$password
openssl rsa -traditional -aes128 -in "$work/client-rsa.key" -out client-rsa-legacy.pem -passout pass:$password 2>/dev/null
pkcs8 "$work/client-ec.key" client-ec-pkcs8.pem
openssl ec -in "$work/client-ec.key" -out client-ec-sec1.pem 2>/dev/null
cat client-rsa-pkcs8.pem client-rsa.pem ca.pem >client-rsa-all.pem
cat server-key.pem server.pem ca.pem >server-all.pem

# What many tutorials make: certificates of X.509 version 1, and an authority's certificate as that of a broker; and a
# broker's that is its own authority's, as it should be.
first_version() {
    openssl req -new -key "$2" -subj "/CN=localhost" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -signkey "$2" -days $days -out "$1.pem" 2>/dev/null
}
first_version client-v1 client-ec-pkcs8.pem
first_version server-v1 server-key.pem
self_signed() {
    openssl req -x509 -new -key server-key.pem -days $days -subj "/CN=localhost" -out "$1.pem" \
        -addext subjectAltName=DNS:localhost -addext "basicConstraints=critical,CA:$2" 2>/dev/null
}
self_signed server-authority TRUE
self_signed server-self-signed FALSE

# Stores that are not PEM.
openssl pkcs12 -export -inkey client-rsa-pkcs8.pem -in client-rsa.pem -certfile ca.pem -out client.p12 -passout pass:$password
keytool -importkeystore -srckeystore client.p12 -srcstoretype PKCS12 -srcstorepass $password \
    -destkeystore client.jks -deststoretype JKS -deststorepass $password -noprompt 2>/dev/null
