package gate

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
	"forewarn.dev/forewarn/internal/notice/content"
)

// What the status of a notice can freeze: so many entries, of so many bytes. An object may take 1.5 MiB in etcd, and a
// spec takes up to 950 KiB of it where all its texts are of letters of four bytes.
const (
	maxOwed      = 640
	maxOwedBytes = 320 << 10
)

var fingerprints = regexp.MustCompile(`^[0-9a-f]{12}$`)

// missing says what customers would miss in the notice, or what in it would cover nothing.
func (n *notification) missing() []string {
	spec := &n.Notice.Spec
	var missing []string
	if spec.State != v1alpha1.NoticePublished {
		missing = append(missing, fmt.Sprintf("its state %q is not known: write Draft, Published or Withdrawn",
			short(string(spec.State))))
	}
	if spec.Title == "" {
		missing = append(missing, "it has no title: say what changes and from when")
	}
	if spec.EffectiveTime == nil {
		missing = append(missing, "it has no effectiveTime: say from when the change holds")
	}
	if len(spec.Covers) == 0 {
		missing = append(missing, "it covers nothing: list the changes in covers")
	}
	for i, entry := range spec.Covers {
		if text := n.missingIn(entry); text != "" {
			missing = append(missing, fmt.Sprintf("covers[%d] %s", i, text))
		}
	}
	missing = append(missing, missingWindow(spec)...)
	if text := content.Locales(spec); text != "" {
		missing = append(missing, text)
	}
	if spec.UrgentReason != "" && strings.TrimSpace(spec.UrgentReason) == "" {
		missing = append(missing, "its urgentReason says nothing: say why customers have to be told at once, or leave it out")
	}
	if text := n.missingOlder(); text != "" {
		missing = append(missing, text)
	}
	if owed := n.owed(); len(owed) > maxOwed || !storable(owed) {
		missing = append(missing, "it covers too many classes of changes to keep what is owed for each: set class in each entry of covers, or tell of them in several notices")
	}
	return missing
}

// storable says that there is room for what would be frozen. A part of it would not do: what is not frozen is owed as a
// later policy has it.
func storable(owed []v1alpha1.OwedNotice) bool {
	written, err := json.Marshal(owed)
	return err == nil && len(written) <= maxOwedBytes
}

func (n *notification) missingIn(entry v1alpha1.CoveredChange) string {
	version := short(string(entry.Version))
	var declared []string
	for _, v := range n.API.Spec.Versions {
		declared = append(declared, string(v.Name))
	}
	known := slices.Contains(declared, string(entry.Version)) || slices.Contains(promisedVersions(n.API), string(entry.Version))
	switch {
	case !known:
		return fmt.Sprintf("names version %q, which customerapi/%s has not: it has %s", version, short(n.API.Name), enumerate(declared))
	case entry.Class != "" && notice.CheckClass(entry.Class) != nil:
		return notice.CheckClass(entry.Class).Error()
	case entry.Fingerprint != "" && !fingerprints.MatchString(entry.Fingerprint):
		return fmt.Sprintf("names fingerprint %q, which is not 12 hex digits", short(entry.Fingerprint))
	}
	return n.unclear(entry)
}

// unclear says what keeps an entry from covering anything, or from saying what (R5).
func (n *notification) unclear(entry v1alpha1.CoveredChange) string {
	const name = `name the operation, such as "DELETE /orders/{id}", or the fingerprint`
	rule, named := entry.Rule, entry.Operation != "" || entry.Fingerprint != ""
	removal := n.policies.ClassesOf(notice.RuleVersionRemoved, v1alpha1.ClassRemoval)
	switch {
	case entry.Fingerprint == "" && entry.Operation != "" && !notice.ExactOperation(entry.Operation):
		return fmt.Sprintf("names operation %q, which is none, and nothing in it stands for another: "+name, short(entry.Operation))
	case rule != "" && rule != notice.RuleDeclared && !contract.KnowsRule(rule):
		return fmt.Sprintf("names rule %q, which finds nothing: leave it out, or name one that the documentation lists", short(rule))
	case entry.Operation != "" && contract.OfNoOperation(rule):
		return fmt.Sprintf("names rule %s and an operation, and what the rule finds is of none: leave the operation out", rule)
	case rule != "" && !named && !contract.OfNoOperation(rule):
		return fmt.Sprintf("names no more than version %s and rule %s, which tells nobody what changes: "+name, entry.Version, rule)
	case (n.Notice.Spec.DowntimeMinutes != 0 || n.apology()) && !named: // a version is down as a whole
	case rule == "" && !named && entry.Class == v1alpha1.ClassDeprecation: // or deprecated
	case rule == "" && !named && entry.Class != "" && !slices.Contains(removal, entry.Class):
		return fmt.Sprintf("names no more than version %s and class %s, which covers nothing: "+name, entry.Version, entry.Class)
	}
	return ""
}

func (n *notification) missingOlder() string {
	older := n.Notice.Spec.Supersedes
	switch {
	case older == "":
		return ""
	case string(older) == n.Notice.Name:
		return "it supersedes itself: name another notice, or none"
	}
	published := func(other v1alpha1.ChangeNotice) bool {
		return other.Name == string(older) && other.Status.PublishedTime != nil
	}
	i := slices.IndexFunc(n.Others, published)
	if i >= 0 && n.Others[i].Status.Removal.Schedule != "" {
		return fmt.Sprintf("it supersedes %s, which tells of the end that schedule %s sets: move sunsetTime of the schedule, or withdraw the schedule",
			short(string(older)), short(string(n.Others[i].Status.Removal.Schedule)))
	}
	if i < 0 {
		return fmt.Sprintf("it supersedes %s, which is no published notice of customerapi/%s: name one, or none",
			short(string(older)), short(n.API.Name))
	}
	return ""
}
