//go:build unix

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// permitSecrets lets the manager read the Secrets of the test's namespace, as its owner would.
func (e *env) permitSecrets() {
	e.t.Helper()
	e.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "forewarn-secret-reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "forewarn-secret-reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: ownNamespace, Name: "forewarn-manager"}},
	})
}

func (e *env) secret(name, key, value string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: e.namespace, Name: name,
			Annotations: map[string]string{v1alpha1.ListedAtAnnotation: time.Now().UTC().Format(time.RFC3339)},
		},
		StringData: map[string]string{key: value},
	}
}

// touch makes the manager look at an Audience anew: it would within a minute.
func (e *env) touch(audience string, days int32) {
	e.t.Helper()
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"staleAfterDays":%d}}`, days))
	a := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: audience}}
	e.Expect(e.admin.Patch(e.ctx, a, patch)).To(Succeed())
}

func (e *env) audienceIs(name, ready, reachable string) string {
	e.t.Helper()
	var message string
	e.Eventually(func(g Gomega) {
		var state string
		state, message = e.condition(&v1alpha1.Audience{}, name, v1alpha1.ConditionReady)
		g.Expect(state).To(Equal(ready), message)
		state, _ = e.condition(&v1alpha1.Audience{}, name, v1alpha1.ConditionReachable)
		g.Expect(state).To(Equal(reachable))
	}).Should(Succeed())
	return message
}

// Who the customers are is read where the owner of a namespace permits it, and what their contracts promise is owed.
func TestAnAudience(t *testing.T) {
	e := adopted(t)
	const address = "jane.doe@customer.example"
	audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "customers"}}
	audience.Spec.CustomersFrom = v1alpha1.SecretKeyRef{Name: "customers", Key: "customers.csv"}
	audience.Spec.StaleAfterDays = 30
	e.create(audience)
	denied := e.audienceIs("customers", "False SecretDenied", "Unknown SecretDenied")
	e.Expect(denied).To(ContainSubstring("kubectl create rolebinding forewarn-secret-reader -n " + e.namespace))

	// Nobody knows what is owed: no notice is published.
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"audienceRef":{"name":"customers"}}}`))
	e.Expect(e.admin.Patch(e.ctx, &v1alpha1.CustomerAPI{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "orders"}}, patch)).To(Succeed())
	effective := metav1.NewTime(time.Now().Add(200 * 24 * time.Hour).Truncate(time.Second))
	removal := &v1alpha1.ChangeNotice{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "no-delete"}}
	removal.Spec = v1alpha1.ChangeNoticeSpec{
		APIRef: v1alpha1.APIRef{Name: "orders"}, State: v1alpha1.NoticeDraft, EffectiveTime: &effective,
		Title: "Orders can no longer be deleted", WhatChanges: "It answers 404", WhatToDo: "Cancel them", Help: "https://help.example",
		Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
	}
	removal.Spec.State = v1alpha1.NoticePublished
	e.create(removal)
	published := func() string {
		state, _ := e.condition(&v1alpha1.ChangeNotice{}, "no-delete", v1alpha1.ConditionPublished)
		return state
	}
	e.Eventually(published).Should(Equal("False AudienceUnknown"))

	e.permitSecrets()
	e.touch("customers", 31)
	e.audienceIs("customers", "False SecretNotFound", "Unknown SecretNotFound")

	list := "id,time_zone,owed,contacts\nc-1,Europe/Vienna,Removal=365d,Operations:mail=" + address + "\nc-2,,,\n"
	secret := e.secret("customers", "customers.csv", list)
	e.create(secret)
	e.touch("customers", 32)
	e.audienceIs("customers", "True Ready", "False CustomersUnreachable")
	e.get(audience, "customers")
	e.Expect(audience.Status.Customers).To(Equal(ptr.To[int32](2)))
	e.Expect(audience.Status.Unreachable).To(Equal(ptr.To[int32](1)))
	e.Expect(audience.Status.Terms).To(HaveLen(1))

	// The contract owes a year, where the policy owes 180 days (R1).
	e.Eventually(published).Should(Equal("False TooSoon"))
	_, message := e.condition(removal, "no-delete", v1alpha1.ConditionPublished)
	e.Expect(message).To(ContainSubstring("customers are owed 365 days (contract with customer c-1)"))
	e.revision("orders-2", "orders", openAPI(listOrders))
	e.Expect(e.judged("orders-2", "False NoticeMissing")).To(ContainSubstring("contract with customer c-1"))
	later := metav1.NewTime(time.Now().Add(370 * 24 * time.Hour).Truncate(time.Second))
	removal.Spec.EffectiveTime = &later
	e.Expect(e.admin.Update(e.ctx, removal)).To(Succeed())
	e.Eventually(published).Should(Equal("True Published"))
	e.get(removal, "no-delete")
	e.Expect(removal.Status.Owed).To(HaveLen(1))
	e.Expect(string(removal.Status.Owed[0].Customer)).To(Equal("c-1"))

	// A list that is spoilt changes nothing, and is not repeated anywhere.
	secret.StringData = map[string]string{"customers.csv": "id,owed\nc-1,Removal=365d\n" + address + ",\n"}
	e.Expect(e.admin.Update(e.ctx, secret)).To(Succeed())
	e.touch("customers", 33)
	e.Expect(e.audienceIs("customers", "False ListInvalid", "Unknown ListInvalid")).To(ContainSubstring("line 3: id: it is no id"))
	secret.StringData = map[string]string{"customers.csv": "id\n"}
	e.Expect(e.admin.Update(e.ctx, secret)).To(Succeed())
	e.touch("customers", 34)
	e.Eventually(func() string {
		_, message := e.condition(audience, "customers", v1alpha1.ConditionReady)
		return message
	}).Should(ContainSubstring("a notice to nobody is not a notice"))
	e.Expect(audience.Status.Customers).To(Equal(ptr.To[int32](2)))
	e.Expect(audience.Status.Terms).To(HaveLen(1))
	e.Expect(e.everything()).NotTo(ContainSubstring("jane"))
}

