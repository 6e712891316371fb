package dynamodest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"unicode/utf8"
)

// DecodeConfig reads the JSON form of a Config strictly: a name that is not a setting's, exactly as it is
// written, a name that is given twice, null, a value of the wrong type, a malformed duration or one with a minus
// sign as text, an empty word (such as "" for the mode), an escape of half of a surrogate pair, broken JSON and
// anything after its end are errors. It accepts what [Config.MarshalJSON] writes of a Config whose durations are
// not negative, and does not call [Config.Validate].
//
// The error joins every fault, each a [*ConfigError] with the Go path and the JSON pointer of the setting. It
// quotes no value, and a name that is unknown only if it has the form of a name. The Config is zero if there is an
// error.
func DecodeConfig(data []byte) (Config, error) {
	w := configWalk{strict: true}
	if value := w.document(data); value != nil {
		w.value("", value, reflect.TypeFor[Config]())
	}
	var c Config
	if len(w.faults) == 0 {
		if err := json.Unmarshal(data, &c); err != nil { // a fault that the walk does not know
			w.fault("", "%s", "does not fit the settings")
		}
	}
	if len(w.faults) > 0 {
		return Config{}, w.faults.err()
	}
	return c, nil
}

// document returns the JSON value that data is; nil if it is broken. Faults of the document are added, and no
// error of encoding/json, which quotes characters of data.
func (w *configWalk) document(data []byte) json.RawMessage {
	if !utf8.Valid(data) {
		w.fault("", "is not valid UTF-8: store the JSON in UTF-8")
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		at := len(data) // it ends too early
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) {
			at = int(min(max(syntax.Offset, 0), int64(len(data))))
		}
		line, column := position(data[:at])
		w.fault("", "is not valid JSON: look at line %d, column %d, or before it", line, column)
		return nil
	}
	end := int(decoder.InputOffset())
	if rest := bytes.TrimLeft(data[end:], " \t\r\n"); len(rest) > 0 {
		line, column := position(data[:len(data)-len(rest)+1])
		w.fault("", "has text after the end of the JSON, in line %d, column %d: remove it", line, column)
	}
	return value
}

// position returns the line and the column, in bytes, of the last byte of data, both counted from 1.
func position(data []byte) (line, column int) {
	line = 1 + bytes.Count(data, []byte{'\n'})
	column = len(data) - 1 - bytes.LastIndexByte(data, '\n')
	return line, max(column, 1)
}
