package dynamodesttest

import (
	"cmp"
	"crypto/hmac"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far the date of a signature may be from the DB's clock.
const maxSkew = 15 * time.Minute

// dateFormat is the format of the date that a request is signed with.
const dateFormat = "20060102T150405Z"

// Keys makes the DB verify signatures. A request over HTTP must then be signed with keys that were
// given to Keys, for [Region] or the Region of [DB.SetRegion], and with a date within 15 minutes of the
// DB's clock. It is rejected
// as DynamoDB rejects it: with InvalidSignatureException, or with UnrecognizedClientException if its
// access key id or session token is unknown. An empty sessionToken stands for long-term keys.
//
// Keys may be called for several pairs, and for one id with several session tokens. The same id and
// token replace the earlier pair, expired or not. The methods of the DB itself need no keys.
func (db *DB) Keys(id, secret, sessionToken string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(db.auth.keys), func(k accessKey) bool { return k.id == id && k.token == sessionToken })
	db.auth.keys = append(others, accessKey{id: id, secret: secret, token: sessionToken})
}

// ExpireKeys expires every pair of keys with the id that [DB.Keys] has been given so far: requests
// that are signed with one of them are rejected with ExpiredTokenException. It is for use at any
// moment, the hook of [DB.SetFault] included, where it applies from the next call on.
func (db *DB) ExpireKeys(id string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.auth.keys = slices.Clone(db.auth.keys)
	for i := range db.auth.keys {
		db.auth.keys[i].expired = db.auth.keys[i].expired || db.auth.keys[i].id == id
	}
}

// SetClock sets the DB's clock, which is [time.Now] by default and again after SetClock(nil). The
// clock gives every response over HTTP its Date. A request over HTTP must be signed with a date
// within 15 minutes of it, as long as a clock is set or [DB.Keys] was called. The DB calls now from
// many goroutines at once. The history and all delays stay in real time.
func (db *DB) SetClock(now func() time.Time) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.auth.now = now
}

// verifier decides which requests over HTTP are accepted. The zero verifier accepts every
// well-formed signature.
type verifier struct {
	keys   []accessKey      // replaced, never changed; none: signatures are not verified
	now    func() time.Time // the DB's clock; nil: time.Now
	region string           // that verified signatures are for
}

type accessKey struct {
	id, secret, token string
	expired           bool
}

func (db *DB) verifier() verifier {
	db.mu.Lock()
	defer db.mu.Unlock()
	v := db.auth
	v.region = cmp.Or(db.region, Region)
	return v
}

func (v verifier) time() time.Time {
	if v.now == nil {
		return time.Now()
	}
	return v.now()
}

// signature is what a request says about its signature.
type signature struct {
	algorithm  string
	credential string
	signed     []string // names of headers, sorted
	hex        string
	date       string
}

// scope is what a signature is for.
type scope struct{ date, region, service, term string }

func (s scope) String() string {
	return strings.Join([]string{s.date, s.region, s.service, s.term}, "/")
}

// check returns why a request is rejected for its signature, or nil. Its rules and their order are
// those that dynalite's authors recorded from the service.
// https://github.com/architect/dynalite/blob/main/index.js
func (v verifier) check(r *http.Request, body string) *apiError {
	s, err := readSignature(r)
	if err != nil {
		return err
	}
	if err := v.checkDate(s.date); err != nil {
		return err
	}
	if err := s.checkSigned(r); err != nil {
		return err
	}
	if s.algorithm != signatureAlgorithm {
		return apiErrorf(codeIncompleteSignature, "Unsupported AWS 'algorithm': '%s' (only %s for now). ", s.algorithm, signatureAlgorithm)
	}
	region := "" // any
	if len(v.keys) > 0 {
		region = v.region
	}
	id, sc, err := s.readCredential(region)
	if err != nil {
		return err
	}
	return v.checkKeys(r, body, s, id, sc)
}

