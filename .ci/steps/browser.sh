# Step browser of .ci/run: the modules with a web page, which their tests use in a headless Chromium.

tools_browser() {
	find_browser || apt_install chromium-headless-shell
	find_browser || die 'no browser: install chromium-headless-shell, or set DYNAMODEST_BROWSER to the path of a Chromium'
	echo "browser $browser"
}

# find_browser sets browser to the path of a Chromium.
find_browser() {
	if [[ ${DYNAMODEST_BROWSER:-} ]]; then
		browser=$DYNAMODEST_BROWSER
		return
	fi
	local name
	for name in chromium-headless-shell chromium google-chrome; do
		if browser=$(command -v "$name"); then
			return
		fi
	done
	return 1
}

run_browser() {
	check_modules browser "DYNAMODEST_BROWSER=$browser" DYNAMODEST_REQUIRE_BROWSER=1
}
