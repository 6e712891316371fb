package dynamodesttest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// signatureAlgorithm is the only algorithm of signatures that the double knows.
const signatureAlgorithm = "AWS4-HMAC-SHA256"

// canonicalRequest returns the text of a request that a signature covers. path and query are as
// received, names are the signed headers in order, and values returns what the request has of one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func canonicalRequest(method, path, query string, names []string, values func(name string) []string, body string) string {
	var b strings.Builder
	b.WriteString(method + "\n" + canonicalPath(path) + "\n" + canonicalQuery(query) + "\n")
	for _, name := range names {
		b.WriteString(name + ":" + canonicalValue(values(name)) + "\n")
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hexSHA256(body))
	return b.String()
}

// canonicalPath removes empty and dot segments, and then encodes the path as it was received: an
// encoded path is encoded twice, which every service but S3 expects.
func canonicalPath(path string) string {
	segments := strings.Split(path, "/")
	var kept []string
	for _, s := range segments {
		switch s {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, s)
		}
	}
	normal := "/" + strings.Join(kept, "/")
	if last := segments[len(segments)-1]; len(kept) > 0 && (last == "" || last == "." || last == "..") {
		normal += "/"
	}
	return uriEncode(normal, "/")
}

// canonicalQuery sorts the parameters by name and value, each encoded exactly once.
func canonicalQuery(query string) string {
	var pairs [][2]string
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		pairs = append(pairs, [2]string{uriEncode(uriDecode(name), ""), uriEncode(uriDecode(value), "")})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	joined := make([]string, len(pairs))
	for i, p := range pairs {
		joined[i] = p[0] + "=" + p[1]
	}
	return strings.Join(joined, "&")
}

// canonicalValue joins the values of a header, with each run of white space as one space.
func canonicalValue(values []string) string {
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(trimmed, ",")
}

// uriEncode percent-encodes every byte but the unreserved ones of RFC 3986 and those in keep.
func uriEncode(s, keep string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(unreserved, s[i]) >= 0 || strings.IndexByte(keep, s[i]) >= 0 {
			b.WriteByte(s[i])
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{s[i]})))
		}
	}
	return b.String()
}

// uriDecode decodes percent-encoding. It returns s itself if its encoding is not valid.
func uriDecode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return decoded
}

// stringToSign returns the text that is signed for a canonical request.
func stringToSign(date string, s scope, canonical string) string {
	return strings.Join([]string{signatureAlgorithm, date, s.String(), hexSHA256(canonical)}, "\n")
}

// sign returns the signature of text in hexadecimal.
func sign(secret string, s scope, text string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, s.term} {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, text))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
