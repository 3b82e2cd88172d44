package schematest

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/confsync/confsync"
)

// everything has a field of each sort that a document can fill.
type everything struct {
	common
	Name     string `config:"name,required"`
	Port     uint16 `config:"port,required" default:"8080"`
	On       bool
	Tiny     int8
	Big      int64
	Huge     uint64
	Any      any
	Ratio    float64
	Small    float32
	Wait     time.Duration
	From     time.Time
	Page     url.URL
	Level    slog.Level
	Limit    confsync.Size
	Addr     netip.Addr
	Raw      []byte
	JSON     json.RawMessage
	Reads    readsJSON
	MAC      net.HardwareAddr
	Must     map[string]int `config:"must,required"`
	Renamed  int            `config:"renamed,alias=former,deprecated=old_name"`
	Password confsync.Secret
	Count    *int
	Tags     []string
	Ports    []uint16
	Switches []bool
	Waits    []time.Duration
	Pair     [2]int
	Grid     [][]int
	Labels   map[string]string
	ByNumber map[int]bool
	ByWait   map[time.Duration]int
	Weights  []map[string]int
	Server   struct {
		MaxConns int `json:"maxConns"`
		Pool     struct {
			Size int `default:"5"`
			Idle uint8
		}
	}
	Store    *store
	Servers  []store
	Services map[string]store
	Tree     *node
}

// readsJSON takes whatever JSON there is.
type readsJSON struct{ text string }

func (r *readsJSON) UnmarshalJSON(data []byte) error {
	r.text = string(data)
	return nil
}

type common struct {
	Region string
	Zone   string `config:"zone"`
}

type store struct {
	Host    string `config:"host,required"`
	Port    int    `config:"port,required" default:"1"`
	Timeout time.Duration
}

// node holds itself.
type node struct {
	Value    string `config:"value,required"`
	Children []node
	Rest     map[string]node `config:",remain"`
}

// open takes keys that no field does.
type open struct {
	ID    int            `config:"id/x~y z%"`
	Extra map[string]int `config:",remain"`
}

// needy can't be made of nothing, deep inside.
type needy struct {
	A struct {
		B struct {
			C int `config:"c,required"`
		}
		D int
	}
	E *struct {
		F int `config:"f,required"`
	}
}

// switched has sections that are switched on and off: with nothing to set, with
// any keys, with keys that must be set.
type switched struct {
	Empty *struct{}
	Value struct{}
	Any   *struct {
		All map[string]int `config:",remain"`
	}
	Some *struct{ A int }
	Must *struct {
		F int `config:"f,required"`
	}
	List  []*struct{}
	Two   [2]*struct{}
	Musts []*struct {
		F int `config:"f,required"`
	}
	Named  map[string]*struct{}
	Needed *struct{} `config:"needed,required"`
}
