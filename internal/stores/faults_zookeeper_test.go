package stores

import (
	"io"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/go-zookeeper/zk"
)

// zookeeperFaults: the programs' session expires while they are cut off.
func (b *faultRun) zookeeperFaults() []fault {
	z := b.through.(*zkClient)
	var id int64
	var alive string
	hole := b.blackHole()
	inject, heal := b.cut, b.mend
	if b.rand.IntN(2) == 0 {
		inject, heal = hole.inject, hole.heal
	}
	return []fault{{"session expired", true, func() {
		var err error
		// A node that lives as long as the session.
		alive, err = z.Create("/alive", nil, zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll))
		must(b, err)
		id = z.SessionID()
		inject()
	}, func() {
		direct := b.writer.direct().(*zkClient)
		b.until(func() string { return "the session's end" }, func() bool {
			there, _, err := direct.Exists(alive)
			return err == nil && !there
		})
		heal()
		b.until(func() string { return "another session" }, func() bool {
			return z.State() == zk.StateHasSession && z.SessionID() != id
		})
	}}}
}

// overtake makes a new client of a ZooKeeper server that was wiped, and has it
// write until the server has counted further than any client has seen. Until
// then it refuses those.
func (b *faultRun) overtake(old *zkClient) Client {
	old.Close()
	c := connect(b, b.store, b.server.Addr(), nil).(*zkClient)
	_, err := c.Create("/fill", nil, 0, zk.WorldACL(zk.PermAll))
	must(b, err)
	var filling sync.WaitGroup
	for range 32 {
		filling.Go(func() {
			for at := int64(0); at < b.counted+1000; {
				stat, err := c.Set("/fill", nil, -1)
				if err != nil {
					b.Error(err)
					return
				}
				at = stat.Mzxid
			}
		})
	}
	filling.Wait()
	return c
}

// zxid returns how far a ZooKeeper server has counted.
func (b *faultRun) zxid() int64 {
	conn, err := net.Dial("tcp", b.server.Addr())
	must(b, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "srvr")
	must(b, err)
	answer, err := io.ReadAll(conn)
	must(b, err)
	_, rest, _ := strings.Cut(string(answer), "\nZxid: ")
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseInt(line, 0, 64)
	must(b, err)
	return n
}
