// Package compare has configuration libraries do the same work and measures
// them side by side.
//
// A [Contender] is a library with the glue its own documentation asks for. A
// [Work] makes a [Task] of a contender, and a Task checks what it measures: a
// library that gets the wrong result is an error, and one that can't get the
// right one says so and isn't timed. Each task runs in a process of its own, so
// that no library collects another's garbage, and the processes take turns, so
// that all of them see the same machine.
package compare
