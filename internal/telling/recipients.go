package telling

import (
	"cmp"
	"slices"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/audience"
)

// recipients are the customers per channel.
type recipients map[v1alpha1.ObjectName][]recipient

// recipient is one customer of a channel. To one that is relayed nothing is sent: the partner that serves it is told.
type recipient struct {
	id, servedBy v1alpha1.CustomerID
	relayed      bool
}

func (to recipients) add(channel v1alpha1.ObjectName, r recipient) {
	to[channel] = append(to[channel], r)
}

// addAll adds a customer to each channel that a contact leads to.
func (to recipients) addAll(c *audience.Customer) {
	for _, contact := range c.Contacts {
		to.add(contact.Channel, recipient{id: c.ID, servedBy: c.ServedBy})
	}
}

// of are those of one channel, in the order of their ids, each once.
func (to recipients) of(channel v1alpha1.ObjectName) []recipient {
	sorted := slices.SortedFunc(slices.Values(to[channel]), func(a, b recipient) int { return cmp.Compare(a.id, b.id) })
	return slices.CompactFunc(sorted, func(a, b recipient) bool { return a.id == b.id })
}

// channelsOf is the first channel, by name, that leads to each customer: none for one that no contact leads to.
func channelsOf(customers []audience.Customer) map[v1alpha1.CustomerID]v1alpha1.ObjectName {
	channels := map[v1alpha1.CustomerID]v1alpha1.ObjectName{}
	for i := range customers {
		for _, contact := range customers[i].Contacts {
			if known := channels[customers[i].ID]; known == "" || contact.Channel < known {
				channels[customers[i].ID] = contact.Channel
			}
		}
	}
	return channels
}
