// Package ports holds programs that were written for other libraries, or types of
// other programs, as they look with confsync. They are tests: each asserts what the
// program relied on.
package ports
