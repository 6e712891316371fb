package dynamodest

// tableSchema is what the table's description says that concerns rows.
type tableSchema struct {
	partition keyAttr
	sort      keyAttr   // zero if the table has no sort key
	index     []keyAttr // key attributes of secondary indexes that are not also table keys, one per attribute (smallest max)
}

// keyAttr is a key attribute of the table or of a secondary index.
type keyAttr struct {
	name string
	kind kind   // kindS, kindN or kindB
	max  int    // bytes: 2,048 for a partition key, 1,024 for a sort key
	role string // "partition key", "sort key", or with an index: "key of index NAME"
}
