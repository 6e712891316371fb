# Step postgres of .ci/run: the modules that read from PostgreSQL, on a server of this run's own.

tools_postgres() {
	postgres_bin >/dev/null || apt_install postgresql
	postgres_bin >/dev/null || die 'PostgreSQL is installed, but initdb and pg_ctl are neither in PATH nor in /usr/lib/postgresql'
}

# postgres_bin prints the folder of PostgreSQL's commands: that of PATH, or the newest of Debian.
postgres_bin() {
	local folder
	for folder in "$(dirname "$(command -v initdb || echo ./none)")" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
		if [[ -x $folder/initdb && -x $folder/pg_ctl ]]; then
			echo "$folder"
			return
		fi
	done
	return 1
}

# as_postgres runs a command as a user that PostgreSQL accepts: it refuses root.
as_postgres() {
	if ((EUID == 0)); then
		(cd / && runuser -u "$postgres_user" -- "$@")
	else
		"$@"
	fi
}

# start_postgres starts a server on a free port of 127.0.0.1, unless this run has one, and sets postgres_dsn.
start_postgres() {
	if [[ ${postgres_dsn:-} ]]; then
		return
	fi
	step 'PostgreSQL: a server in a scratch folder'
	local password port
	postgres=$scratch/postgres
	postgres_user=postgres
	getent passwd postgres >/dev/null || postgres_user=nobody
	mkdir -m 700 "$postgres"
	password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	echo "$password" >"$postgres/password"
	if ((EUID == 0)); then
		chown -R "$postgres_user" "$postgres"
	fi
	as_postgres "$(postgres_bin)/initdb" --pgdata="$postgres/data" --username=dynamodest --pwfile="$postgres/password" \
		--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$scratch/initdb.log" 2>&1 || {
		cat "$scratch/initdb.log" >&2
		die 'PostgreSQL cannot make a database'
	}
	port=$(free_port)
	cleanups+=(stop_postgres)
	as_postgres "$(postgres_bin)/pg_ctl" start --silent --wait --pgdata="$postgres/data" --log="$postgres/log" \
		--options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=off" || {
		cat "$postgres/log" >&2
		die 'PostgreSQL does not start'
	}
	postgres_dsn="postgres://dynamodest:$password@127.0.0.1:$port/postgres?sslmode=disable"
	"$(postgres_bin)/postgres" --version
	echo "127.0.0.1:$port"
}

stop_postgres() {
	as_postgres "$(postgres_bin)/pg_ctl" stop --silent --mode=immediate --pgdata="$postgres/data" 2>/dev/null || true
}

run_postgres() {
	start_postgres
	check_modules postgres "DYNAMODEST_TEST_POSTGRES=$postgres_dsn" DYNAMODEST_REQUIRE_POSTGRES=1
}
