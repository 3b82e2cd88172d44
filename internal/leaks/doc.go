// Package leaks holds the test that plants secrets in every kind of source and
// field, does everything to them that can go wrong, and scans all that the
// library says.
package leaks
