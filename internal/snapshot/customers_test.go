package snapshot

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// A customer that a partner serves is reached by the partner, unless it has contacts of its own: then by those.
func TestWhoIsUnreachable(t *testing.T) {
	customer := func(id, servedBy v1alpha1.CustomerID, keys ...string) v1alpha1.Customer {
		c := v1alpha1.Customer{ID: id, ServedBy: servedBy}
		for _, key := range keys {
			c.Contacts = append(c.Contacts, v1alpha1.Contact{Role: "Operations", Channel: "mail", AddressFrom: v1alpha1.SecretKeyRef{Name: "contacts", Key: key}})
		}
		return c
	}
	cases := map[string]struct {
		customers []v1alpha1.Customer
		want      int
	}{
		"all have an address":              {[]v1alpha1.Customer{customer("a", "", "there"), customer("p", "", "there")}, 0},
		"one has no contact":               {[]v1alpha1.Customer{customer("a", ""), customer("p", "", "there")}, 1},
		"one address of two":               {[]v1alpha1.Customer{customer("a", "", "missing", "there")}, 0},
		"a partner tells it":               {[]v1alpha1.Customer{customer("a", "p"), customer("p", "", "there")}, 0},
		"nothing leads to the partner":     {[]v1alpha1.Customer{customer("a", "p"), customer("p", "", "missing")}, 2},
		"its own contacts lead nowhere":    {[]v1alpha1.Customer{customer("a", "p", "missing"), customer("p", "", "there")}, 1},
		"its own do, the partner's do not": {[]v1alpha1.Customer{customer("a", "p", "there"), customer("p", "")}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			reader := FromManifests([]client.Object{&corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "contacts"}, Data: map[string][]byte{"there": []byte("ops@customer.example")},
			}})
			audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "customers"}, Spec: v1alpha1.AudienceSpec{Customers: c.customers}}
			found, err := New(reader, reader).Customers(t.Context(), audience)
			if err != nil || found.Problem != nil || found.Unreachable != c.want {
				t.Errorf("%d are unreachable, want %d; %v, %+v", found.Unreachable, c.want, err, found.Problem)
			}
		})
	}
}
