package realtypes

import (
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"net"
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	gofrs "github.com/gofrs/uuid/v5"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/dynamodest/dynamodest"
)

type (
	digest [4]byte
	octet  uint8
)

// duckDBUUID is the UUID of github.com/duckdb/duckdb-go, which needs cgo. Its methods are on pointers.
type duckDBUUID [16]byte

func (u *duckDBUUID) Value() (driver.Value, error) { return uuid.UUID(*u).String(), nil }

// TestByteArrays holds that arrays of bytes are bytes, and what the types that are arrays of bytes and
// have methods become.
func TestByteArrays(t *testing.T) {
	t.Parallel()
	const raw, spelled = "\x00\x01\xfe\xff\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0", "0001feff-1020-3040-5060-708090a0b0c0"
	id := [16]byte([]byte(raw))
	object := bson.ObjectID([]byte(raw)[:12])
	both := forced{dynamodest.String: text(spelled), dynamodest.Binary: binary(raw), dynamodest.Number: mapping}
	runValues(t, []value{
		{name: "[16]byte", value: id, auto: binary(raw), forced: forced{dynamodest.Binary: binary(raw), dynamodest.String: mapping, dynamodest.Number: mapping}},
		{name: "*[16]byte", value: &id, auto: binary(raw)},
		{name: "nil *[16]byte", value: (*[16]byte)(nil), auto: nothing},
		{name: "named", value: digest([]byte("abcd")), auto: binary("abcd"), forced: forced{dynamodest.String: mapping}},
		{name: "sum", value: sha256.Sum256(nil), auto: binary(string(sum()))},
		{name: "of a named byte", value: [2]octet{1, 2}, auto: binary("\x01\x02")},
		{name: "slice of a named byte", value: []octet{1, 2}, auto: binary("\x01\x02")},
		{name: "sql.RawBytes", value: sql.RawBytes(raw), auto: binary(raw)},
		{name: "pgtype.DriverBytes", value: pgtype.DriverBytes(raw), auto: binary(raw)},
		{name: "net.HardwareAddr", value: net.HardwareAddr(raw[:6]), auto: binary(raw[:6])},
		{name: "array of numbers", value: [2]uint16{1, 2}, auto: text("[1,2]"), member: list(number("1"), number("2")), json: "[1,2]"},

		{name: "uuid.UUID of google", value: uuid.UUID(id), auto: text(spelled), forced: both},
		{name: "*uuid.UUID of google", value: ptr(uuid.UUID(id)), auto: text(spelled), forced: both},
		{name: "uuid.NullUUID of google", value: uuid.NullUUID{UUID: id, Valid: true}, auto: text(spelled), forced: both},
		{name: "uuid.NullUUID of google, null", value: uuid.NullUUID{}, auto: nothing, forced: forced{dynamodest.Binary: nothing}},
		{name: "uuid.UUID of gofrs", value: gofrs.UUID(id), auto: text(spelled), forced: both},
		{name: "uuid.NullUUID of gofrs", value: gofrs.NullUUID{UUID: id, Valid: true}, auto: text(spelled), forced: both},
		{name: "pgtype.UUID", value: pgtype.UUID{Bytes: id, Valid: true}, auto: text(spelled), forced: both},
		{name: "pgtype.UUID of null", value: pgtype.UUID{}, auto: nothing, forced: forced{dynamodest.Binary: nothing}},
		{name: "zeronull.UUID", value: zeronull.UUID(id), auto: text(spelled), forced: both},
		{name: "zeronull.UUID of zero", value: zeronull.UUID{}, auto: nothing},
		{name: "UUID of duckdb", value: duckDBUUID(id), auto: text(spelled), forced: both},
		{
			name: "bson.ObjectID, whose text is base64 by chance", value: object, auto: text("0001feff1020304050607080"),
			forced: forced{dynamodest.Binary: binary(raw[:12])},
		},
		{name: "net.IP", value: net.IP{10, 0, 0, 1}, auto: text("10.0.0.1"), forced: forced{dynamodest.String: text("10.0.0.1"), dynamodest.Binary: binary("\x0a\x00\x00\x01")}},
		{name: "nil net.IP", value: net.IP(nil), auto: nothing},
		{name: "netip.Prefix", value: netip.MustParsePrefix("10.0.0.0/8"), auto: text("10.0.0.0/8"), forced: forced{dynamodest.Number: mapping}},
	}, []write{
		{name: "BS of arrays", value: [][16]byte{id, id}, typ: dynamodest.BinarySet, want: binaries(raw)},
		{name: "BS of named arrays", value: []digest{digest([]byte("abcd")), digest([]byte("efgh"))}, typ: dynamodest.BinarySet, want: binaries("abcd", "efgh")},
		{name: "BS of arrays in any", value: []any{id, []byte("x")}, typ: dynamodest.BinarySet, want: binaries(raw, "x")},
		{name: "BS of uuid.UUID", value: []uuid.UUID{id}, typ: dynamodest.BinarySet, want: binaries(raw)},
		{name: "SS of uuid.UUID", value: []uuid.UUID{id}, typ: dynamodest.StringSet, want: texts(spelled)},
		{name: "B key of uuid.UUID", value: uuid.UUID(id), typ: dynamodest.Binary, key: types.ScalarAttributeTypeB, want: binary(raw)},
		{name: "L of arrays", value: [][16]byte{id}, typ: dynamodest.List, want: list(binary(raw))},
	}...)
}

func sum() []byte {
	s := sha256.Sum256(nil)
	return s[:]
}
