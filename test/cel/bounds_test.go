//go:build unix

package cel

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// fields are what is tried on fields of a sample, by their path in it.
type fields map[string][]probe

// bounded holds every field whose values are bounded, by sample.
var bounded = map[string]fields{
	"APIRevision":            apiRevisionFields,
	"Audience":               audienceFields,
	"ChangeNotice":           changeNoticeFields,
	"ChangeNotice-apology":   apologyFields,
	"ChangeNotice-downtime":  downtimeNoticeFields,
	"CustomerAPI":            customerAPIFields,
	"DeliveryRecord":         deliveryRecordFields,
	"DeprecationSchedule":    deprecationScheduleFields,
	"DowntimeBudget":         downtimeBudgetFields,
	"DowntimeBudget-rolling": rollingBudgetFields,
	"KeptContract":           keptContractFields,
	"NoticeChannel":          noticeChannelFields,
	"NoticeChannel-webhook":  webhookChannelFields,
	"NoticePolicy":           noticePolicyFields,
	"Waiver":                 waiverFields,
}

func TestBounds(t *testing.T) {
	namespace := newNamespace(t)
	for name, table := range bounded {
		stored := sample(t, name)
		place(stored, namespace)
		stored = create(t, stored)
		for path, probes := range table {
			for _, p := range probes {
				t.Run(fmt.Sprintf("%s %s, %s", name, path, p.name), func(t *testing.T) {
					u := sample(t, name)
					place(u, namespace)
					set(u, path, p.value)
					err := tryPart(t, u, stored, path)
					if p.complaint == "" {
						want(t, err)
					} else {
						want(t, err, path+": "+p.complaint)
					}
				})
			}
		}
	}
}

// TestEveryBoundIsTried finds fields whose bounds nothing above tries, and
// texts, lists and maps that have none.
func TestEveryBoundIsTried(t *testing.T) {
	position := regexp.MustCompile(`\[\d+\]`)
	for kind := range plurals {
		tried := map[string]bool{}
		for name, table := range bounded {
			if kindOf(name) != kind {
				continue
			}
			for path := range table {
				tried[position.ReplaceAllString(path, "[]")] = true
			}
		}
		found := map[string]bool{}
		schema := schemaOf(t, kind)
		walk("spec", schema.Properties["spec"], func(path string, s apiextensionsv1.JSONSchemaProps) {
			note(t, kind, found, path, s)
		})
		walk("status", schema.Properties["status"], func(path string, s apiextensionsv1.JSONSchemaProps) {
			note(t, kind, found, path, s)
		})
		for _, path := range slices.Sorted(maps.Keys(found)) {
			if !tried[path] {
				t.Errorf("%s: nothing tries the bounds of %s", kind, path)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(tried)) {
			if !found[path] {
				t.Errorf("%s: %s has no bounds", kind, path)
			}
		}
	}
}

// unbounded names what has no bounds of ours.
var unbounded = []*regexp.Regexp{
	regexp.MustCompile(`\.conditions\[\]`),            // bounded by Kubernetes
	regexp.MustCompile(`\.inForce\.spec\b`),           // the same type as the spec of a NoticePolicy
	regexp.MustCompile(`\.(namespace|api)Selector\b`), // a LabelSelector, which has none
	regexp.MustCompile(`\.matchLabels\{\}$`),          // read as labels, which are short
}

// note keeps the path of what has bounds, and complains of what should.
func note(t *testing.T, kind string, found map[string]bool, path string, s apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	if slices.ContainsFunc(unbounded, func(r *regexp.Regexp) bool { return r.MatchString(path) }) {
		return
	}
	switch {
	case s.Type == "string" && s.MaxLength == nil && len(s.Enum) == 0 && s.Format != "date-time",
		s.Type == "array" && s.MaxItems == nil,
		s.Type == "object" && s.AdditionalProperties != nil && s.MaxProperties == nil:
		t.Errorf("%s: %s has no maximum", kind, path)
	case s.MinLength != nil, s.MaxLength != nil, s.Pattern != "", len(s.Enum) > 0, s.MinItems != nil, s.MaxItems != nil,
		s.Minimum != nil, s.Maximum != nil, s.MinProperties != nil, s.MaxProperties != nil:
		found[path] = true
	}
}

// walk visits a schema and all below it.
func walk(path string, s apiextensionsv1.JSONSchemaProps, visit func(string, apiextensionsv1.JSONSchemaProps)) {
	visit(path, s)
	for name, property := range s.Properties {
		walk(path+"."+name, property, visit)
	}
	if s.Items != nil && s.Items.Schema != nil {
		walk(path+"[]", *s.Items.Schema, visit)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		walk(path+"{}", *s.AdditionalProperties.Schema, visit)
	}
}