// A list says itself how old it is.
func TestAListOfCustomersThatIsStale(t *testing.T) {
	e := newEnv(t)
	e.permitSecrets()
	secret := e.secret("customers", "list", "id,contacts\nc-1,Operations:mail=ops@customer.example\n")
	secret.Annotations[v1alpha1.ListedAtAnnotation] = time.Now().Add(-24 * time.Hour).Add(6 * time.Second).UTC().Format(time.RFC3339)
	e.create(secret)
	audience := &v1alpha1.Audience{ObjectMeta: metav1.ObjectMeta{Namespace: e.namespace, Name: "customers"}}
	audience.Spec.CustomersFrom = v1alpha1.SecretKeyRef{Name: "customers", Key: "list"}
	audience.Spec.StaleAfterDays = 1
	e.create(audience)
	e.audienceIs("customers", "True Ready", "True AllReachable")
	e.Expect(e.audienceIs("customers", "False ListStale", "True AllReachable")).To(ContainSubstring("(staleAfterDays: 1): write it anew"))
	e.Expect(e.events("customers")).To(ContainElement("ListStale"))
}

// everything is all that anybody who may read the objects of forewarn and the events of the namespace can see.
func (e *env) everything() string {
	e.t.Helper()
	var all strings.Builder
	for _, list := range []client.ObjectList{
		&v1alpha1.AudienceList{}, &v1alpha1.ChangeNoticeList{}, &v1alpha1.APIRevisionList{}, &v1alpha1.CustomerAPIList{},
		&v1alpha1.NoticeChannelList{}, &v1alpha1.DeliveryRecordList{}, &corev1.ConfigMapList{}, &corev1.EventList{},
	} {
		e.Expect(e.admin.List(e.ctx, list, client.InNamespace(e.namespace))).To(Succeed())
		fmt.Fprintf(&all, "%+v\n", list)
	}
	return all.String()
}
