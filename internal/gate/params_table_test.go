package gate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// paramsTable is a file of testdata/params: what APIs select, the gate that this makes, and which APIs pods
// are found to belong to. The policies are held against the same files by a real API server.
type paramsTable struct {
	About string `json:"about"`
	APIs  []struct {
		Name      string              `json:"name"`
		Selectors []map[string]string `json:"selectors"`
		SlotKeys  []string            `json:"slotKeys"`
	} `json:"apis"`
	Lost []string          `json:"lost"`
	Gate map[string]string `json:"gate"`
	Pods []struct {
		About  string            `json:"about"`
		Labels map[string]string `json:"labels"`
		APIs   []string          `json:"apis"`
	} `json:"pods"`
}

func TestParamsTables(t *testing.T) {
	files, err := filepath.Glob("testdata/params/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var table paramsTable
			if err := json.Unmarshal(content, &table); err != nil {
				t.Fatal(err)
			}
			table.check(t)
		})
	}
}

func (table paramsTable) check(t *testing.T) {
	in := gate.NamespaceInput{Now: noon, Namespace: "shop", OwnNamespace: "forewarn", Epoch: 7}
	for _, a := range table.APIs {
		in.APIs = append(in.APIs, governed(a.Name, a.SlotKeys, a.Selectors...))
	}
	got := gate.Publish(in)
	if diff := cmp.Diff(table.Gate, got.Gates[v1alpha1.EnforcementDeny]); diff != "" {
		t.Errorf("gate: %s", diff)
	}
	if diff := cmp.Diff(table.Lost, got.LostSelectors, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("lost selectors: %s", diff)
	}
	for _, pod := range table.Pods {
		apis, _ := lookUp(flat(table.Gate), pod.Labels)
		if diff := cmp.Diff(pod.APIs, apis, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", pod.About, diff)
		}
	}
}

// governed is an API in the gate of Deny.
func governed(name string, slotKeys []string, selectors ...map[string]string) gate.PublishedAPI {
	api := &v1alpha1.CustomerAPI{}
	api.Name = name
	api.Spec.CarriedBy.SlotKeys = slotKeys
	for _, s := range selectors { // they are kept as they are read
		api.Status.Selectors = append(api.Status.Selectors, v1alpha1.PodSelector{MatchLabels: gate.StripSlots(s, slotKeys)})
	}
	return gate.PublishedAPI{API: api, Governed: true, Enforcement: v1alpha1.EnforcementDeny}
}

// lookUp does what the policies do to find the APIs that a pod belongs to: from each label to
// candidates, and then the whole of their selectors. It also returns how many candidates there were.
func lookUp(data, labels map[string]string) (apis []string, candidates int) {
	seen := map[string]bool{}
	for key, value := range labels {
		for api := range strings.SplitSeq(data["pair."+key+"="+value], " ") {
			if api == "" || seen[api] {
				continue
			}
			seen[api] = true
			candidates++
			matches := func(selector string) bool {
				return !slices.ContainsFunc(strings.Split(selector, ","), func(pair string) bool {
					key, want, _ := strings.Cut(pair, "=")
					got, has := labels[key]
					return !has || got != want
				})
			}
			if slices.ContainsFunc(strings.Split(data["select."+api], ";"), matches) {
				apis = append(apis, api)
			}
		}
	}
	slices.Sort(apis)
	return apis, candidates
}
