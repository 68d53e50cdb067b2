//go:build unix

package cel

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A column of a table: its heading, and what it shows of the sample and of an
// object that nobody has looked at yet.
type column struct {
	Name     string
	Of       any
	OfUnseen any
	Wide     bool
}

var tables = map[string][]column{
	"APIRevision": {
		{Name: "API", Of: "orders", OfUnseen: "orders"},
		{Name: "Judged", Of: "True"},
		{Name: "Admissible", Of: "False"},
		{Name: "Reason", Of: "NoticeMissing"},
		{Name: "Breaking", Of: 2.0},
		{Name: "Uncovered", Of: 1.0},
		{Name: "Earliest", Of: "2027-05-22T22:00:00Z"},
	},
	"Audience": {
		{Name: "Customers", Of: 2.0},
		{Name: "Unreachable", Of: 1.0},
		{Name: "Reachable"},
		{Name: "Ready", Of: "True"},
		{Name: "Reason", Of: "Ready"},
		{Name: "Listed", Of: "2026-11-22T08:00:00Z"},
	},
	"ChangeNotice": {
		{Name: "API", Of: "orders", OfUnseen: "orders"},
		{Name: "Title", Of: "From 1 July 2027 orders can no longer be deleted", OfUnseen: "From 1 July 2027 orders can no longer be deleted", Wide: true},
		{Name: "Published", Of: "True"},
		{Name: "Reason", Of: "Published"},
		{Name: "Delivered", Of: 4.0},
		{Name: "Of", Of: 5.0},
		{Name: "Needs time", Of: 2.0, Wide: true},
		{Name: "Effective", Of: "2027-07-01T00:00:00Z", OfUnseen: "2027-07-01T00:00:00Z"},
		{Name: "Matures", Of: "2027-07-01T00:00:00Z", Wide: true},
		{Name: "Days left", Of: 220.0},
	},
	"CustomerAPI": {
		{Name: "Title", Of: "Orders API", OfUnseen: "Orders API", Wide: true},
		{Name: "Versions", Of: "v1,v2 (Beta)"},
		{Name: "Serving", Of: "orders-3f2a9c1b"},
		{Name: "Enforcement", Of: "Deny"},
		{Name: "Broken", Of: 1.0},
		{Name: "Next change", Of: "2026-12-04T09:05:00Z"},
		{Name: "Ready", Of: "True"},
		{Name: "Reason", Of: "Ready"},
	},
	"DeliveryRecord": {
		{Name: "Notice", Of: "orders-no-delete", OfUnseen: "orders-no-delete"},
		{Name: "Stage", Of: "Reminder-30", OfUnseen: "Reminder-30"},
		{Name: "Channel", Of: "mail", OfUnseen: "mail"},
		{Name: "Delivered", Of: 1.0},
		{Name: "Of", Of: 2.0},
		{Name: "Next attempt", Of: "2027-06-01T00:05:00Z"},
	},
	"KeptContract": {
		{Name: "Format", Of: "OpenAPI", OfUnseen: "OpenAPI"},
		{Name: "Size", Of: 1.0, OfUnseen: 1.0},
	},
	"NoticeChannel": {
		{Name: "Mail", Of: "smtp.acme.example", OfUnseen: "smtp.acme.example"},
		{Name: "Ready", Of: "False"},
		{Name: "Reason", Of: "SecretNotFound"},
	},
	"NoticePolicy": {
		{Name: "Enforcement", Of: "Warn"},
		{Name: "APIs", Of: 3.0},
		{Name: "Ready", Of: "True"},
		{Name: "Reason", Of: "Ready"},
	},
	"Waiver": {
		{Name: "Revision", Of: "orders-9f31c2aa", OfUnseen: "orders-9f31c2aa"},
		{Name: "Active", Of: "True"},
		{Name: "Reason", Of: "Active"},
		{Name: "Ticket", Of: "INC-4711", OfUnseen: "INC-4711"},
		{Name: "Expires", Of: "2026-11-23T08:00:00Z", OfUnseen: "2026-11-23T08:00:00Z"},
	},
}

func TestTables(t *testing.T) {
	namespace := newNamespace(t)
	for kind, columns := range tables {
		t.Run(kind, func(t *testing.T) {
			u := sample(t, kind)
			place(u, namespace)
			status := u.Object["status"]
			u = create(t, u)
			before := row(t, u)
			if status != nil {
				set(u, "status", status)
				_, err := resource(u).UpdateStatus(t.Context(), u, metav1.UpdateOptions{})
				want(t, err)
			}
			after := row(t, u)
			var got []column
			// The first column is the name, the last the age.
			for i, d := range after.ColumnDefinitions[1 : len(after.ColumnDefinitions)-1] {
				got = append(got, column{d.Name, after.Rows[0].Cells[i+1], before.Rows[0].Cells[i+1], d.Priority > 0})
			}
			if diff := cmp.Diff(columns, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

// row is the object as a table, as kubectl get asks for it.
func row(t *testing.T, u *unstructured.Unstructured) *metav1.Table {
	t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(cluster.AdminConfig())
	if err != nil {
		t.Fatal(err)
	}
	get := d.RESTClient().Get().AbsPath("apis", v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version)
	if u.GetNamespace() != "" {
		get = get.Suffix("namespaces", u.GetNamespace(), plurals[u.GetKind()], u.GetName())
	} else {
		get = get.Suffix(plurals[u.GetKind()], u.GetName())
	}
	answer, err := get.SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(t.Context()).Raw()
	if err != nil {
		t.Fatal(err)
	}
	table := &metav1.Table{}
	if err := json.Unmarshal(answer, table); err != nil {
		t.Fatal(err)
	}
	return table
}
