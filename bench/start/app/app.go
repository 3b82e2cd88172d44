// Package app is what the programs have in common whose start is measured. It
// imports the standard library only, since all of it counts.
package app

import (
	"fmt"
	"os"
	"time"
)

// File is the document that each program reads, in the directory that it is
// started in.
const File = "config.yaml"

// Prefix begins the names of the variables that each program reads, before a "_".
const Prefix = "APP"

// Config is what each program fills.
type Config = ConfigOf[time.Duration]

// ConfigOf lets a library that knows no durations bring a type that it does.
type ConfigOf[D ~int64] struct {
	Limits struct {
		Requests int `config:"requests" koanf:"requests" mapstructure:"requests" konf:"requests" json:"requests" yaml:"requests"`
		Burst    int `config:"burst" koanf:"burst" mapstructure:"burst" konf:"burst" json:"burst" yaml:"burst"`
	} `config:"limits" koanf:"limits" mapstructure:"limits" konf:"limits" json:"limits" yaml:"limits"`
	Services map[string]struct {
		Host    string  `config:"host" koanf:"host" mapstructure:"host" konf:"host" json:"host" yaml:"host"`
		Port    uint16  `config:"port" koanf:"port" mapstructure:"port" konf:"port" json:"port" yaml:"port"`
		TLS     bool    `config:"tls" koanf:"tls" mapstructure:"tls" konf:"tls" json:"tls" yaml:"tls"`
		Timeout D       `config:"timeout" koanf:"timeout" mapstructure:"timeout" konf:"timeout" json:"timeout" yaml:"timeout"`
		Retries int     `config:"retries" koanf:"retries" mapstructure:"retries" konf:"retries" json:"retries" yaml:"retries"`
		Weight  float64 `config:"weight" koanf:"weight" mapstructure:"weight" konf:"weight" json:"weight" yaml:"weight"`
		Name    string  `config:"name" koanf:"name" mapstructure:"name" konf:"name" json:"name" yaml:"name"`
		Zone    string  `config:"zone" koanf:"zone" mapstructure:"zone" konf:"zone" json:"zone" yaml:"zone"`
	} `config:"services" koanf:"services" mapstructure:"services" konf:"services" json:"services" yaml:"services"`
}

// Ready says when the program has its configuration, and what it is.
func (c *ConfigOf[D]) Ready() {
	now := time.Now().UnixNano()
	var timeouts D
	for _, s := range c.Services {
		timeouts += s.Timeout
	}
	fmt.Println(now, c.Limits.Requests, len(c.Services), int64(timeouts))
}

// Check ends the program if there is an error.
func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
