package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/dynamodest/dynamodest/internal/fault"
)

// knownNetError is known for the errors of package net and of the operating system.
func knownNetError(err error) (text string, inner error, ok bool) {
	switch err := err.(type) { //nolint:errorlint // the chain is walked by compose
	case *net.DNSError:
		return lookupText(err), nil, true
	case *net.OpError:
		if _, lookup := err.Err.(*net.DNSError); lookup && err.Op == "dial" { //nolint:errorlint // only if it is next
			return "", err.Err, true
		}
		return operationText(err), err.Err, true
	case *os.SyscallError:
		return word(err.Syscall), err.Err, true
	case *os.PathError: // its path is nobody's business
		return word(err.Op), err.Err, true
	case syscall.Errno:
		return err.Error(), nil, true
	case *net.AddrError, *net.ParseError, net.InvalidAddrError, net.UnknownNetworkError:
		return "the address is not valid", nil, true
	case url.EscapeError, url.InvalidHostError:
		return "it has an invalid character", nil, true
	}
	return "", nil, false
}

// hostForm matches the name of a host, its port included.
var hostForm = regexp.MustCompile(`^[a-zA-Z0-9_*]([a-zA-Z0-9_.-]*[a-zA-Z0-9_.])?(:[0-9]{1,5})?$`)

// hostName returns s if it reads as the name or the address of a host, otherwise "".
func hostName(s string) string {
	if len(s) > 255 {
		return ""
	}
	if hostForm.MatchString(s) {
		return s
	}
	if _, err := netip.ParseAddrPort(s); err == nil {
		return s
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return s
	}
	return ""
}

// lookupText returns what err says of the lookup of a host's name.
func lookupText(err *net.DNSError) string {
	text := "lookup " + hostName(err.Name)
	if server, bad := netip.ParseAddrPort(err.Server); bad == nil {
		text += " on " + server.String()
	}
	text = strings.TrimSpace(text)
	switch {
	case err.IsNotFound:
		return text + ": no such host"
	case err.IsTimeout:
		return text + ": i/o timeout"
	case slices.Contains([]string{"no such host", "server misbehaving", "no answer from DNS server", "lame referral", "cannot unmarshal DNS message"}, err.Err):
		return text + ": " + err.Err
	}
	return text + ": failed"
}

// operations are the operations of net, net/http and its SOCKS client.
var operations = []string{"dial", "read", "write", "close", "set", "proxyconnect", "remote error", "local error", "socks connect"}

// operationText returns which operation of a connection failed.
func operationText(err *net.OpError) string {
	op := "network error"
	if slices.Contains(operations, err.Op) {
		op = err.Op
	}
	if slices.Contains([]string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix"}, err.Net) {
		op += " " + err.Net
	}
	switch addr := err.Addr.(type) {
	case *net.TCPAddr:
		if addr != nil {
			op += " " + addr.String()
		}
	case *net.UDPAddr:
		if addr != nil {
			op += " " + addr.String()
		}
	}
	return op
}

// knownTLSError is known for the errors of TLS and of its certificates.
func knownTLSError(err error) (text string, inner error, ok bool) {
	switch err := err.(type) { //nolint:errorlint // the chain is walked by compose
	case *tls.CertificateVerificationError:
		return "tls: failed to verify certificate", err.Err, true
	case tls.RecordHeaderError:
		return recordText(err), nil, true
	case *tls.RecordHeaderError:
		return recordText(*err), nil, true
	case tls.AlertError:
		return err.Error(), nil, true
	case *tls.ECHRejectionError:
		return "tls: server rejected ECH", nil, true
	case x509.UnknownAuthorityError:
		return "x509: certificate signed by unknown authority" + issuerText(err.Cert), nil, true
	case x509.HostnameError:
		return hostnameText(err), nil, true
	case x509.CertificateInvalidError:
		return invalidText(err), nil, true
	case x509.SystemRootsError:
		return "x509: failed to load system roots and no roots provided", err.Err, true
	case *x509.SystemRootsError:
		return "x509: failed to load system roots and no roots provided", err.Err, true
	case x509.UnhandledCriticalExtension:
		return "x509: unhandled critical extension", nil, true
	case x509.InsecureAlgorithmError:
		return "x509: cannot verify signature: insecure algorithm " + x509.SignatureAlgorithm(err).String(), nil, true
	case x509.ConstraintViolationError:
		return "x509: invalid signature: parent certificate cannot sign this kind of certificate", nil, true
	}
	return "", nil, false
}

