//go:build unix

package cel

import (
	"fmt"
	"strings"
)

var customerID = all(chars(1, 63), matching(
	[]string{"c-10423", "C_1.a", "7"}, []string{"jane@customer.example", "-a", "a-", "a b"}))

var locale = all(chars(2, 35), matching([]string{"de", "zh-Hant-TW"}, []string{"de_AT", "de-", "d e"}))
var metricLabel = all(chars(1, 128), matching(
	[]string{"customer", "_a1", "Customer_ID"}, []string{"1a", "a-b", "a b", "a.b"}))

var audienceFields = fields{
	"spec": notEmpty(),
	"spec.customers": items(1, 200, func(i int) map[string]any {
		return map[string]any{"id": numbered(i)}
	}),
	"spec.customers[0].id":          customerID,
	"spec.customers[0].locale":      locale,
	"spec.customers[0].timeZone":    chars(1, 64),
	"spec.customers[0].holidays":    items(1, 8, func(i int) string { return fmt.Sprintf("C%d", i) }),
	"spec.customers[0].holidays[0]": chars(2, 16),
	"spec.customers[0].owed": items(1, 16, func(i int) map[string]any {
		return map[string]any{"class": "Removal", "days": int64(i)}
	}),
	"spec.customers[0].owed[0].class":        className,
	"spec.customers[0].owed[0].stability":    stability,
	"spec.customers[0].owed[0].days":         between(0, 3650),
	"spec.customers[0].owed[1].businessDays": between(0, 2500),
	"spec.customers[0].servedBy":             customerID,
	"spec.customers[0].contacts": items(1, 8, func(i int) map[string]any {
		return map[string]any{"role": "Operations", "channel": numbered(i), "addressFrom": map[string]any{"name": "a", "key": "b"}}
	}),
	"spec.customers[0].contacts[0].role":             className,
	"spec.customers[0].contacts[0].channel":          objectName,
	"spec.customers[0].contacts[0].addressFrom.name": chars(1, 253),
	"spec.customers[0].contacts[0].addressFrom.key":  chars(1, 253),
	"spec.customersFrom.name":                        chars(1, 253),
	"spec.customersFrom.key":                         chars(1, 253),
	"spec.staleAfterDays":                            between(1, 3650),
	"spec.usage.url": all(
		matching(
			[]string{"https://prometheus.monitoring:9090", "https://prometheus.acme.example/shop/", "https://[fd00::1]:9090"},
			[]string{"prometheus:9090", "ftp://a.example", "https://a:b@c.example", "https://a.example/?a=b", "https://a.example/#a", "https:///a", "https://a b.example", "https://a.example\n"}),
		[]probe{
			{"7 characters", "https:/", "should be at least 8 chars long"},
			{"9 characters", "https://a", ""},
			{"512 characters", "https://" + strings.Repeat("a", 504), ""},
			{"513 characters", "https://" + strings.Repeat("a", 505), "may not be more than 512 bytes"},
		}),
	"spec.usage.query": []probe{
		{"6 characters", "window", "should be at least 7 chars long"},
		{"7 characters", "$window", ""},
		{"4096 characters", strings.Repeat("a", 4089) + "$window", ""},
		{"4097 characters", strings.Repeat("a", 4090) + "$window", "may not be more than 4096 bytes"},
	},
	"spec.usage.windowDays":           between(1, 365),
	"spec.usage.customerLabel":        metricLabel,
	"spec.usage.operationLabel":       metricLabel,
	"spec.usage.versionLabel":         metricLabel,
	"spec.usage.tokenFrom.name":       chars(1, 253),
	"spec.usage.tokenFrom.key":        chars(1, 253),
	"spec.usage.authoritiesFrom.name": chars(1, 253),
	"spec.usage.authoritiesFrom.key":  chars(1, 253),
	"spec.usage.allowedRanges":        items(1, 16, func(i int) string { return fmt.Sprintf("10.1.2.%d/32", i) }),
	"spec.usage.allowedRanges[0]":     addressRange,

	"status":                    notEmpty(),
	"status.conditions":         conditions,
	"status.observedGeneration": atLeast(-1),
	"status.customers":          atLeast(0),
	"status.unreachable":        atLeast(0),
	"status.listDigest":         digest,
	"status.calendars": items(1, 128, func(int) map[string]any {
		return map[string]any{"customers": int64(1)}
	}),
	"status.calendars[0].timeZone":    chars(1, 64),
	"status.calendars[0].holidays":    items(1, 8, func(i int) string { return fmt.Sprintf("C%d", i) }),
	"status.calendars[0].holidays[0]": chars(2, 16),
	"status.calendars[0].customers":   atLeast(1),
	"status.locales": items(1, 512, func(int) map[string]any {
		return map[string]any{"customers": int64(1)}
	}),
	"status.locales[0].locale":    locale,
	"status.locales[0].customers": atLeast(1),
	"status.terms": items(1, 256, func(int) map[string]any {
		return map[string]any{"customer": "c", "customers": int64(1), "owed": map[string]any{"class": "Removal", "days": int64(1)}}
	}),
	"status.terms[0].customer":          customerID,
	"status.terms[0].customers":         atLeast(1),
	"status.terms[0].owed.class":        className,
	"status.terms[0].owed.stability":    stability,
	"status.terms[0].owed.days":         between(0, 3650),
	"status.terms[1].owed.businessDays": between(0, 2500),
	"status.terms[0].timeZone":          chars(1, 64),
	"status.terms[0].holidays":          items(1, 8, func(i int) string { return fmt.Sprintf("C%d", i) }),
	"status.terms[0].holidays[0]":       chars(2, 16),
	"status.usage.queryDigest":          digest,
	"status.usage.windowDays":           between(1, 365),
	"status.usage.customers":            atLeast(0),
	"status.usage.unlisted":             atLeast(1),
	"status.usage.versions": items(1, 64, func(int) map[string]any {
		return map[string]any{"customers": int64(1)}
	}),
	"status.usage.versions[0].version":   versionName,
	"status.usage.versions[0].customers": atLeast(0),
	"status.usage.versions[0].unlisted":  atLeast(1),
	"status.usage.operations": items(1, 2000, func(int) map[string]any {
		return map[string]any{"operation": "GET /", "customers": int64(1)}
	}),
	"status.usage.operations[0].version":   versionName,
	"status.usage.operations[0].operation": chars(1, 512),
	"status.usage.operations[0].customers": atLeast(0),
	"status.usage.operations[0].unlisted":  atLeast(1),
}
