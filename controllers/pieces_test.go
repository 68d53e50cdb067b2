package controllers

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
	"forewarn.dev/forewarn/internal/snapshot"
	"forewarn.dev/forewarn/test/builders"
)

func TestProposedRevision(t *testing.T) {
	named := func(name, api string, keys ...string) *corev1.ConfigMap {
		proposal := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: name, Labels: map[string]string{v1alpha1.APILabel: api},
		}}
		proposal.Data = map[string]string{}
		for _, key := range keys {
			proposal.Data[key] = ""
		}
		return proposal
	}
	binary := named("orders-1", "orders", "v2.yml")
	binary.BinaryData = map[string][]byte{"v1.json.gz": nil}
	tests := map[string]struct {
		proposal *corev1.ConfigMap
		want     []string // version=key
		wrong    string
	}{
		"a version for each key":    {proposal: named("orders-1", "orders", "v2.json", "v1.yaml", "README.md"), want: []string{"v1=v1.yaml", "v2=v2.json"}},
		"data and binary data":      {proposal: binary, want: []string{"v1=v1.json.gz", "v2=v2.yml"}},
		"a version with a dot":      {proposal: named("orders-1", "orders", "2024-01.1.yaml"), want: []string{"2024-01.1=2024-01.1.yaml"}},
		"two keys of one version":   {proposal: named("orders-1", "orders", "v1.json", "v1.yaml"), wrong: "v1.json and v1.yaml"},
		"no document":               {proposal: named("orders-1", "orders", "README.md"), wrong: "v1.yaml"},
		"a name that is no label":   {proposal: named("orders.1", "orders", "v1.yaml"), wrong: "63"},
		"a name that is too long":   {proposal: named(strings.Repeat("x", 64), "orders", "v1.yaml"), wrong: "63"},
		"an API that cannot be one": {proposal: named("orders-1", "Orders", "v1.yaml"), wrong: "Orders"},
		"a label that says nothing": {proposal: named("orders-1", "", "v1.yaml"), wrong: "CustomerAPI"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			revision, wrong := proposedRevision(test.proposal)
			if test.wrong != "" {
				if revision != nil || !strings.Contains(wrong, test.wrong) {
					t.Errorf("got %v, %q", revision, wrong)
				}
				return
			}
			var got []string
			for _, c := range revision.Spec.Contracts {
				got = append(got, string(c.Version)+"="+c.ConfigMapKeyRef.Key)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || revision.OwnerReferences != nil {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNudgeDue(t *testing.T) {
	changed := time.Date(2026, 11, 22, 12, 0, 0, 500, time.UTC)
	tests := map[string]struct {
		nudged string
		want   *time.Time
	}{
		"never nudged":                            {"", &changed},
		"nudged before the gate changed":          {"2026-11-22T11:59:59Z", &changed},
		"nudged for an annotation of somebody":    {"yesterday", &changed},
		"nudged just after":                       {"2026-11-22T12:00:00Z", ptr.To(changed.Add(nudgeSettle))},
		"nudged a second before all have seen it": {"2026-11-22T12:00:04Z", ptr.To(changed.Add(nudgeSettle))},
		"nudged when all have seen it":            {"2026-11-22T12:00:05Z", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{nudgedAnnotation: test.nudged}}}
			if diff := cmp.Diff(test.want, nudgeDue(set, changed)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyWhatWeRefusedIsNudged(t *testing.T) {
	ours := `pods "x" is forbidden: ValidatingAdmissionPolicy 'forewarn-pods' with binding 'forewarn-pods-deny' denied request: not judged yet`
	condition := func(message string, status corev1.ConditionStatus) *appsv1.ReplicaSet {
		return &appsv1.ReplicaSet{Status: appsv1.ReplicaSetStatus{Conditions: []appsv1.ReplicaSetCondition{
			{Type: appsv1.ReplicaSetReplicaFailure, Status: status, Message: message},
		}}}
	}
	if !replicaSetRefused(condition(ours, corev1.ConditionTrue)) {
		t.Error("we refused it")
	}
	if replicaSetRefused(condition(ours, corev1.ConditionFalse)) || replicaSetRefused(condition("exceeded quota", corev1.ConditionTrue)) {
		t.Error("we did not refuse it")
	}
	template := func(annotation string) *corev1.PodTemplateSpec {
		return &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{v1alpha1.RevisionAnnotation: annotation}}}
	}
	admitted := map[string]bool{"a": true, "b": true}
	for annotation, want := range map[string]bool{"a": true, " a , b": true, "a,c": false, "": false, " , ": false} {
		if got := allAdmitted(template(annotation), admitted); got != want {
			t.Errorf("%q: got %v", annotation, got)
		}
	}
}

func TestPaceRestsForAsLongAsItTook(t *testing.T) {
	c := clocktesting.NewFakePassiveClock(time.Unix(1000, 0))
	p := newPace(c)
	if rest := p.rest("shop"); rest != 0 {
		t.Errorf("nothing was written yet: %s", rest)
	}
	finish := p.begin("shop")
	c.SetTime(time.Unix(1003, 0))
	finish()
	for at, want := range map[int64]time.Duration{1003: 3 * time.Second, 1005: time.Second} {
		c.SetTime(time.Unix(at, 0))
		if rest := p.rest("shop"); rest != want {
			t.Errorf("at %d: got %s, want %s", at, rest, want)
		}
	}
	c.SetTime(time.Unix(1006, 0))
	if rest := p.rest("shop"); rest > 0 || p.rest("carts") > 0 {
		t.Errorf("it rested: %s", rest)
	}
}

func TestMarksOf(t *testing.T) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Labels: map[string]string{
			v1alpha1.GovernedLabel: "true", v1alpha1.WarningLabel: "false", v1alpha1.AuditingLabel: "false", "env": "production",
		},
		Annotations: map[string]string{"until.forewarn.dev/a": "soon", "note": "mine"},
	}}
	marked := marksOf(namespace)
	if !marked.Governed || !maps.Equal(marked.Until, map[string]string{"until.forewarn.dev/a": "soon"}) {
		t.Errorf("got %+v", marked)
	}
	if !marked.Idle[v1alpha1.EnforcementWarn] || !marked.Idle[v1alpha1.EnforcementAudit] || marked.Idle[v1alpha1.EnforcementDeny] {
		t.Errorf("got %+v", marked)
	}
	more := marked.with(gate.Published{
		Until: map[string]string{"until.forewarn.dev/a": "later", "until.forewarn.dev/b": "soon"},
		Gates: map[v1alpha1.Enforcement]map[string]string{v1alpha1.EnforcementWarn: {"apis": "1"}},
	})
	if more.Idle[v1alpha1.EnforcementWarn] || !more.Idle[v1alpha1.EnforcementAudit] {
		t.Errorf("got %+v: a gate is passed over that is about to hold something, or asked in vain", more)
	}
	if len(more.Until) != 2 || more.Until["until.forewarn.dev/a"] != "later" || marked.Until["until.forewarn.dev/a"] != "soon" {
		t.Errorf("got %+v after %+v", more, marked)
	}
	if !(marks{Until: more.Until}).any() || (marks{}).any() {
		t.Error("any")
	}
}

// A gate is asked while it holds something and from before it does, and where nobody says that it need not be.
func TestMarksOfGates(t *testing.T) {
	holds := map[string]string{"apis": "1"}
	for name, tc := range map[string]struct {
		label string
		gate  map[string]string
		while bool // idle while the gates are written
		after bool
	}{
		"it stays empty":       {label: "false", while: true, after: true},
		"it gets an API":       {label: "false", gate: holds},
		"it loses the last":    {label: "true", after: true},
		"it keeps some":        {label: "true", gate: holds},
		"nobody has said, yet": {after: true},
		"what no label says":   {label: "no", after: true},
	} {
		t.Run(name, func(t *testing.T) {
			namespace := &corev1.Namespace{}
			if tc.label != "" {
				namespace.Labels = map[string]string{v1alpha1.WarningLabel: tc.label}
			}
			published := gate.Published{Gates: map[v1alpha1.Enforcement]map[string]string{v1alpha1.EnforcementWarn: tc.gate}}
			if got := marksOf(namespace).with(published).Idle[v1alpha1.EnforcementWarn]; got != tc.while {
				t.Errorf("while it is written: idle %v", got)
			}
			if got := marksFor(published).Idle[v1alpha1.EnforcementWarn]; got != tc.after {
				t.Errorf("after that: idle %v", got)
			}
		})
	}
}

func TestAddressesOfTheAPIServers(t *testing.T) {
	slice := func(port *int32, addresses ...string) discoveryv1.EndpointSlice {
		return discoveryv1.EndpointSlice{
			Ports:     []discoveryv1.EndpointPort{{Port: port}},
			Endpoints: []discoveryv1.Endpoint{{Addresses: addresses}},
		}
	}
	got := addressesOf([]discoveryv1.EndpointSlice{
		slice(ptr.To[int32](6443), "10.0.0.2", "10.0.0.1"), slice(ptr.To[int32](6443), "10.0.0.1"), slice(nil, "10.0.0.3"), slice(ptr.To[int32](443), "fd00::1"),
	})
	if want := []string{"10.0.0.1:6443", "10.0.0.2:6443", "[fd00::1]:443"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for host, want := range map[string]string{
		"https://api.example:6443": "api.example", "https://10.0.0.1:443/prefix": "10.0.0.1", "10.0.0.1:443": "10.0.0.1", "api": "api", "https://[fd00::1]:443": "fd00::1",
	} {
		if got := hostName(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

// What forewarn may do is what it does: no wildcard, no Secret, and nothing deleted that it did not make.
func TestTheRoleIsSmall(t *testing.T) {
	role, err := os.ReadFile("../config/rbac/role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, document := range strings.Split(string(role), "\n---\n") {
		var parsed rbacv1.ClusterRole
		if err := yaml.UnmarshalStrict([]byte(document), &parsed); err != nil {
			t.Fatal(err)
		}
		for _, rule := range parsed.Rules {
			rules++
			all := slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs)
			if slices.Contains(all, "*") || slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Verbs, "impersonate") {
				t.Errorf("%s may too much: %+v", parsed.Name, rule)
			}
			for _, resource := range rule.Resources {
				grant := resource == "referencegrants" && parsed.Namespace == shippedNamespace // its own, in its own namespace
				if slices.Contains(rule.Verbs, "delete") && resource != "configmaps" && resource != "keptcontracts" && !grant {
					t.Errorf("%s deletes %s", parsed.Name, resource)
				}
			}
		}
	}
	if rules == 0 {
		t.Error("no rule was read")
	}
}

func TestStripLeavesWhatIsRead(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Labels:        map[string]string{"app": "orders"},
			Annotations:   map[string]string{v1alpha1.RevisionAnnotation: "orders-1", "other": "long"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet"}},
		},
		Spec: corev1.PodSpec{
			NodeName:       "node",
			InitContainers: []corev1.Container{{Name: "init", Image: "init:1"}},
			Containers:     []corev1.Container{{Name: "app", Image: "orders:1", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: "secret"}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue, Message: "m"},
		}},
	}
	want := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Labels: map[string]string{"app": "orders"}, Annotations: map[string]string{v1alpha1.RevisionAnnotation: "orders-1"},
		},
		Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Image: "init:1"}}, Containers: []corev1.Container{{Image: "orders:1"}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{
			{Type: corev1.PodReady, Status: corev1.ConditionTrue},
		}},
	}
	got, err := stripped(stripPod)(pod)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tombstone := "gone"
	if got, err := stripped(stripPod)(tombstone); err != nil || got != tombstone {
		t.Errorf("got %v, %v", got, err)
	}
	misfit := &v1alpha1.APIRevision{}
	v1alpha1.MarkUnreadable(misfit, "why")
	if _, err := stripped(stripRevision)(misfit); err != nil || snapshot.Read(misfit) == nil || misfit.Annotations == nil {
		t.Errorf("what cannot be read is %+v, %v", misfit, err)
	}
	config := &corev1.ConfigMap{Data: map[string]string{"v1.yaml": "big"}, BinaryData: map[string][]byte{"v2.gz": {1}}}
	stripConfigMap(config)
	if diff := cmp.Diff(&corev1.ConfigMap{Data: map[string]string{"v1.yaml": ""}, BinaryData: map[string][]byte{"v2.gz": nil}}, config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStampIsNeverBeforeTheMoment(t *testing.T) {
	midnight := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct{ at, want time.Time }{
		"a whole second is kept":                       {midnight, midnight},
		"a moment after midnight is not midnight":      {midnight.Add(time.Nanosecond), midnight.Add(time.Second)},
		"a moment before midnight is kept at midnight": {midnight.Add(-time.Nanosecond), midnight},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fromSecond(tc.at); !got.Time.Equal(tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestVersionsShowTheirStability(t *testing.T) {
	api := &v1alpha1.CustomerAPI{}
	api.Spec.Versions = []v1alpha1.APIVersion{
		{Name: "v1", Stability: v1alpha1.StabilityStable}, {Name: "v2", Stability: v1alpha1.StabilityBeta},
	}
	if got, want := versionsOf(api), "v1,v2 (Beta)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A waiver that is over for the clock of a rehearsal alone says so, and one that is over anyway does not.
func TestWaiverInARehearsal(t *testing.T) {
	created := time.Date(2026, time.November, 22, 11, 0, 0, 0, time.UTC)
	waiver := builders.Waiver("inc-4711", "orders-1", created).Until(created.Add(time.Hour)).Obj()
	const offset = 182 * 24 * time.Hour
	for name, test := range map[string]struct {
		own       time.Time
		offset    time.Duration
		rehearsal bool
	}{
		"it has just been created":         {own: created, offset: offset, rehearsal: true},
		"a second before its end":          {own: created.Add(time.Hour - time.Second), offset: offset, rehearsal: true},
		"at its end, it is over anyway":    {own: created.Add(time.Hour), offset: offset},
		"nobody rehearses, and it is over": {own: created.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			now := test.own.Add(test.offset)
			active, reason, message, _ := gate.EvaluateWaiver(waiver, now)
			if active || reason != v1alpha1.ReasonExpired {
				t.Fatalf("it is not over: %s", message)
			}
			want := message
			if test.rehearsal {
				want = "it ended 2026-11-22T12:00:00Z by the clock of this rehearsal, which is moved on by 4368h0m0s; " +
					"it counts once the manager runs without --clock-offset"
			}
			if got := expiredMessage(waiver, now, test.offset, message); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
