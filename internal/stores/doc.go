// Package stores holds no code, but the tests of what all stores have in
// common: that the same keys make the same tree in each of them, that every
// source keeps the contract, and that none loses an update, tears a
// transaction or hides that it is cut off, whatever happens to its server.
//
// CONFSYNC_SOAK is how long TestU8Faults injects faults, by default half a
// minute; CONFSYNC_SEED repeats the order of a run; CONFSYNC_REPORT names a file
// for its report. `make soak` sets them.
package stores
