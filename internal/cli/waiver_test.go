package cli

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestFreeWaiverName(t *testing.T) {
	taken := []v1alpha1.Waiver{{ObjectMeta: metav1.ObjectMeta{Name: "inc-4711"}}}
	for ticket, want := range map[string]string{
		"INC-4712":                            "inc-4712",
		"INC-4711":                            "inc-4711-2",
		"https://tickets.example/browse/7":    "https---tickets-example-browse-7",
		"#17":                                 "17",
		"Ärger":                               "rger",
		"...":                                 "waiver",
		strings.Repeat("a", 62) + "-" + "bcd": strings.Repeat("a", 62),
	} {
		if got := freeWaiverName(ticket, taken); got != want || !objectName.MatchString(got) {
			t.Errorf("%s: got %q, want %q", ticket, got, want)
		}
	}
}

// A waiver may end 24 hours after it was created and not a second later, and the clock that it is created by may be a
// second behind ours.
func TestDraftedWaiverIsNeverTooLong(t *testing.T) {
	full := noon.Truncate(time.Minute)
	for name, test := range map[string]struct {
		now  time.Time
		want time.Time
	}{
		"on the minute":             {full, full.Add(24*time.Hour - time.Minute)},
		"a second after the minute": {full.Add(time.Second), full.Add(24 * time.Hour)},
		"a second before the next":  {full.Add(59 * time.Second), full.Add(24 * time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			o := waiverOptions{lasts: longestWaiver, ticket: "INC-4711", reason: "It leaks orders"}
			waiver := o.waiver(&cluster{namespace: "shop"}, "orders-1", test.now, "mara")
			if got := waiver.Spec.ExpireTime.Time; !got.Equal(test.want) || got.After(test.now.Add(longestWaiver-time.Second)) {
				t.Errorf("created %s, it ends %s, want %s", test.now, got, test.want)
			}
		})
	}
}

func TestWaiverOptions(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*waiverOptions)
		want string
	}{
		"all is said":                {func(*waiverOptions) {}, ""},
		"the shortest reason":        {func(o *waiverOptions) { o.reason = "0123456789" }, ""},
		"a shorter one":              {func(o *waiverOptions) { o.reason = "012345678" }, "10 to 1024 characters"},
		"the longest reason":         {func(o *waiverOptions) { o.reason = strings.Repeat("ä", 1024) }, ""},
		"a longer one":               {func(o *waiverOptions) { o.reason = strings.Repeat("ä", 1025) }, "10 to 1024 characters"},
		"a reason of two lines":      {func(o *waiverOptions) { o.reason = "It leaks\nall orders" }, "one line each"},
		"no ticket":                  {func(o *waiverOptions) { o.ticket = "" }, "--ticket"},
		"the longest ticket":         {func(o *waiverOptions) { o.ticket = strings.Repeat("x", 256) }, ""},
		"a longer ticket":            {func(o *waiverOptions) { o.ticket = strings.Repeat("x", 257) }, "--ticket"},
		"the shortest time":          {func(o *waiverOptions) { o.lasts = 5 * time.Minute }, ""},
		"a shorter time":             {func(o *waiverOptions) { o.lasts = 5*time.Minute - time.Second }, "at least 5m"},
		"the longest time":           {func(o *waiverOptions) { o.lasts = 24 * time.Hour }, ""},
		"a longer time":              {func(o *waiverOptions) { o.lasts = 24*time.Hour + time.Second }, "at most 24h"},
		"a name that is no label":    {func(o *waiverOptions) { o.name = "INC" }, "no name of a Waiver"},
		"a name that is one":         {func(o *waiverOptions) { o.name = "inc" }, ""},
		"a reason with a bell in it": {func(o *waiverOptions) { o.reason = "It leaks orders\a" }, "control characters"},
	} {
		t.Run(name, func(t *testing.T) {
			o := waiverOptions{reason: "It leaks orders", ticket: "INC-4711", lasts: time.Hour}
			test.edit(&o)
			if err := o.check(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestWaiverInARehearsal(t *testing.T) {
	o := waiverOptions{lasts: time.Hour}
	if err := o.checkRehearsal(time.Hour - time.Second); err != nil {
		t.Error(err)
	}
	if err := o.checkRehearsal(time.Hour); err == nil || !strings.Contains(err.Error(), "ahead by 1h0m0s") {
		t.Errorf("got %v", err)
	}
}
