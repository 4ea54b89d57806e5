package cassandra

// For the tests that write rows as the store does.
var (
	Beginnings = beginnings
	BucketOf   = bucketOf
)
