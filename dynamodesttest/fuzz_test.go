package dynamodesttest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/dynamodest/dynamodest/dynamodesttest"
)

// FuzzServeHTTP checks that the request parser never panics, and accepts nothing that encoding/json
// rejects.
func FuzzServeHTTP(f *testing.F) {
	for _, c := range strictCases() {
		if len(c.body) < 4096 {
			f.Add(c.op, strings.ReplaceAll(c.body, "$", ""))
		}
	}
	vectors := createBody(object{"AttributeDefinitions": attributes("id:S", "year:N"), "VectorIndexes": []object{{
		"IndexName": "by_v", "VectorAttribute": object{"AttributeName": "v"}, "Dimensions": 3, "DistanceFunction": "COSINE",
		"Projection": object{"ProjectionType": "ALL"}, "SearchSchema": []object{{"AttributeName": "year", "SearchSchemaElementType": "INLINE_FILTER"}},
	}}})
	f.Add(vectors.op, strings.ReplaceAll(vectors.body, "$", ""))
	signature := "AWS4-HMAC-SHA256 Credential=A/20261124/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + strings.Repeat("0", 64)
	f.Fuzz(func(t *testing.T, op, body string) {
		db := dynamodesttest.NewTable("plain", "id:S")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+op)
		r.Header.Set("X-Amz-Date", "20261124T000000Z")
		r.Header.Set("Authorization", signature)
		w := httptest.NewRecorder()
		db.ServeHTTP(w, r)
		assert.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
		assert.True(t, json.Valid(w.Body.Bytes()), w.Body)
		if w.Code == http.StatusOK {
			assert.True(t, json.Valid([]byte(body)), body)
		}
		if op == "DeleteTable" {
			return
		}
		for _, it := range db.Items("plain") {
			assert.NotEmpty(t, it["id"])
		}
	})
}
