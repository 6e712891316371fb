# What the steps of .ci/run share. It is sourced.

# The checkout may belong to another user; then Go cannot ask git for a version.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"
PATH=$PATH:/usr/local/go/bin

step() { printf '\n==> %s (after %d s)\n' "$*" "$SECONDS"; }
die() {
	printf '.ci/run: %s\n' "$*" >&2
	exit 1
}

scratch=$(mktemp -d)
chmod 711 "$scratch" # PostgreSQL, another user, has a folder in it
cleanups=()          # functions to call at the end
cleanup() {
	local function
	for function in "${cleanups[@]}"; do "$function"; done
	rm -rf "$scratch"
}
trap cleanup EXIT

# apt_install installs Debian packages.
apt_install() {
	command -v apt-get >/dev/null || die "these are missing, and there is no apt-get: $*"
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"
}

# need COMMAND PACKAGE... installs the packages unless the command is there.
need() {
	command -v "$1" >/dev/null || apt_install "${@:2}"
}

# version_at_least HAVE WANT compares dotted versions.
version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

go_tool() {
	command -v go >/dev/null || die 'Go is missing: install it from https://go.dev/dl/ into /usr/local/go'
	local have want
	want=$(sed -n 's/^go //p' go.mod)
	have=$(go env GOVERSION)
	version_at_least "${have#go}" "$want" || die "Go is $have and go.mod wants $want: see https://go.dev/dl/"
	go version
	need make make
	need gcc gcc libc6-dev # for the race detector
}

# free_port prints a port of 127.0.0.1 that nothing listens on. Perl is on every Debian.
free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport, "\n"'
}

# modules_of STEP prints the folders of the nested modules that are tested in that step, each in one.
modules_of() {
	local module of
	find . -mindepth 2 -name go.mod -not -path './.scratch/*' -printf '%h\n' | sort | while read -r module; do
		case $module in
		./cmd/dynamodest | ./examples/sqlsync) of=postgres ;;
		./examples/engine) of=browser ;;
		./examples/temporal | ./examples/temporal/server) of=temporal ;;
		./internal/manual) of=manual ;;
		*) of=core ;;
		esac
		if [[ $of == "$1" ]]; then
			echo "$module"
		fi
	done
}

# check_modules STEP [NAME=VALUE...] checks the nested modules of a step, with those variables for the tests.
check_modules() {
	local module modules
	modules=$(modules_of "$1")
	[[ $modules ]] || die "step $1 has no module: see modules_of"
	for module in $modules; do check_module "$module" "${@:2}"; done
}

# check_module MODULE [NAME=VALUE...] checks one nested module, with those variables for its tests.
check_module() {
	local module=$1 flags=(-race -shuffle=on) lint=1
	case $module in
	./internal/typemap/realtypes)
		# The libraries take minutes to build for the race detector, and the values go one after another.
		flags=(-shuffle=on)
		;;
	./examples/temporal/server)
		# Vet, the race detector and the linters take longer over the server's packages than their build.
		flags=(-vet=off -shuffle=on) lint=
		;;
	esac
	step "module $module"
	if [[ $lint ]]; then
		make --no-print-directory "$PWD/.scratch/bin/golangci-lint"
	fi
	(
		linter=$PWD/.scratch/bin/golangci-lint
		cd "$module"
		if [[ $lint ]]; then
			go vet ./...
			"$linter" run
			go build -o /dev/null ./... # the only command of a module would be left in its folder
		fi
		env "${@:2}" go test "${flags[@]}" ./...
		go mod tidy -diff
	)
}
