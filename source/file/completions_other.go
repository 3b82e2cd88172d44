//go:build !linux

package file

// openCompletions returns nil: the system doesn't tell.
func openCompletions(func(event)) *completions { return nil }

// completions is never made.
type completions struct{}

func (c *completions) add(string)      {}
func (c *completions) remove(string)   {}
func (c *completions) has(string) bool { return false }
func (c *completions) drain()          {}
func (c *completions) close()          {}

// tellsOfClosing reports whether the system tells that a writer has closed a file.
const tellsOfClosing = false
