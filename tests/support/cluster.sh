# A PostgreSQL server of its own: its files in a directory that goes away, its port on 127.0.0.1 and a socket beside
# its files. Told what to do by lines: start, stop MODE, tls FOLDER (with cert.pem and key.pem). Ends with its input.
# Usage: sh -c "$(cat cluster.sh)" cluster.sh BIN PORT PASSWORD
bin=$1 port=$2 password=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/highwater-postgres-XXXXXX") || exit 1
cd "$dir" || exit 1
start() { "$bin/pg_ctl" -D data -l log -w -t 60 start >/dev/null 2>&1; }
stop() { "$bin/pg_ctl" -D data -m "$1" -w -t 60 stop >/dev/null 2>&1; }
trap 'stop immediate; cd / && rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
printf '%s\n' "$password" >password
"$bin/initdb" -D data -U highwater -E UTF8 --locale=C -A scram-sha-256 --pwfile=password --no-sync >log 2>&1 || {
    cat log >&2
    exit 1
}
# What a power cut would lose is no part of these tests; the rest is as it comes.
printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $port" "unix_socket_directories = '$dir'" 'fsync = off' \
    'max_connections = 60' 'shared_buffers = 32MB' >>data/postgresql.conf
start || {
    cat log >&2
    exit 1
}
echo "$dir"
while read -r word mode; do
    case $word in
    start) start ;;
    stop) stop "$mode" ;;
    tls)
        cp "$mode/cert.pem" "$mode/key.pem" data/ && chmod 600 data/key.pem
        printf '%s\n' 'ssl = on' "ssl_cert_file = 'cert.pem'" "ssl_key_file = 'key.pem'" >>data/postgresql.conf
        stop fast && start
        ;;
    esac
    echo done
done
