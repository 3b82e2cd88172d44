package compare

import (
	"fmt"
	"time"
)

// Fleet is the struct that every contender fills: services of eight keys each
// in a Go map, beside a plain nested struct. Each library finds its own tag.
type Fleet = FleetOf[time.Duration]

// FleetOf lets a library that knows no durations bring a type that it does.
type FleetOf[D ~int64] struct {
	Limits   Limits                  `config:"limits" koanf:"limits" mapstructure:"limits" konf:"limits" json:"limits"`
	Services map[string]ServiceOf[D] `config:"services" koanf:"services" mapstructure:"services" konf:"services" json:"services"`
}

// Limits is the plain nested struct.
type Limits struct {
	Requests int `config:"requests" koanf:"requests" mapstructure:"requests" konf:"requests" json:"requests"`
	Burst    int `config:"burst" koanf:"burst" mapstructure:"burst" konf:"burst" json:"burst"`
}

// Service is an entry of the Go map.
type Service = ServiceOf[time.Duration]

// ServiceOf is a Service with another type of duration.
type ServiceOf[D ~int64] struct {
	Host    string  `config:"host" koanf:"host" mapstructure:"host" konf:"host" json:"host"`
	Port    uint16  `config:"port" koanf:"port" mapstructure:"port" konf:"port" json:"port"`
	TLS     bool    `config:"tls" koanf:"tls" mapstructure:"tls" konf:"tls" json:"tls"`
	Timeout D       `config:"timeout" koanf:"timeout" mapstructure:"timeout" konf:"timeout" json:"timeout"`
	Retries int     `config:"retries" koanf:"retries" mapstructure:"retries" konf:"retries" json:"retries"`
	Weight  float64 `config:"weight" koanf:"weight" mapstructure:"weight" konf:"weight" json:"weight"`
	Name    string  `config:"name" koanf:"name" mapstructure:"name" konf:"name" json:"name"`
	Zone    string  `config:"zone" koanf:"zone" mapstructure:"zone" konf:"zone" json:"zone"`
}

const keysPerService = 8

// newFleet returns the fleet that documents of about n keys spell.
func newFleet(n int) *Fleet {
	f := &Fleet{Limits: Limits{Requests: 500, Burst: 10}, Services: make(map[string]Service, n/keysPerService)}
	for i := range n / keysPerService {
		f.Services[serviceName(i)] = Service{
			Host: fmt.Sprintf("host%d.example.com", i), Port: uint16(8000 + i%1000), TLS: true, Timeout: 5 * time.Second,
			Retries: 3, Weight: 0.5, Name: fmt.Sprintf("service %d", i), Zone: "eu-west-1",
		}
	}
	return f
}

func serviceName(i int) string { return fmt.Sprintf("svc-%05d", i) }

// values returns a fleet as a parser would give it.
func (f *FleetOf[D]) values() values {
	services := make(values, len(f.Services))
	for name, s := range f.Services {
		services[name] = values{
			"host": s.Host, "port": int(s.Port), "tls": s.TLS, "timeout": time.Duration(s.Timeout).String(),
			"retries": s.Retries, "weight": s.Weight, "name": s.Name, "zone": s.Zone,
		}
	}
	limits := values{"requests": f.Limits.Requests, "burst": f.Limits.Burst}
	return values{"limits": limits, "services": services}
}

// plain returns the fleet with durations as Go has them.
func (f *FleetOf[D]) plain() *Fleet {
	out := &Fleet{Limits: f.Limits, Services: make(map[string]Service, len(f.Services))}
	for name, s := range f.Services {
		out.Services[name] = Service{Host: s.Host, Port: s.Port, TLS: s.TLS, Timeout: time.Duration(s.Timeout),
			Retries: s.Retries, Weight: s.Weight, Name: s.Name, Zone: s.Zone}
	}
	return out
}

// at returns the value at one of the paths that the works change.
func (f *FleetOf[D]) at(path string) int {
	if path == limitPath {
		return f.Limits.Requests
	}
	return f.Services[serviceOf(path)].Retries
}
