package fault

// Reason is why a row was not written, or why a call failed. Its string is a stable label in snake
// case, for metrics and JSON.
type Reason string

// Reasons that lie with the row: the same row would fail again.
const (
	Mapping  Reason = "unmappable_value"
	Key      Reason = "bad_key"
	TooLarge Reason = "item_too_large"
	Refused  Reason = "refused"
	Exists   Reason = "item_exists"
)

// Reasons that lie with the moment: the same row may succeed later.
const (
	Unprocessed Reason = "unprocessed"
	Throttled   Reason = "throttled"
	Unavailable Reason = "unavailable"
	Stopped     Reason = "stopped"
)

// Reasons that every row meets until a setting is fixed.
const (
	NoTable     Reason = "no_table"
	TableStatus Reason = "table_not_ready"
	Access      Reason = "access_denied"
	Credentials Reason = "bad_credentials"
	Config      Reason = "bad_configuration"
)

// Scope says what a fault lies with, and so what to do about it.
type Scope string

// The scopes.
const (
	ScopeRow     Scope = "row"     // the same row would fail again
	ScopePassing Scope = "passing" // the same row may succeed later
	ScopeCall    Scope = "call"    // every row meets it until a setting is fixed
)

// advice is what people read of a reason, and its scope.
type advice struct {
	phrase, remedy string
	scope          Scope
}

// writeAgain is what to do about a row that failed for a reason that passes. Unless the row has a version, the
// table keeps what it takes last.
const writeAgain = "write the row again, unless a newer row of its key was written since (Config.Version keeps the newer one)"

var advices = map[Reason]advice{
	Mapping: {
		"unmappable value",
		"change the value in the source, or set a Field.Type that accepts it",
		ScopeRow,
	},
	Key: {
		"bad key",
		"give every row a key that is not empty and has the type that the table declares (Field.Type converts a column) and, with Duplicates \"fail\", is in one row of the call only",
		ScopeRow,
	},
	TooLarge: {
		"item too large",
		"an item has at most 400 KB (409,600 bytes), names included: leave out or shorten its largest attribute, or keep that in Amazon S3 and write a link to it",
		ScopeRow,
	},
	Refused: {
		"refused by DynamoDB",
		"compare the row with the key schema of the table and its indexes: a key attribute is missing, empty, too long or of another type, or the row breaks another rule of DynamoDB",
		ScopeRow,
	},
	Exists: {
		"item exists",
		`the table already has an item with this key: write with OnExisting "skip" or "overwrite", or give the row another key; with Version, give the versions of rows and items one type`,
		ScopeRow,
	},
	Unprocessed: {
		"unprocessed",
		writeAgain + "; raise the table's write capacity, make it on-demand, sync less often, or allow more Retry.MaxAttempts",
		ScopePassing,
	},
	Throttled: {
		"throttled",
		writeAgain + "; make the table on-demand or raise its write capacity (WCU), and spread writes over many partition keys, since one takes 1,000 write units a second at most",
		ScopePassing,
	},
	Unavailable: {
		"unavailable",
		writeAgain + "; an Unknown row may already be in the table; if the fault persists, check Region, Endpoint, the network path to DynamoDB (DNS, proxy, firewall, TLS certificates) and the AWS Health Dashboard",
		ScopePassing,
	},
	Stopped: {
		"stopped",
		"fix what stopped the call, then " + writeAgain,
		ScopePassing,
	},
	NoTable: {
		"no such table",
		"check the table's name (upper and lower case differ), and that the table is in this region and account",
		ScopeCall,
	},
	TableStatus: {
		"table not ready",
		"wait until the table is ACTIVE, then try again",
		ScopeCall,
	},
	Access: {
		"access denied",
		"allow dynamodb:BatchWriteItem, dynamodb:PutItem and dynamodb:DescribeTable on the ARN of the table (Config.Policy returns the policy), and check that the ARN has the configured Region",
		ScopeCall,
	},
	Credentials: {
		"bad credentials",
		"check that the access key id, the secret access key and the session token are right, active and not expired, that the region is right, and that this machine's clock is not skewed",
		ScopeCall,
	},
	Config: {
		"bad configuration",
		"fix the setting named above, then create a new Destination",
		ScopeCall,
	},
}

// Phrase returns the words that people read for r; for an unknown reason its own string.
func (r Reason) Phrase() string {
	if a, ok := advices[r]; ok {
		return a.phrase
	}
	return string(r)
}

// Remedy returns the general advice for r in a sentence or two; "" for an unknown reason.
func (r Reason) Remedy() string { return advices[r].remedy }

// Scope returns what a fault of reason r lies with; "" for an unknown reason.
func (r Reason) Scope() Scope { return advices[r].scope }
