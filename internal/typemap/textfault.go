package typemap

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dynamodest/dynamodest/internal/decimal"
	"github.com/dynamodest/dynamodest/internal/fault"
	"github.com/dynamodest/dynamodest/internal/item"
)

// errNotJSON is the cause of a fault of text that is not JSON.
var errNotJSON = errors.New("not JSON")

// flaw is what is wrong with a text, without a quotation of the text, and how to fix it. The zero flaw
// is one that is not known.
type flaw struct{ what, remedy string }

// notANumber returns the fault of v, whose text is not a decimal number.
func notANumber(v any, text string) error {
	return textFault(v, "is not a decimal number", findFlaw(text, numberFlaw),
		`provide a numeric value such as 12.5, or set Field.Type to "S"`).WithCause(decimal.ErrSyntax)
}

// notBase64 returns the fault of v, whose text is not base64.
func notBase64(v any, text string) error {
	f := findFlaw(text, wordFlaw)
	body := strings.TrimRight(text, "=")
	switch _, err := base64.RawURLEncoding.DecodeString(body); {
	case f != flaw{}:
	case err == nil && strings.ContainsAny(body, "-_"):
		f = flaw{"its text uses the URL alphabet", "encode the bytes by the standard alphabet of base64, or provide a []byte"}
	default:
		if _, err := base64.RawStdEncoding.DecodeString(body); err == nil {
			f = flaw{"its text lacks the padding", "pad the base64 with '=' to a multiple of four characters, or provide a []byte"}
		}
	}
	return textFault(v, "is not base64", f, "encode the bytes as base64, or provide a []byte")
}

// notABool returns the fault of v, whose text does not spell a bool.
func notABool(v any, text string) error {
	const remedy = "provide a bool, 0 or 1, or a text that strconv.ParseBool takes, such as true, f or 1"
	switch v.(type) {
	case string, []byte:
		return textFault(v, "does not spell a bool", findFlaw(text, wordFlaw), remedy)
	}
	return textFault(v, "does not spell a bool", flaw{}, remedy)
}

// notATime returns the fault of v, whose text is not a time by RFC 3339 as err says.
func notATime(v any, t Type, text string, err error) error {
	f := flaw{"its text has more than nine decimals of a second", "round the time to nanoseconds in the source"}
	if !errors.Is(err, errTooFine) {
		f = findFlaw(text, timeFlaw)
	}
	return textFault(v, "is not a time by RFC 3339", f, t.timeRemedy())
}

// notJSON returns err, the fault of v, whose text is not JSON and is to be converted to k.
func notJSON(err error, v any, text string, k item.Kind) error {
	named := item.WithSubject(err, "the value of Go type "+typeName(v))
	var f *fault.Error
	if !errors.As(named, &f) {
		return named
	}
	text = strings.Trim(text, " \t\r\n") // which JSON allows
	if found := findFlaw(text, func(text string) flaw { return jsonFlaw(text, k) }); found != (flaw{}) {
		f.Text += ": " + found.what
		return f.WithRemedy(found.remedy)
	}
	return f
}

// textFault returns the fault of v, a value of text that is not what it should be, with the remedy
// of its flaw, or other if the flaw is not known.
func textFault(v any, isNot string, f flaw, other string) *fault.Error {
	e := fault.NewMapping("the value of Go type %s %s", typeName(v), isNot)
	if f == (flaw{}) {
		return e.WithRemedy(other)
	}
	e.Text += ": " + f.what
	return e.WithRemedy(f.remedy)
}

// maxExamined is the most bytes of a text that are searched for a flaw: half of them at its beginning
// and half at its end.
const maxExamined = 1024

// Flaws that texts of several forms have.
var (
	flawUTF8      = flaw{"its text is not valid UTF-8", `provide text in UTF-8; set Field.Type to "B" to write the bytes`}
	flawControl   = flaw{"its text has a control character", "remove the character in the source"}
	flawBlank     = flaw{"its text is blank", "provide nil instead of blank text, and Mapping.Null says what becomes of it"}
	flawNull      = flaw{`its text is a mark for a missing value, such as NULL, \N or NaN`, "provide nil instead of such a mark, and Mapping.Null says what becomes of it"}
	flawInvisible = flaw{"its text begins or ends with an invisible character, such as a byte order mark", "remove the character in the source"}
	flawSpace     = flaw{"its text begins or ends with white space", "trim the text in the source"}
	flawInner     = flaw{"its text has white space inside", "remove the white space in the source"}
	flawQuotes    = flaw{"its text has quotation marks around it", "remove the quotation marks in the source"}
)

