//go:build unix

package cel

import "testing"

const (
	removalStays  = "status: whether a removal needs more than its notice stays as it was at publication"
	removalOf     = "status.removal: of which schedule a removal is, and where its days are counted, stays as it was at publication"
	removalDays   = "status.removal: the days before a removal do not become fewer"
	removalNeeds  = "status.removal: what a removal needs does not become less"
	requiresField = "status.removal.requires"
)

// What customers were told stays for so long, whatever becomes of the schedule: it can only stay for longer.
func TestWhatARemovalNeedsOnlyBecomesMore(t *testing.T) {
	u := sample(t, "ChangeNotice")
	set(u, "spec.state", "Withdrawn")
	tryEdits(t, "status", u, everyWay, map[string]edit{
		"gone":                     refusedRemoval(removalStays, "status.removal"),
		"of another schedule":      refused(removalOf, setting("status.removal.schedule", "orders-v2")),
		"counted elsewhere":        refused(removalOf, setting("status.removal.timeZone", "UTC")),
		"a day less":               refused(removalDays, setting("status.removal.days", int64(29))),
		"a day more":               allowed(setting("status.removal.days", int64(31))),
		"each has to acknowledge":  allowed(setting(requiresField, "UnusedOrAcknowledged")),
		"nobody may use it":        allowed(setting(requiresField, "Unused")),
		"somebody uses it no more": allowed(setting("status.removalUse.customers", int64(0))),
		"nobody knows who does":    {change: removing("status.removalUse"), removes: true},
	})
	set(u, requiresField, "UnusedOrAcknowledged")
	tryEdits(t, "status", u, anyWay, map[string]edit{
		"nobody may use it": allowed(setting(requiresField, "Unused")),
		"whoever uses it":   refused(removalNeeds, setting(requiresField, "Date")),
	})
	set(u, requiresField, "Unused")
	tryEdits(t, "status", u, anyWay, map[string]edit{
		"whoever acknowledged it": refused(removalNeeds, setting(requiresField, "UnusedOrAcknowledged")),
		"whoever uses it":         refused(removalNeeds, setting(requiresField, "Date")),
	})
	remove(u, "status.removal")
	tryEdits(t, "status", u, anyWay, map[string]edit{
		"asked for afterwards": refused(removalStays, setting("status.removal", map[string]any{
			"schedule": "orders-v1", "days": int64(30), "timeZone": "UTC", "requires": "Date"})),
	})
}
