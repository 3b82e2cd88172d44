package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/confsync/confsync/internal/await"
)

var ctx = context.Background()

// program returns the path of one of Prometheus's programs. Without it the test
// is skipped, unless servers are required.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("CONFSYNC_REQUIRE_SERVERS") != "":
		t.Fatalf("%s is not installed; make servers installs it", name)
	default:
		t.Skipf("%s is not installed; make servers installs it", name)
	}
	return ""
}

func TestRulesAreValid(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), program(t, "promtool"), "check", "rules", "alerts.yaml").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDashboardNamesMetrics asserts that the dashboard and the alerts ask for
// nothing that isn't exported.
func TestDashboardNamesMetrics(t *testing.T) {
	cfg, store := open(t)
	store.Set("port", "80a")
	await.Until(t, "a rejection is counted", func() bool { return cfg.Status().Rejected != nil })
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(cfg))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported := map[string]bool{}
	for _, f := range families {
		exported[f.GetName()] = true
	}
	asked := 0
	for _, file := range []string{"dashboard.json", "alerts.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".json" && !json.Valid(text) {
			t.Errorf("%s is not JSON", file)
		}
		for _, name := range regexp.MustCompile(`confsync_[a-z_]+`).FindAllString(string(text), -1) {
			asked++
			if !exported[name] && !exported[strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")] {
				t.Errorf("%s asks for %s", file, name)
			}
		}
	}
	if asked < 15 {
		t.Errorf("found %d names only", asked)
	}
}

// TestAlertFires runs a real Prometheus with the rules of alerts.yaml, but for how
// long an alert must last before it fires, and sees one fire and end.
func TestAlertFires(t *testing.T) {
	binary := program(t, "prometheus")
	cfg, store := open(t)
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(cfg))
	target := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer target.Close()
	server := startPrometheus(t, binary, strings.TrimPrefix(target.URL, "http://"))

	await.Until(t, "the metrics are scraped", func() bool {
		var answer struct{ Data struct{ Result []any } }
		return get(server+"/api/v1/query?query=confsync_generation", &answer) && len(answer.Data.Result) == 1
	})
	if firing(server, "ConfsyncReloadRejected") {
		t.Error("the alert fires, and nothing is wrong")
	}
	store.Set("port", "80a")
	await.Until(t, "the alert fires", func() bool { return firing(server, "ConfsyncReloadRejected") })
	store.Set("port", 81)
	await.Until(t, "the alert ends", func() bool { return !firing(server, "ConfsyncReloadRejected") })
}

func startPrometheus(t *testing.T, binary, target string) (url string) {
	t.Helper()
	dir := t.TempDir()
	rules, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "alerts.yaml"), regexp.MustCompile(`for: \w+`).ReplaceAllString(string(rules), "for: 0s"))
	put(t, filepath.Join(dir, "prometheus.yaml"), fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 200ms}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: app
    static_configs: [{targets: [%q]}]
`, target))
	addr := freeAddr(t)
	cmd := exec.CommandContext(t.Context(), binary, "--config.file="+filepath.Join(dir, "prometheus.yaml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return "http://" + addr
}

func firing(server, name string) bool {
	var answer struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string
				State  string
			}
		}
	}
	if !get(server+"/api/v1/alerts", &answer) {
		return false
	}
	for _, a := range answer.Data.Alerts {
		if a.Labels["alertname"] == name && a.State == "firing" {
			return true
		}
	}
	return false
}

func get(url string, into any) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) == nil
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
