package testserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Debian's ZooKeeper. The manifest of its archive names the libraries it needs, but for what netty needs
// to speak TLS.
const (
	javaDir       = "/usr/share/java/"
	zookeeperJar  = javaDir + "zookeeper.jar"
	zookeeperPath = zookeeperJar + ":" + javaDir + "netty-codec.jar:" + javaDir + "netty-resolver.jar"
)

// ZooKeeperConfig says how a ZooKeeper server runs. Its zero value has no TLS, and lets a session last
// between 1 s and 10 s. State is kept in the data directory, across Kill and Start, until Wipe.
type ZooKeeperConfig struct {
	// TLS serves TLS only, to clients with a certificate only.
	TLS *Certs
	// Config are further lines of zoo.cfg. With enforce.auth.enabled=true and enforce.auth.schemes=digest
	// nobody gets in without credentials, CLI neither.
	Config []string
}

// ZooKeeper starts a standalone ZooKeeper server.
func ZooKeeper(t testing.TB, cfg ZooKeeperConfig) *Server {
	t.Helper()
	return boot(t, func() []*Server { return []*Server{newZooKeeper(t, cfg)} })[0]
}

func newZooKeeper(t testing.TB, cfg ZooKeeperConfig) *Server {
	t.Helper()
	java := program(t, "java")
	if _, err := os.Stat(zookeeperJar); err != nil {
		missing(t, "zookeeper")
	}
	s := newServer(t, "zookeeper", 1)
	config := []string{
		"dataDir=" + s.DataDir(),
		"tickTime=500",
		"maxClientCnxns=0",
		"admin.enableServer=false",
		"4lw.commands.whitelist=ruok,srvr",
		"forceSync=no", // what a killed process wrote is still the kernel's
	}
	port := strconv.Itoa(s.ports[0])
	var clientTLS []string
	if cfg.TLS == nil {
		config = append(config, "clientPortAddress=127.0.0.1", "clientPort="+port)
	} else {
		config = append(config, "secureClientPortAddress=127.0.0.1", "secureClientPort="+port,
			"serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
			"ssl.keyStore.location="+cfg.TLS.ServerBoth, "ssl.keyStore.type=PEM",
			"ssl.trustStore.location="+cfg.TLS.CA, "ssl.trustStore.type=PEM",
			"ssl.clientAuth=need")
		clientTLS = []string{
			"-Dzookeeper.client.secure=true",
			"-Dzookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty",
			"-Dzookeeper.ssl.keyStore.location=" + cfg.TLS.ClientBoth, "-Dzookeeper.ssl.keyStore.type=PEM",
			"-Dzookeeper.ssl.trustStore.location=" + cfg.TLS.CA, "-Dzookeeper.ssl.trustStore.type=PEM",
		}
	}
	config = append(config, cfg.Config...)
	file := s.writeFile("zoo.cfg", strings.Join(config, "\n")+"\n")

	jvm := []string{java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"}
	s.argv = append(append([]string{}, jvm...), "-cp", zookeeperPath+":"+javaDir+"slf4j-simple.jar",
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", file)
	s.client = append(append(append([]string{}, jvm...), clientTLS...), "-cp", zookeeperPath+":"+javaDir+"slf4j-nop.jar",
		"org.apache.zookeeper.ZooKeeperMain", "-server", s.Addr())
	s.check = func(ctx context.Context) error { return zookeeperServes(ctx, s.Addr(), cfg.TLS.client()) }
	return s
}

// zookeeperServes returns nil if the server says which part it plays: it does so once it serves.
func zookeeperServes(ctx context.Context, addr string, cfg *tls.Config) error {
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	conn := raw
	if cfg != nil {
		cfg.ServerName = "127.0.0.1"
		conn = tls.Client(raw, cfg)
	}
	if _, err := io.WriteString(conn, "srvr"); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && !strings.Contains(string(answer), "\nMode: ") {
		err = fmt.Errorf("srvr: %q", answer)
	}
	return err
}
