package output

// Name is the name of the output.
const Name = "dynamodest"

// The batch policy of an output that is given none. A message alone would be a request alone.
const (
	batchCount  = 1000
	batchPeriod = "200ms"
)

// What the documentation of an engine shows of the output.
const (
	Summary = "Writes rows to an Amazon DynamoDB table, and rejects only rows that are at fault themselves."

	Description = `
Each message is a row: a JSON object, or the object that a processor has made. Text is read strictly: a repeated name, invalid
UTF-8 and half of a surrogate pair are faults of the row. Numbers keep all their digits.

The settings are those of the library's JSON form, which its command prints by ` + "`dynamodest schema`" + `. Without
` + "`credentials`" + ` and ` + "`region`" + ` those of the environment, the AWS configuration files or the machine's role are used.

What becomes of a row that is not written:

- A row at fault (a bad key, a value that cannot be mapped, too large, refused by DynamoDB, an item that exists) is
  rejected. Put the output into a ` + "`fallback`" + ` with a file or queue for dead letters: metadata ` + "`fallback_error`" + ` begins
  with the label of the reason, such as ` + "`bad_key`" + `. Without a fallback most inputs send the row again for ever.
- A row that DynamoDB does not take at the moment is sent again until it does, or the pipeline is stopped.
- A fault of the table, the access or a setting stops the output. Its batch is kept, the table is checked again and again, and
  the output goes on as soon as the cause is fixed. Nothing is rejected for it.

A message that failed in a processor is written as it is, as by every output: put the output into ` + "`reject_errored`" + ` if
a processor can fail.`

	maxInFlightDescription = "The maximum number of batches in flight at a time. It must be 1 unless `version` is set, since batches that are written at " +
		"the same time are not in order. The rows of one batch go in many requests at a time in any case: see `concurrency`."

	batchingDescription = "How messages are gathered to batches. Without a count, a size, a period or a check, up to 1,000 messages that come within 200ms are a " +
		"batch. With any of them give a period too: a batch that is not full waits for it, and without one for ever. A count of 1 leaves the " +
		"batches as the input makes them. Its `processors` are refused: put them into `pipeline.processors`."

	LintDescription          = "Returns what is wrong with the settings of an output `dynamodest`, as a list of texts. The rules of its linter use it."
	LintParameterDescription = "The name of the setting that the value is of, or nothing if the value is all settings."
)