// readSignature reads the parts of the header Authorization, and the date.
func readSignature(r *http.Request) (s signature, err *apiError) {
	value := strings.TrimSpace(r.Header.Get("Authorization"))
	switch inQuery := r.URL.RawQuery != "" && r.URL.Query().Has("X-Amz-Algorithm"); {
	case inQuery && value != "":
		return s, apiErrorf(codeInvalidSignature, "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case inQuery:
		return s, unsupported("signatures in the query string")
	case !strings.HasPrefix(value, "AWS4-"):
		return s, apiErrorf(codeMissingToken, "Request is missing Authentication Token")
	}
	s.date = cmp.Or(r.Header.Get("X-Amz-Date"), r.Header.Get("Date"))
	parts := strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' })
	s.algorithm = parts[0]
	var names string
	for _, part := range parts[1:] {
		name, text, ok := strings.Cut(part, "=")
		if !ok {
			return s, apiErrorf(codeIncompleteSignature, "'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", part, value)
		}
		switch name {
		case "Credential":
			s.credential = text
		case "SignedHeaders":
			names = text
		case "Signature":
			s.hex = text
		}
	}
	missing := ""
	for _, p := range [][2]string{{"Credential", s.credential}, {"Signature", s.hex}, {"SignedHeaders", names}} {
		if p[1] == "" {
			missing += "Authorization header requires '" + p[0] + "' parameter. "
		}
	}
	if s.date == "" {
		missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	}
	if missing != "" {
		return s, apiErrorf(codeIncompleteSignature, "%sAuthorization=%s", missing, value)
	}
	s.signed = strings.Split(strings.ToLower(names), ";")
	slices.Sort(s.signed)
	return s, nil
}

// checkDate checks the date's format and, if the DB's clock matters, its distance from the clock.
func (v verifier) checkDate(date string) *apiError {
	signed, malformed := time.Parse(dateFormat, date)
	if malformed != nil {
		return apiErrorf(codeIncompleteSignature, "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	if v.now == nil && len(v.keys) == 0 {
		return nil
	}
	now := v.time().UTC().Truncate(time.Second)
	early, late := now.Add(-maxSkew), now.Add(maxSkew)
	minutes := int(maxSkew.Minutes())
	switch {
	case signed.Before(early):
		return apiErrorf(codeInvalidSignature, "Signature expired: %s is now earlier than %s (%s - %d min.)", date, early.Format(dateFormat), now.Format(dateFormat), minutes)
	case signed.After(late):
		return apiErrorf(codeInvalidSignature, "Signature not yet current: %s is still later than %s (%s + %d min.)", date, late.Format(dateFormat), now.Format(dateFormat), minutes)
	}
	return nil
}

// checkSigned checks that the signature covers the host, the date and the operation.
func (s *signature) checkSigned(r *http.Request) *apiError {
	if !slices.Contains(s.signed, "host") {
		return apiErrorf(codeInvalidSignature, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	date := "x-amz-date"
	if r.Header.Get(date) == "" {
		date = "date"
	}
	for _, name := range []string{date, "x-amz-target"} {
		if !slices.Contains(s.signed, name) {
			return apiErrorf(codeInvalidSignature, "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	return nil
}

var (
	regionForm    = regexp.MustCompile(`^[a-z0-9-]+$`)
	signatureForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html
	keyIDForm = regexp.MustCompile(`^\w{1,128}$`)
)

// readCredential reads the access key id and the scope, and checks both. The scope must be for region;
// "" stands for any.
func (s *signature) readCredential(region string) (id string, sc scope, err *apiError) {
	parts := strings.Split(strings.TrimRight(s.credential, "/"), "/")
	if len(parts) != 5 {
		return "", sc, apiErrorf(codeIncompleteSignature, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", s.credential)
	}
	id, sc = parts[0], scope{parts[1], parts[2], parts[3], parts[4]}
	wrong := ""
	if !regionForm.MatchString(sc.region) || region != "" && sc.region != region {
		wrong += "Credential should be scoped to a valid region, not '" + sc.region + "'. "
	}
	if sc.service != "dynamodb" {
		wrong += "Credential should be scoped to correct service: 'dynamodb'. "
	}
	if sc.term != "aws4_request" {
		wrong += "Credential should be scoped with a valid terminator: 'aws4_request', not '" + sc.term + "'. "
	}
	if day := s.date[:len("20060102")]; sc.date != day {
		wrong += "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" + sc.date + "' != '" + day + "', from '" + s.date + "'. "
	}
	switch {
	case wrong != "":
		return id, sc, apiErrorf(codeInvalidSignature, "%s", wrong)
	case !keyIDForm.MatchString(id):
		return id, sc, unrecognizedClient()
	}
	return id, sc, nil
}

// checkKeys verifies the signature with the keys that the request names, if the DB has keys.
func (v verifier) checkKeys(r *http.Request, body string, s signature, id string, sc scope) *apiError {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	if len(v.keys) == 0 {
		if !signatureForm.MatchString(s.hex) {
			return apiErrorf(codeInvalidSignature, mismatch)
		}
		return nil
	}
	token := r.Header.Get("X-Amz-Security-Token")
	i := slices.IndexFunc(v.keys, func(k accessKey) bool { return k.id == id && k.token == token })
	if i < 0 {
		return unrecognizedClient()
	}
	path, query := targetOf(r)
	canonical := canonicalRequest(r.Method, path, query, s.signed, func(name string) []string { return headerValues(r, name) }, body)
	text := stringToSign(s.date, sc, canonical)
	switch {
	case !hmac.Equal([]byte(sign(v.keys[i].secret, sc, text)), []byte(s.hex)):
		return apiErrorf(codeInvalidSignature, "%s\n\nThe Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have been\n'%s'\n", mismatch, canonical, text)
	case v.keys[i].expired:
		return apiErrorf(codeExpiredToken, "The security token included in the request is expired")
	}
	return nil
}

func unrecognizedClient() *apiError {
	return apiErrorf(codeUnrecognizedClient, "The security token included in the request is invalid.")
}

// targetOf returns the path and the query of a request as received.
func targetOf(r *http.Request) (path, query string) {
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") { // a request of a client's, or one through a proxy
		target = r.URL.RequestURI()
	}
	path, query, _ = strings.Cut(target, "?")
	return path, query
}

// headerValues returns the values of a header, those that net/http keeps elsewhere included.
func headerValues(r *http.Request, name string) []string {
	values := r.Header.Values(name)
	switch {
	case name == "host":
		return []string{cmp.Or(r.Host, r.URL.Host)}
	case name == "content-length" && len(values) == 0:
		return []string{strconv.FormatInt(r.ContentLength, 10)}
	}
	return values
}
