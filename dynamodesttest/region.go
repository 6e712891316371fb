package dynamodesttest

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Region and Account are the AWS Region and the account in the ARN of every table, unless
// [DB.SetRegion] sets another Region.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// maxARNLength limits a table name that is given as an ARN:
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
const maxARNLength = 1024

var (
	tableARN        = regexp.MustCompile(`^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]{3,255}$`)
	credentialScope = regexp.MustCompile(`Credential=[^/\s,]+/[0-9]+/([^/\s,]+)/`)
)

// ARN returns the Amazon Resource Name of a table with that name in [Region].
func ARN(table string) string { return arn(Region, table) }

// ARN returns the Amazon Resource Name of a table with that name in the Region of the DB.
func (db *DB) ARN(table string) string { return arn(db.regionOf(), table) }

func arn(region, table string) string {
	return "arn:" + partition(region) + ":dynamodb:" + region + ":" + Account + ":table/" + table
}

// partition returns the part of AWS that a Region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// SetRegion puts the DB in one Region. The ARNs of its tables are of that Region, and a request that
// is signed for another Region, or that names a table by an ARN of another Region, meets no table,
// as at AWS, where every Region has tables of its own. Without SetRegion, ARNs are of [Region] and
// requests may be signed for any Region. Call it before the first table is added.
func (db *DB) SetRegion(region string) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.tables) > 0 {
		panic("dynamodesttest: SetRegion after a table was added")
	}
	db.region = region
	db.client = dynamodb.New(db.client.Options(), func(o *dynamodb.Options) { o.Region = region })
}

// regionOf returns the Region in the ARNs of the tables.
func (db *DB) regionOf() string {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.region == "" {
		return Region
	}
	return db.region
}

// signedElsewhere reports whether a request is signed for another Region than that of
// [DB.SetRegion].
func (db *DB) signedElsewhere(header http.Header) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	m := credentialScope.FindStringSubmatch(header.Get("Authorization"))
	return db.region != "" && m != nil && m[1] != db.region
}

// checkTableName checks the form of the name or ARN of a table.
func checkTableName(nameOrARN string) *apiError {
	if len(nameOrARN) <= maxARNLength && tableARN.MatchString(nameOrARN) {
		return nil
	}
	var c constraints
	c.name("tableName", &nameOrARN)
	return c.err()
}

// checkItemTable checks the required name or ARN in an operation on items.
func checkItemTable(nameOrARN *string) *apiError {
	var c constraints
	switch {
	case !c.present("tableName", nameOrARN != nil):
		return c.err()
	case *nameOrARN == "":
		c.length("tableName", nameOrARN, 1, maxARNLength)
		return c.err()
	default:
		return checkTableName(*nameOrARN)
	}
}

// tableNamed returns the name in a name or ARN, and reports whether the ARN is of that Region.
func tableNamed(nameOrARN, region string) (name string, here bool) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN, true
	}
	return strings.CutPrefix(nameOrARN, arn(region, ""))
}

// lookup returns the table with that name or ARN, or nil.
func (db *DB) lookup(nameOrARN string) *table {
	name, here := tableNamed(nameOrARN, db.regionOf())
	if !here {
		return nil
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.tables[name]
}

// tableFor returns the table with that name or ARN, or nil if the request does not meet it.
func (db *DB) tableFor(req *request, nameOrARN string) *table {
	if req.elsewhere {
		return nil
	}
	return db.lookup(nameOrARN)
}