// findFlaw returns what is wrong with text: a flaw that is one in every form, or what own returns for a
// text that is neither blank nor too long.
func findFlaw(text string, own func(text string) flaw) flaw {
	if len(text) > maxExamined {
		text = strings.ToValidUTF8(text[:maxExamined/2], "") + strings.ToValidUTF8(text[len(text)-maxExamined/2:], "")
	}
	visible := strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	switch {
	case !utf8.ValidString(text):
		return flawUTF8
	case visible == "":
		return flawBlank
	case nullMarks[strings.ToLower(visible)]:
		return flawNull
	case visible != strings.TrimSpace(text):
		return flawInvisible
	case visible != text:
		return flawSpace
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return flawControl
	}
	return own(text)
}

// nullMarks are texts, in lower case, that files and databases have for a missing value or for one that
// could not be calculated.
var nullMarks = func() map[string]bool {
	marks := map[string]bool{}
	for _, mark := range strings.Fields(`null (null) <null> [null] \n nil none undefined nan -nan +nan nat na n/a n.a. <na> #n/a
		#na #null! #value! #div/0! #ref! #name? #num! - -- --- – — . ?`) {
		marks[mark] = true
	}
	return marks
}()

// wordFlaw returns what keeps text from being a single word.
func wordFlaw(text string) flaw {
	switch {
	case isQuoted(text, `"`), isQuoted(text, "'"):
		return flawQuotes
	case strings.ContainsFunc(text, unicode.IsSpace):
		return flawInner
	}
	return flaw{}
}

func isQuoted(text, mark string) bool {
	return len(text) > 1 && strings.HasPrefix(text, mark) && strings.HasSuffix(text, mark)
}

// numberFlaw returns what keeps text from being a decimal number.
func numberFlaw(text string) flaw {
	const plain = "provide the number alone, with a decimal point and without separators, such as 1234.5"
	isDigit := func(r rune) bool { return r >= '0' && r <= '9' }
	word := wordFlaw(text)
	switch {
	case word == flawQuotes:
		return word
	case isInfinity[strings.ToLower(strings.TrimLeft(text, "+-"))]:
		return flaw{"its text spells infinity", "provide nil or a number instead: DynamoDB has no infinity"}
	case !strings.ContainsFunc(text, unicode.IsDigit):
		return flaw{}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsDigit(r) && !isDigit(r) }):
		return flaw{"its text has digits other than 0 to 9", plain}
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Sc, r) || strings.ContainsRune("%‰", r) }):
		return flaw{"its text has a currency or percent sign", plain}
	case strings.ContainsFunc(text, unicode.IsLetter):
		return flaw{"its text has letters", plain}
	case word == flawInner:
		return flaw{"its text has white space inside, as a thousands separator or otherwise", plain}
	case strings.ContainsAny(text, "_'’٬") || strings.Count(text, ".") > 1:
		return flaw{"its text has thousands separators", plain}
	case strings.ContainsAny(text, ",٫"):
		return flaw{"its text has thousands separators, or a comma for the decimal point", plain}
	case strings.ContainsAny(text, "−–(") || strings.HasSuffix(text, "-"):
		return flaw{"its text has a negative sign other than a leading '-'", plain}
	}
	return flaw{}
}

var isInfinity = map[string]bool{"inf": true, "infinity": true, "∞": true}

// The ways to write a time that are nearly RFC 3339.
var timeFlaws = []struct{ layout, what string }{
	{time.DateOnly, "its text is a date without a time"},
	{"2006-01-02T15:04:05", "its text has no offset from UTC, such as Z or +01:00"},
	{time.DateTime, "its text has a space instead of a T, and no offset from UTC"},
	{"2006-01-02 15:04:05Z07:00", "its text has a space instead of a T"},
	{"2006-01-02 15:04:05Z07", "its text has a space instead of a T"},
	{"2006-01-02 15:04:05 -0700 MST", "its text has the form of time.Time.String"},
}

// timeFlaw returns what keeps text from being a time by RFC 3339.
func timeFlaw(text string) flaw {
	const remedy = "provide a time.Time, or text by RFC 3339 such as 2006-01-02T15:04:05Z"
	if strings.Trim(text, "0123456789.") == "" {
		return flaw{} // the general remedy says what numbers need
	}
	for _, f := range timeFlaws {
		if _, err := time.Parse(f.layout, text); err == nil {
			return flaw{f.what, remedy}
		}
	}
	return wordFlaw(text)
}

// jsonFlaw returns what keeps text from being the JSON of a value of kind k.
func jsonFlaw(text string, k item.Kind) flaw {
	inner := strings.TrimLeft(text[1:], " \t\r\n")
	switch {
	case isQuoted(text, "'"):
		return flawQuotes
	case (text[0] == '{' || text[0] == '[') && strings.HasPrefix(inner, "'"):
		return flaw{"its text has single quotes where JSON has double quotes", "provide valid JSON text"}
	case text[0] == '{' && k != item.M && !strings.HasPrefix(inner, `"`):
		return flaw{"its text is an array in the notation of SQL", "provide a slice, or JSON text such as [1,2]"}
	}
	return flaw{}
}
