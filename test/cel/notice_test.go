//go:build unix

package cel

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What a published notice answers to edits: what begins with a colon, of the field that is edited.
const (
	frozenCovers     = ": what a published notice covers is frozen: publish a new one that supersedes it"
	frozenText       = ": the text of a published notice is frozen: append to updates, or publish a new one that supersedes it"
	frozenSupersedes = "spec.supersedes: what a published notice supersedes is frozen: publish a new one"
	frozenRoles      = "spec.roles: whom a published notice is for is frozen: publish a new one that supersedes it"
	frozenDate       = "spec.effectiveTime: the date of a published notice can only move to later"
	frozenUpdates    = "spec.updates: updates of a published notice can only be appended to"
	staysLapsed      = "spec.effectiveTime: a notice that has lapsed is over, and a later date does not bring it back: publish a new one"
	noDraftAgain     = "spec.state: what customers were told cannot become a draft again: write state: Published or, to take it back, Withdrawn"
	staysWithdrawn   = "spec.state: a withdrawn notice stays withdrawn: publish a new one"
	needsDate        = "spec: a notice that is published says from when the change holds: set effectiveTime"
)

// published is a notice that was told to customers.
func published(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	u := sample(t, "ChangeNotice")
	remove(u, "status.withdrawnTime")
	remove(u, "status.lapsedTime")
	remove(u, "status.inForceTime")
	return u
}

// bare is a published notice that says no more than it must.
func bare(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	u := published(t)
	for _, field := range []string{
		"whatChanges", "whatToDo", "help", "supersedes", "updates", "locale", "translations", "roles", "urgentReason",
	} {
		remove(u, "spec."+field)
	}
	return u
}

func text(s string) map[string]any { return map[string]any{"text": s} }

func english(s string) map[string]any { return map[string]any{"text": s, "locale": "en"} }

// publishedEdits are what is tried on the spec of a published notice.
func publishedEdits() map[string]edit {
	const first, second = "The dashboard keeps its button until August.", "This holds for carts, too."
	edits := map[string]edit{
		"apiRef to another":                           refused("spec.apiRef"+frozenCovers, setting("spec.apiRef.name", "billing")),
		"covers: another operation":                   refused("spec.covers"+frozenCovers, setting("spec.covers[0].operation", "GET /orders/{id}")),
		"covers: another class":                       refused("spec.covers"+frozenCovers, setting("spec.covers[0].class", "Breaking")),
		"covers: one less":                            refused("spec.covers"+frozenCovers, setting("spec.covers", []any{map[string]any{"version": "v2"}})),
		"covers: one more":                            refused("spec.covers"+frozenCovers, add("spec.covers", map[string]any{"version": "v3"})),
		"covers: another order":                       refused("spec.covers"+frozenCovers, func(u *unstructured.Unstructured) { slices.Reverse(at(u, "spec.covers").([]any)) }),
		"state to Draft":                              refused(noDraftAgain, setting("spec.state", "Draft")),
		"state to Withdrawn":                          allowed(setting("spec.state", "Withdrawn")),
		"effectiveTime to a second later":             allowed(setting("spec.effectiveTime", "2027-07-01T00:00:01Z")),
		"effectiveTime to the same moment, elsewhere": allowed(setting("spec.effectiveTime", "2027-07-01T02:00:00+02:00")),
		"effectiveTime to a second earlier":           refused(frozenDate, setting("spec.effectiveTime", "2027-06-30T23:59:59Z")),
		"effectiveTime to earlier by its zone":        refused(frozenDate, setting("spec.effectiveTime", "2027-07-01T00:00:00+00:01")),
		"effectiveTime to nothing":                    {change: removing("spec.effectiveTime"), complaints: []string{frozenDate, needsDate}, removes: true},
		"effectiveTime to nothing, withdrawing": {removes: true, complaints: []string{frozenDate}, change: func(u *unstructured.Unstructured) {
			remove(u, "spec.effectiveTime")
			set(u, "spec.state", "Withdrawn")
		}},
		"updates: one more":           allowed(add("spec.updates", text("And for baskets."))),
		"updates: one more in front":  refused(frozenUpdates, setting("spec.updates", []any{text("First of all:"), text(first), english(second)})),
		"updates: one more between":   refused(frozenUpdates, setting("spec.updates", []any{text(first), text("Besides,"), english(second)})),
		"updates: another order":      refused(frozenUpdates, setting("spec.updates", []any{english(second), text(first)})),
		"updates: the first is gone":  refused(frozenUpdates, setting("spec.updates", []any{english(second)})),
		"updates: the last is gone":   refused(frozenUpdates, setting("spec.updates", []any{text(first)})),
		"updates: all are gone":       refusedRemoval(frozenUpdates, "spec.updates"),
		"updates: the first reworded": refused(frozenUpdates, setting("spec.updates[0].text", "The dashboard keeps its button.")),
		"updates: it answers since":   refused(frozenUpdates, setting("spec.updates[0].answers", "Objections")),
		"updates: it answers no more": refusedRemoval(frozenUpdates, "spec.updates[1].answers"),
		"updates: the last reworded":  refused(frozenUpdates, setting("spec.updates[1].text", second+" And for baskets.")),
		"a label":                     allowed(label),
	}
	for _, field := range []string{"title", "whatChanges", "whatToDo", "help"} {
		edits[field+" to another"] = refused("spec."+field+frozenText, setting("spec."+field, "Never mind."))
		edits[field+" by a space"] = refused("spec."+field+frozenText, func(u *unstructured.Unstructured) {
			set(u, "spec."+field, at(u, "spec."+field).(string)+" ")
		})
	}
	for _, field := range []string{"whatChanges", "whatToDo", "help"} {
		edits[field+" to nothing"] = refusedRemoval("spec."+field+frozenText, "spec."+field)
	}
	edits["locale to another"] = refused("spec.locale"+frozenText, setting("spec.locale", "de"))
	edits["urgentReason to another"] = refused("spec.urgentReason"+frozenText, setting("spec.urgentReason", "Never mind."))
	edits["translations: one more"] = refused("spec.translations"+frozenText, add("spec.translations", map[string]any{"locale": "fr", "title": "x"}))
	edits["translations: another text"] = refused("spec.translations"+frozenText, setting("spec.translations[0].whatToDo", "Nichts."))
	edits["updates: another language"] = refused(frozenUpdates, setting("spec.updates[1].locale", "de"))
	edits["roles: one more"] = refused(frozenRoles, add("spec.roles", "Billing"))
	edits["roles: another"] = refused(frozenRoles, setting("spec.roles", []any{"Billing"}))
	for _, field := range []string{"locale", "translations", "urgentReason"} {
		edits[field+" to nothing"] = refusedRemoval("spec."+field+frozenText, "spec."+field)
	}
	edits["roles to nothing"] = refusedRemoval(frozenRoles, "spec.roles")
	edits["supersedes to another"] = refused(frozenSupersedes, setting("spec.supersedes", "orders-no-delete-2"))
	edits["supersedes to nothing"] = refusedRemoval(frozenSupersedes, "spec.supersedes")
	return edits
}

