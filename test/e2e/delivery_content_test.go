//go:build unix

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// customersOfRoles are three, by the clock of the policy.
const customersOfRoles = `id,locale,contacts
c-1,de-AT,Billing:mail=billing@customer.example;Operations:mail=jane.doe@customer.example
c-2,en-GB,Operations:mail=ops@customer.example
c-3,,Billing:mail=accounts@customer.example
`

// merge puts fields into the spec of a notice.
func (s *telling) merge(notice *v1alpha1.ChangeNotice, spec map[string]any) {
	s.t.Helper()
	patch, err := json.Marshal(map[string]any{"spec": spec})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(s.admin.Patch(s.ctx, notice, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
}

// published waits for the condition Published of a notice, and returns its message.
func (s *telling) published(name, state string) string {
	s.t.Helper()
	var message string
	s.Eventually(func(g Gomega) {
		var is string
		is, message = s.condition(&v1alpha1.ChangeNotice{}, name, v1alpha1.ConditionPublished)
		g.Expect(is).To(Equal(state), message)
	}).Should(Succeed())
	return message
}

// A notice is told when it is what the policy asks, at an hour at which customers may be disturbed or with a reason, to each
// in a language of theirs, and to nobody else than the contacts whom it concerns.
func TestCustomersAreToldAsThePolicyAsks(t *testing.T) {
	now := time.Now().UTC()
	s := newTelling(t, customersOfRoles, func(spec *v1alpha1.NoticePolicySpec) {
		spec.Content = v1alpha1.ContentRules{
			Rules: []v1alpha1.ContentRule{"DateInTitle", "ChangeInTitle", "WhatToDo", "Help", "Locales", "Phrasing"},
			Roles: []v1alpha1.ClassRoles{{Class: v1alpha1.ClassRemoval, Roles: []v1alpha1.ContactRole{"Operations"}}},
			QuietHours: v1alpha1.QuietHours{
				From: v1alpha1.ClockTime(now.Add(-2 * time.Hour).Format("15:04")), To: v1alpha1.ClockTime(now.Add(2 * time.Hour).Format("15:04")),
			},
		}
	})
	s.create(s.mailChannel())
	s.audienceIs("customers", "True Ready", "True AllReachable")
	effective := now.Add(48 * time.Hour)
	notice := s.announce("no-delete", effective)
	s.Expect(s.published("no-delete", "False ContentRefused")).To(SatisfyAll(
		ContainSubstring(`DateInTitle (policy %s): title "Orders can no longer be deleted": it does not name the date`, s.namespace),
		ContainSubstring("Locales (policy %s): translations: 1 customer read de-AT, and there is no text in it: add a translation for de", s.namespace)))

	s.merge(notice, map[string]any{
		"title": "From " + effective.Format("2 January 2006") + " orders can no longer be deleted",
		"translations": []any{map[string]any{
			"locale": "de", "title": "Ab " + effective.Format("02.01.2006") + " lassen sich orders nicht mehr löschen",
			"whatChanges": "Es antwortet mit 404", "whatToDo": "Bitte stornieren",
		}},
	})
	s.Expect(s.published("no-delete", "False QuietHours")).To(ContainSubstring("it is published " + now.Add(2*time.Hour).Format("2006-01-02T15:04:00Z")))
	s.Expect(s.states("Published")).To(BeEmpty())

	s.merge(notice, map[string]any{"urgentReason": "the key is known to others"})
	s.published("no-delete", "True Published")
	s.Expect(s.delivered("no-delete", "False Undeliverable")).To(HavePrefix("delivered to 2 of 3 customers; no contact of the role Operations leads to 1; "))
	s.get(notice, "no-delete")
	s.Expect(notice.Status.Roles).To(Equal([]v1alpha1.ContactRole{"Operations"}))
	letters := s.letters("") // the subject of one is encoded
	s.Expect(letters).To(HaveLen(2))
	s.Expect(letters["jane.doe@customer.example"]).To(HaveLen(1))
	s.Expect(letters["ops@customer.example"]).To(HaveLen(1))
	s.Expect(letters["jane.doe@customer.example"][0].Content).To(SatisfyAll(
		ContainSubstring("Content-Language: de\r\n"), ContainSubstring("Was zu tun ist"), ContainSubstring("Bitte stornieren")))
	s.Expect(letters["ops@customer.example"][0].Content).To(SatisfyAll(
		ContainSubstring("Content-Language: en\r\n"), ContainSubstring("What to do"), ContainSubstring("Cancel them")))
	s.nothingPersonal()
}
