//go:build unix

package cel

import (
	"fmt"
	"strings"
)

// An address as operators write it: what has no @ in it, or what would begin a
// line or a command of its own, is none.
var mailAddress = all(
	[]probe{
		{"2 characters", "a@", "should be at least 3 chars long"},
		{"3 characters", "a@b", ""},
		{"254 characters", strings.Repeat("a", 252) + "@b", ""},
		{"255 characters", strings.Repeat("a", 253) + "@b", "may not be more than 254 bytes"},
	},
	matching(
		[]string{"notices@acme.example", "Acme APIs <notices@acme.example>", "hinweise@übung.example"},
		[]string{
			"notices", "@acme.example", "notices@", "Acme @acme.example", "notices@acme.example\n", "notices@acme.example\r\nBcc: jane@customer.example",
			"Acme\r\nBcc: c <notices@acme.example>", "Acme\x00 <notices@acme.example>", "Acme\u0085 <notices@acme.example>",
			"notices@acme.example>\r\nDATA", "notices@acme.example, help@acme.example", "notices@acme.example ", "a@b@c",
		}))

var addressRange = all(
	[]probe{
		{"3 characters", "::/", "should be at least 4 chars long"},
		{"4 characters", "::/0", ""},
		{"43 characters", "2001:0db8:0000:0000:0000:0000:0000:0001/128", ""},
		{"44 characters", "2001:0db8:0000:0000:0000:0000:0000:00001/128", "may not be more than 43 bytes"},
	},
	matching(
		[]string{"10.0.0.0/8", "192.168.10.25/32", "fd00:2::/64", "FD00::25/128"},
		[]string{
			"10.1.2.3", "10.1.2/24", "10.1.2.3/", "10.1.2.3/024", "10.1.2.3-10.1.2.9", "fd00::25", "smtp.acme.example/32", "10.1.2.3/32\n",
			" 10.1.2.3/32", "10.1.2.3/32,10.1.2.4/32", "fe80::1%eth0/64", "localhost",
		}))

var noticeChannelFields = fields{
	"spec": notEmpty(),
	"spec.mail.host": all(chars(1, 253), matching(
		[]string{"smtp.acme.example", "smtp.acme.example.", "relay", "10.1.2.3", "::1", "2001:db8::25"},
		[]string{
			"smtp.acme.example:587", "10.1.2.3:587", "smtp://smtp.acme.example", "smtp.acme.example/", "[::1]", "smtp acme", " smtp",
			"smtp.acme.example\n", "smtp\r\nQUIT", "smtp_acme", "-smtp", ".smtp", "notices@smtp.acme.example",
		})),
	"spec.mail.port":                 between(1, 65535),
	"spec.mail.security":             oneOf("StartTLS", "Implicit"), // for None see TestRules
	"spec.mail.from":                 mailAddress,
	"spec.mail.replyTo":              mailAddress,
	"spec.mail.credentialsFrom.name": chars(1, 253),
	"spec.mail.authoritiesFrom.name": chars(1, 253),
	"spec.mail.authoritiesFrom.key":  chars(1, 253),
	"spec.mail.bounces.address": all(
		[]probe{
			{"2 characters", "a@", "should be at least 3 chars long"},
			{"3 characters", "a@b", ""},
			{"254 characters", strings.Repeat("a", 252) + "@b", ""},
			{"255 characters", strings.Repeat("a", 253) + "@b", "may not be more than 254 bytes"},
		},
		matching(
			[]string{"bounces@acme.example", "bounces+forewarn@acme.example", "ablage@übung.example"},
			[]string{
				"bounces", "@acme.example", "bounces@", "Acme <bounces@acme.example>", "<bounces@acme.example>", "bounces@acme.example\n",
				"bounces@acme.example>\r\nDATA", "a@b@c", "bounces @acme.example",
			})),
	"spec.mail.bounces.keysFrom.name": chars(1, 253),
	"spec.allowedRanges":              items(1, 16, func(i int) string { return fmt.Sprintf("10.1.2.%d/32", i) }),
	"spec.allowedRanges[0]":           addressRange,

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
}

var webhookChannelFields = fields{
	"spec.webhook.keysFrom.name":        chars(1, 253),
	"spec.webhook.scheme":               oneOf("HTTPS", "Any"),
	"spec.webhook.authoritiesFrom.name": chars(1, 253),
	"spec.webhook.authoritiesFrom.key":  chars(1, 253),
}

var deliveryRecordFields = fields{
	"spec.noticeRef.name": objectName,
	"spec.noticeRef.uid":  chars(1, 64),
	"spec.channel":        objectName,
	"spec.stage": all(
		[]probe{
			{"0 characters", "", "should be at least 1 chars long"},
			{"33 characters", "Reminder-" + strings.Repeat("1", 24), "may not be more than 32 bytes"},
		},
		matching(
			[]string{
				"Published", "Withdrawn", "Superseded", "InForce", "Reminder-1", "Reminder-3650", "Reminder-30-2", "Postponed-1", "Postponed-9999", "Updated-50",
			},
			[]string{
				"published", "Reminder", "Reminder-", "Reminder-0", "Reminder-07", "Reminder--7", "Reminder-10000", "Reminder-30-0", "Reminder-30-", "Postponed", "Updated",
				"Published-1", "InForce-1", "Acknowledged", "Published\n", "Reminder-7 ",
			})),
	"spec.shard":   between(0, 999),
	"spec.records": between(1, 9999),
	"spec.updates": between(1, 50),

	"status": notEmpty(),
	"status.deliveries": items(1, 500, func(i int) map[string]any {
		return map[string]any{
			"customer": numbered(i), "id": strings.Repeat("0", 32), "state": "Planned", "plannedTime": "2027-06-01T00:00:00Z",
		}
	}),
	"status.deliveries[0].customer": customerID,
	"status.deliveries[0].id": all(charsOf("0", 32, 32), matching(
		[]string{strings.Repeat("0f", 16)}, []string{strings.Repeat("0F", 16), strings.Repeat("0g", 16)})),
	"status.deliveries[0].state":    oneOf("Planned", "Sending", "Waiting", "Delivered", "Failed", "Relayed"),
	"status.deliveries[0].attempts": atLeast(0),
	"status.deliveries[1].reason": all(className, matching(
		[]string{"MailRefused"}, []string{"550 5.1.1 jane@customer.example", "Mail-Refused", "mailRefused"})),
	"status.deliveries[1].servedBy": customerID,
	"status.deliveries[1].answer":   oneOf("Understood", "NeedsTime"),
	"status.delivered":              atLeast(0),
	"status.total":                  atLeast(0),
}
