// Package chaos breaks a running fleet in every way it is promised to survive,
// and counts afterwards. It is tests alone, behind the build tag chaos: real
// worker processes of the built binary, a real Redis each, a real Cassandra
// behind a proxy of its own. docs/reliability.md says which promise each holds.
//
//	make chaos          every scenario, with 2,000 tracks on four workers
//	make chaos-short    the same faults with fewer tracks and shorter waits
package chaos
