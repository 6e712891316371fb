package dynamodest_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dynamodest/dynamodest"
)

// The settings page of an engine: a form for the whole Config, without a line for each setting.
func ExampleConfigSchema() {
	var form struct {
		Required   []string
		Properties map[string]struct {
			Order     int `json:"x-order"`
			Title     string
			Default   any
			OneOf     []struct{ Const, Title string }
			WriteOnly bool
		}
	}
	if err := json.Unmarshal(dynamodest.ConfigSchema(), &form); err != nil {
		fmt.Println(err)
		return
	}
	mode := form.Properties["mode"]
	fmt.Println(form.Required, len(form.Properties), "settings")
	fmt.Printf("%d. %s (default %v)\n", mode.Order, mode.Title, mode.Default)
	for _, choice := range mode.OneOf {
		fmt.Println("  ", choice.Const, "-", choice.Title)
	}
	// Output:
	// [table] 16 settings
	// 5. Sync mode (default upsert)
	//    upsert - Upsert
	//    insert - Insert
}

// What a user entered, checked at once: each fault goes beside its field of the form.
func ExampleDecodeConfig() {
	entered := []byte(`{
		"regoin": "eu-west-1",
		"table": "users",
		"secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"mapping": {"fields": [{"column": "id"}, {"column": "score", "type": ["N"]}]},
		"max_wait": "soon"
	}`)
	// README: decode config
	cfg, err := dynamodest.DecodeConfig(entered) // wrong types and names; json.Unmarshal ignores unknown names
	if err == nil {
		err = cfg.Validate() // everything else that shows without a request
	}
	// README end
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, one := range joined.Unwrap() {
			var fault *dynamodest.ConfigError
			if errors.As(one, &fault) {
				fmt.Printf("%s: %s\n", fault.Pointer, fault.Problem)
			}
		}
	}
	// Output:
	// /regoin: is unknown: did you mean "region"?
	// /secret_access_key: is unknown here: it belongs to /credentials/secret_access_key
	// /mapping/fields/1/type: is a JSON array, but must be a string
	// /max_wait: is not a duration: write a string such as "200ms", or a whole number of nanoseconds
}

// A page that shows the settings as they are stored.
func ExampleConfig_WithoutSecrets() {
	cfg := dynamodest.Config{
		Region: "eu-west-1", Table: "users",
		Credentials: dynamodest.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
	}
	shown, err := json.Marshal(cfg.WithoutSecrets())
	fmt.Println(string(shown), err)
	// Output: {"region":"eu-west-1","table":"users"} <nil>
}