// recordText returns what is known of a peer that does not speak TLS.
func recordText(err tls.RecordHeaderError) string {
	if string(err.RecordHeader[:]) == "HTTP/" {
		return http.ErrSchemeMismatch.Error()
	}
	return "tls: the response is not TLS"
}

// issuerText names the issuer of a certificate, which shows whether something on the way has put its
// own in the place of the host's.
func issuerText(cert *x509.Certificate) string {
	if cert == nil || cert.Issuer.CommonName == "" {
		return ""
	}
	return " (issued by " + fault.Quote(cert.Issuer.CommonName) + ")"
}

// maxNames is the most names of a certificate that a text shows.
const maxNames = 4

// hostnameText returns for which hosts a certificate is, and for which it should be.
func hostnameText(err x509.HostnameError) string {
	var names []string
	if err.Certificate != nil {
		for _, name := range err.Certificate.DNSNames {
			names = append(names, hostName(name))
		}
		for _, address := range err.Certificate.IPAddresses {
			names = append(names, address.String())
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	if len(names) > maxNames {
		names = append(names[:maxNames], "…")
	}
	valid := "other names"
	if len(names) > 0 {
		valid = strings.Join(names, ", ")
	}
	return fmt.Sprintf("x509: certificate is valid for %s, not %s", valid, hostName(err.Host))
}

// invalidReasons are the texts for the faults of a certificate other than its dates.
var invalidReasons = map[x509.InvalidReason]string{
	x509.NotAuthorizedToSign:           "certificate is not authorized to sign other certificates",
	x509.CANotAuthorizedForThisName:    "a root or intermediate certificate is not authorized to sign for this name",
	x509.TooManyIntermediates:          "too many intermediates for path length constraint",
	x509.IncompatibleUsage:             "certificate specifies an incompatible key usage",
	x509.NameMismatch:                  "issuer name does not match subject from issuing certificate",
	x509.NameConstraintsWithoutSANs:    "issuer has name constraints but leaf doesn't have a SAN extension",
	x509.UnconstrainedName:             "issuer has name constraints but leaf contains unknown or unconstrained name",
	x509.TooManyConstraints:            "too many name constraints",
	x509.CANotAuthorizedForExtKeyUsage: "a root or intermediate certificate is not authorized for an extended key usage",
}

// invalidText returns what is wrong with a certificate.
func invalidText(err x509.CertificateInvalidError) string {
	switch reason, known := invalidReasons[err.Reason]; {
	case known:
		return "x509: " + reason
	case err.Reason != x509.Expired:
		return "x509: certificate is not valid"
	}
	text := "x509: certificate has expired or is not yet valid"
	if c := err.Cert; c != nil {
		text += fmt.Sprintf(": it is valid from %s to %s", c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
	}
	return text
}

// standardPackages are the packages whose unexported errors standardText reads.
var standardPackages = []string{"context", "errors", "fmt", "io", "net", "net/http", "net/url", "crypto/tls", "internal/poll", "os", "syscall"}

// standardText returns the text for an error of the standard library that has no exported type, or ""
// for any other error. The text is one of those below, and never the error's own.
func (c *composer) standardText(err error) string {
	if !slices.Contains(standardPackages, packageOf(err)) {
		return ""
	}
	if v := reflect.ValueOf(err); packageOf(err) == "crypto/tls" && v.Kind() == reflect.Uint8 { // the alert of a peer
		return tls.AlertError(v.Uint()).Error()
	}
	switch err.(type) { //nolint:errorlint // the chain is walked by compose
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		return "" // the error inside says more
	}
	own := err.Error()
	if text, ok := standardTexts[own]; ok {
		return text
	}
	for _, known := range standardBeginnings {
		if strings.HasPrefix(own, known.beginning) {
			return known.text
		}
	}
	if rule, ok := strings.CutPrefix(own, "endpoint rule error, "); ok {
		return endpointRules[rule]
	}
	// Transport turns the status line of a proxy's response to CONNECT into an error without a type.
	if status := statusTexts[own]; status != 0 && c.connecting && c.viaHTTP {
		return proxyRefusal(status).Error()
	}
	return ""
}

// statusTexts has the statuses with which a proxy may refuse, by their texts.
var statusTexts = func() map[string]int {
	texts := make(map[string]int)
	for status := 201; status < 600; status++ {
		if text := http.StatusText(status); text != "" {
			texts[text] = status
		}
	}
	return texts
}()

// standardTexts has the errors of the standard library that are known by their texts, which hold nothing
// but words.
var standardTexts = func() map[string]string {
	texts := make(map[string]string)
	for _, text := range []string{
		"EOF", "unexpected EOF", "i/o timeout", "use of closed network connection", "operation was canceled",
		context.Canceled.Error(), context.DeadlineExceeded.Error(),
		http.ErrSchemeMismatch.Error(),
		"net/http: TLS handshake timeout",
		"net/http: timeout awaiting response headers",
		"net/http: request canceled",
		"net/http: request canceled while waiting for connection",
		"http: server closed idle connection",
		"http: no Host in request URL",
		"http2: client connection lost",
		"http2: timeout awaiting response headers",
		"http2: Transport received Server's graceful shutdown GOAWAY",
		"tls: first record does not look like a TLS handshake",
		"tls: no supported versions satisfy MinVersion and MaxVersion",
		"first path segment in URL cannot contain colon",
		"missing protocol scheme",
		"missing ']' in host",
		"no route to host",
		"general SOCKS server failure", "unknown error general SOCKS server failure",
		"unknown error connection not allowed by ruleset",
		"unknown error network unreachable", "unknown error host unreachable", "unknown error connection refused",
		"username/password authentication failed",
		"endpoint resolution failed: no matching rule",
		"accountID is required but not set",
	} {
		texts[text] = text
	}
	texts["unknown status code"] = "the proxy's response to CONNECT has no status text"
	return texts
}()

// standardBeginnings has the errors of the standard library and of endpoint rules that go on with foreign
// text, and what is said instead.
var standardBeginnings = []struct{ beginning, text string }{
	{`malformed HTTP response "\x15\x03`, "the response is TLS and not HTTP: Endpoint should begin with https"},
	{"malformed HTTP ", "the response is not HTTP"},
	{"unsupported protocol scheme ", "unsupported protocol scheme"},
	{"net/http: server response headers exceeded ", "the headers of the response are too long"},
	{"net/http: invalid header field", "a header of the request is not valid"},
	{"context deadline exceeded (Client.Timeout", "the Timeout of the HTTP client passed"},
	{"net/http: request canceled (Client.Timeout", "the Timeout of the HTTP client passed"},
	{"http2: server sent GOAWAY", "http2: the server closed the connection"},
	{"stream error: stream ID ", "http2: the server ended the stream"},
	{"connection error: ", "http2: connection error"},
	{"invalid port ", "its port is not valid"},
	{"net/url: invalid ", "it has an invalid character"},
	{"invalid input region ", "the region is not valid in a host's name"},
	{"invalid accountID endpoint mode ", "the AccountIDEndpointMode is none of preferred, required and disabled"},
	{"Failed to parse uri: ", "the endpoint is not a URL"},
}

// endpointRules has the texts of the SDK's endpoint rules for DynamoDB.
var endpointRules = func() map[string]string {
	texts := make(map[string]string)
	for _, text := range []string{
		"Invalid Configuration: Missing Region",
		"Invalid Configuration: FIPS and custom endpoint are not supported",
		"Invalid Configuration: Dualstack and custom endpoint are not supported",
		"Invalid Configuration: FIPS and local endpoint are not supported",
		"Invalid Configuration: Dualstack and local endpoint are not supported",
		"Invalid Configuration: AccountIdEndpointMode is required and FIPS is enabled, but FIPS account endpoints are not supported",
		"Invalid Configuration: AccountIdEndpointMode is required but account endpoints are not supported in this region",
		"Endpoint override is not supported for dual-stack endpoints. Please enable dual-stack functionality by enabling the configuration. For more details, see: https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html",
		"FIPS and DualStack are enabled, but this partition does not support one or both",
		"FIPS is enabled but this partition does not support FIPS",
		"DualStack is enabled but this partition does not support DualStack",
		"Credentials-sourced account ID parameter is invalid",
		"AccountIdEndpointMode is required but no AccountID was provided or able to be loaded",
	} {
		texts[text] = text
	}
	return texts
}()
