package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Format is the language of a document, named as libraries name it.
type Format string

// The formats that all contenders read.
const (
	YAML Format = "yaml"
	JSON Format = "json"
	TOML Format = "toml"
)

// spell returns a fleet written down as people would. Its services stand in the
// order of their names, and their keys in no order.
func spell(f *Fleet, format Format) []byte {
	switch format {
	case JSON:
		data, err := json.MarshalIndent(f.values(), "", "  ")
		if err != nil {
			panic(err) // nothing in it can't be written
		}
		return data
	case TOML:
		return lines(f, "[limits]\nrequests = %d\nburst = %d\n", "\n[services.%s]\nhost = %q\nport = %d\ntls = %t\n"+
			"timeout = %q\nretries = %d\nweight = %v\nname = %q\nzone = %q\n")
	}
	return lines(f, "limits:\n  requests: %d\n  burst: %d\nservices:\n", "  %s:\n    host: %s\n    port: %d\n    tls: %t\n"+
		"    timeout: %s\n    retries: %d\n    weight: %v\n    name: %s\n    zone: %s\n")
}

func lines(f *Fleet, limits, service string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, limits, f.Limits.Requests, f.Limits.Burst)
	for _, name := range f.names() {
		s := f.Services[name]
		fmt.Fprintf(&b, service, name, s.Host, s.Port, s.TLS, s.Timeout.String(), s.Retries, s.Weight, s.Name, s.Zone)
	}
	return []byte(b.String())
}

func (f *FleetOf[D]) names() []string {
	names := make([]string, 0, len(f.Services))
	for name := range f.Services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
