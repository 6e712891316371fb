# Step manual of .ci/run: the commands of README and docs.

# shellcheck source=.ci/steps/postgres.sh
. .ci/steps/postgres.sh
# shellcheck source=.ci/steps/temporal.sh
. .ci/steps/temporal.sh

tools_manual() {
	tools_postgres
	tools_temporal
}

run_manual() {
	start_postgres
	build_temporal_server
	check_modules manual "DYNAMODEST_TEST_POSTGRES=$postgres_dsn" DYNAMODEST_REQUIRE_POSTGRES=1 \
		"DYNAMODEST_TEMPORAL_SERVER=$temporal_server" DYNAMODEST_REQUIRE_TEMPORAL=1
}
