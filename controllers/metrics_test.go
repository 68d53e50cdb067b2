package controllers

import (
	"os"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Whoever runs forewarn finds each metric in the documentation, and none that is not there.
func TestMetricsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(forewarn_[a-z_]+)` \\|").FindAllSubmatch(page, -1) {
		documented[string(row[1])] = true
	}
	registry := &describing{names: map[string]bool{}}
	if _, err := newMetrics(registry); err != nil {
		t.Fatal(err)
	}
	if err := registry.Register(newScraped(nil, nil, nil)); err != nil {
		t.Fatal(err)
	}
	if err := registry.Register(newLookout(nil, &lookoutLine{}).unwatched()); err != nil {
		t.Fatal(err)
	}
	for name := range registry.names {
		if !documented[name] {
			t.Errorf("docs/metrics.md does not list %s", name)
		}
	}
	for name := range documented {
		if !registry.names[name] {
			t.Errorf("docs/metrics.md lists %s, which there is not", name)
		}
	}
}

// describing is a registry that keeps the names alone.
type describing struct {
	prometheus.Registerer
	names map[string]bool
}

var fqName = regexp.MustCompile(`fqName: "([^"]+)"`)

func (d *describing) Register(collector prometheus.Collector) error {
	descriptions := make(chan *prometheus.Desc, 16)
	collector.Describe(descriptions)
	close(descriptions)
	for description := range descriptions {
		d.names[fqName.FindStringSubmatch(description.String())[1]] = true
	}
	return nil
}
