// Package stores runs the four stores and talks to them, all in the same way,
// by their own libraries: for the benchmarks, and for its own tests of what all
// stores have in common. These are that the same keys make the same tree in each
// of them, that every source keeps the contract, and that none loses an update,
// tears a transaction or hides that it is cut off, whatever happens to its server.
//
// CONFSYNC_SOAK is how long TestU8Faults injects faults, by default each once;
// CONFSYNC_SEED repeats the order of a run; CONFSYNC_REPORT names a file for its
// report. `make soak` sets them.
package stores
