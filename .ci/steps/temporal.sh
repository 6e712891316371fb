# Step temporal of .ci/run: Temporal's server, and workers that run on it.

tools_temporal() { :; }

# build_temporal_server builds Temporal's server, unless this run has done so, and sets temporal_server to its path.
build_temporal_server() {
	if [[ ${temporal_server:-} ]]; then
		return
	fi
	step "Temporal's server"
	go -C examples/temporal/server build -o "$scratch/temporal-server" .
	temporal_server=$scratch/temporal-server
}

run_temporal() {
	build_temporal_server
	check_modules temporal DYNAMODEST_TEMPORAL_SERVER= DYNAMODEST_REQUIRE_TEMPORAL=

	# The race detector makes 100,000 requests to the table ten times as slow. The other tests have run with it.
	step 'workers in processes of their own'
	DYNAMODEST_TEMPORAL_SERVER=$temporal_server DYNAMODEST_REQUIRE_TEMPORAL=1 \
		go -C examples/temporal test -shuffle=on -v -run '^TestProcesses' ./... | tee "$scratch/processes"
	grep -q '^--- PASS: TestProcesses' "$scratch/processes" || die 'no test with processes has run'
}
