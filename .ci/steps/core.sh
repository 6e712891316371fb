# Step core of .ci/run: the root module, and the nested modules that need no other step.

test_command='go test -race -shuffle=on ./...' # as the README gives it; make race runs it

tools_core() {
	need git git # for the rehearsal of a release
	need node nodejs
	need npm npm
	local have
	have=$(node --version)
	version_at_least "${have#v}" 20 || die "Node is $have and dynalite wants 20 or newer: see https://nodejs.org/en/download, or use Debian 13"
	echo "node $have"
}

# start_dynalite starts dynalite and sets endpoint to its URL.
start_dynalite() {
	step 'dynalite: an independent DynamoDB server for the integration tests'
	cp -r .ci/dynalite "$scratch/dynalite"
	(cd "$scratch/dynalite" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
	local port i
	port=$(free_port)
	node "$scratch/dynalite/node_modules/dynalite/cli.js" \
		--host 127.0.0.1 --port "$port" --path "$scratch/data" >"$scratch/dynalite.log" 2>&1 &
	dynalite=$!
	cleanups+=(stop_dynalite)
	for ((i = 0; ; i++)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
		if ((i == 100)) || ! kill -0 "$dynalite" 2>/dev/null; then
			cat "$scratch/dynalite.log" >&2
			die 'dynalite does not answer'
		fi
		sleep 0.1
	done
	endpoint=http://127.0.0.1:$port
	echo "$endpoint"
}

stop_dynalite() {
	kill "$dynalite" 2>/dev/null || true
	wait "$dynalite" 2>/dev/null || true
}

run_core() {
	local fuzz_runs=20000
	if [[ ${DYNAMODEST_LONG:-} == 1 ]]; then
		fuzz_runs=2000000
	fi
	start_dynalite
	local with_endpoint=(env "DYNAMODEST_ENDPOINT=$endpoint" DYNAMODEST_REQUIRE_ENDPOINT=1)

	step 'make lint'
	make lint

	step 'go build'
	go build ./...

	check_modules core "${with_endpoint[@]:1}"

	step 'go mod tidy'
	go mod tidy -diff

	step 'make rehearsal'
	make rehearsal

	step "make race: $test_command"
	grep -qxF "$test_command" README.md || die "README.md does not give the test command: $test_command"
	make --dry-run race | grep -qxF "$test_command" || die "make race does not run the README's test command"
	"${with_endpoint[@]}" make race | tee "$scratch/tests"

	step 'make ways'
	"${with_endpoint[@]}" make ways

	step 'make heavy'
	"${with_endpoint[@]}" make heavy | tee "$scratch/heavy"

	step 'make toolchains'
	make toolchains

	step 'make fuzz'
	make fuzz FUZZ_RUNS=$fuzz_runs

	step 'benchmarks, once each'
	go test -run '^$' -bench . -benchtime 1x ./...

	step 'the benchmarks of internal/benchmarks, quickly'
	go -C internal/benchmarks run . -quick

	step 'quickstart'
	go run ./examples/quickstart

	step 'quickstart against dynalite'
	AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_SESSION_TOKEN='' \
		go run ./examples/quickstart -endpoint "$endpoint" -region us-east-1

	if [[ ${DYNAMODEST_LONG:-} == 1 ]]; then
		step 'make pace'
		make pace
	fi
}