func add(path string, value any) func(u *unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		list, _ := at(u, path).([]any)
		set(u, path, append(list, value))
	}
}

func TestPublishedNotice(t *testing.T) {
	edits := publishedEdits()
	tryEdits(t, "spec", published(t), everyWay, edits)
	t.Run("every field is tried", func(t *testing.T) {
		for field := range schemaOf(t, "ChangeNotice").Properties["spec"].Properties {
			tried := false
			for _, table := range []map[string]edit{edits, downtimeEdits, apologyEdits} {
				for name, e := range table {
					tried = tried || strings.HasPrefix(name, field) && len(e.complaints) > 0
				}
			}
			if !tried {
				t.Errorf("no edit of %s is refused", field)
			}
		}
	})
}

func TestPublishedNoticeGainsNothing(t *testing.T) {
	tryEdits(t, "spec", bare(t), everyWay, map[string]edit{
		"whatChanges":                 refused("spec.whatChanges"+frozenText, setting("spec.whatChanges", "Nothing.")),
		"whatToDo":                    refused("spec.whatToDo"+frozenText, setting("spec.whatToDo", "Nothing.")),
		"help":                        refused("spec.help"+frozenText, setting("spec.help", "None.")),
		"locale":                      refused("spec.locale"+frozenText, setting("spec.locale", "en")),
		"translations":                refused("spec.translations"+frozenText, setting("spec.translations", []any{map[string]any{"locale": "de", "title": "x"}})),
		"urgentReason":                refused("spec.urgentReason"+frozenText, setting("spec.urgentReason", "It is.")),
		"roles":                       refused(frozenRoles, setting("spec.roles", []any{"Operations"})),
		"supersedes":                  refused(frozenSupersedes, setting("spec.supersedes", "orders-no-delete-1")),
		"a first update":              allowed(add("spec.updates", text("This holds for carts, too."))),
		"a first update and a second": allowed(setting("spec.updates", []any{text("For carts, too."), text("For baskets, too.")})),
	})
}

func TestWithdrawnNotice(t *testing.T) {
	u := sample(t, "ChangeNotice")
	remove(u, "status.lapsedTime")
	set(u, "spec.state", "Withdrawn")
	tryEdits(t, "spec", u, everyWay, map[string]edit{
		"published again":  refused(staysWithdrawn, setting("spec.state", "Published")),
		"a draft again":    {change: setting("spec.state", "Draft"), complaints: []string{staysWithdrawn, noDraftAgain}},
		"its title":        refused("spec.title"+frozenText, setting("spec.title", "Never mind.")),
		"its date earlier": refused(frozenDate, setting("spec.effectiveTime", "2027-06-30T23:59:59Z")),
		"an update":        allowed(add("spec.updates", text("We took this back."))),
	})
}

func TestLapsedNotice(t *testing.T) {
	u := sample(t, "ChangeNotice")
	remove(u, "status.withdrawnTime")
	tryEdits(t, "spec", u, everyWay, map[string]edit{
		"its date a second later": refused(staysLapsed, setting("spec.effectiveTime", "2027-07-01T00:00:01Z")),
		"its date, elsewhere":     allowed(setting("spec.effectiveTime", "2027-07-01T02:00:00+02:00")),
		"withdrawn":               allowed(setting("spec.state", "Withdrawn")),
		"an update":               allowed(add("spec.updates", text("A new notice follows."))),
	})
}

// Until the stamp customers were told nothing, whatever the author asked for.
func TestUnstampedNotice(t *testing.T) {
	for _, state := range []string{"Draft", "Published", "Withdrawn"} {
		t.Run(state, func(t *testing.T) {
			u := sample(t, "ChangeNotice")
			set(u, "spec.state", state)
			remove(u, "status.publishedTime")
			remove(u, "status.withdrawnTime")
			remove(u, "status.lapsedTime")
			edits := map[string]edit{}
			for name, e := range publishedEdits() {
				e.complaints = slices.DeleteFunc(slices.Clone(e.complaints), func(c string) bool {
					return c != needsDate || state != "Published"
				})
				edits[name] = e
			}
			for _, next := range []string{"Draft", "Published", "Withdrawn"} {
				edits["state to "+next] = allowed(setting("spec.state", next))
			}
			tryEdits(t, "spec", u, anyWay, edits)
		})
	}
}
