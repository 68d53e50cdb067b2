package content

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// The change comes on 1 July 2027.
func TestDateInTitle(t *testing.T) {
	const proper = "it does not name the date: write 1 July 2027, with its year"
	for name, tc := range map[string]struct {
		locale, title string
		want          string // empty: it will do
	}{
		"in numbers":                     {"en", "From 2027-07-01 no deleting", ""},
		"in letters of another width":    {"en", "From ２０２７-０７-０１ no deleting", ""},
		"with a hyphen that breaks not":  {"en", "From 2027\u201107\u201101 no deleting", ""},
		"day first":                      {"en", "From 1 July 2027 no deleting", ""},
		"with a blank that breaks not":   {"en", "From 1\u00a0July\u00a02027", ""},
		"as a number of order":           {"en", "From the 1st of July 2027", ""},
		"month first":                    {"en", "July 1, 2027: no deleting", ""},
		"month first, short":             {"en", "Jul. 1st 2027: no deleting", ""},
		"in capitals":                    {"en", "FROM 1 JULY 2027", ""},
		"without a locale":               {"", "From 1 July 2027", ""},
		"for Britain":                    {"en-GB", "From 1 July 2027", ""},
		"in German":                      {"de", "Ab 1. Juli 2027 wird nichts gelöscht", ""},
		"in German, in numbers":          {"de-AT", "Ab 01.07.2027 wird nichts gelöscht", ""},
		"in German, in few numbers":      {"de", "Ab 1. 7. 2027 wird nichts gelöscht", ""},
		"in French":                      {"fr", "À partir du 1er juillet 2027", ""},
		"in Spanish":                     {"es", "Desde el 1 de julio de 2027", ""},
		"in Spanish, as a number":        {"es", "Desde el 1.º de julio del 2027", ""},
		"in Polish, in numbers":          {"pl", "Od 01.07.2027", ""},
		"as the moment":                  {"en", "From 2027-07-01T00:00:00Z on", ""},
		"as the moment, elsewhere":       {"en", "From 2027-07-01T02:00:00+02:00 on", ""},
		"beside another":                 {"en", "Told on 1 May 2027: from 1 July 2027 no deleting", ""},
		"another moment of the day":      {"en", "From 2027-07-01T00:00:01Z on", "it names 1 July 2027, and the change comes on 1 July 2027 (UTC): write that, or move effectiveTime"},
		"none":                           {"en", "Orders can no longer be deleted", proper},
		"no year":                        {"en", "From 1 July orders can no longer be deleted", proper},
		"a year of five digits":          {"en", "From 1 July 20275", proper},
		"the day before":                 {"en", "From 30 June 2027", "it names 30 June 2027, and the change comes on 1 July 2027 (UTC): write that, or move effectiveTime"},
		"the day after":                  {"en", "From 2 July 2027", "it names 2 July 2027, and the change comes on 1 July 2027 (UTC): write that, or move effectiveTime"},
		"another year":                   {"en", "From 1 July 2028", "it names 1 July 2028, and the change comes on 1 July 2027 (UTC): write that, or move effectiveTime"},
		"in two ways":                    {"en", "From 07/01/2027", "07/01/2027 can be read in two ways: write 1 July 2027"},
		"in two ways, in French":         {"fr", "Dès le 01/07/2027", "01/07/2027 can be read in two ways: write 1er juillet 2027"},
		"in two ways beside the right":   {"en", "From 1 July 2027 (07/01/2027)", "07/01/2027 can be read in two ways: write 1 July 2027"},
		"with dots in English":           {"en", "From 01.07.2027", "01.07.2027 can be read in two ways: write 1 July 2027"},
		"in one way only, wrong":         {"en", "From 06/30/2027", "it names 30 June 2027, and the change comes on 1 July 2027 (UTC): write that, or move effectiveTime"},
		"no such day":                    {"en", "From 31 June 2027", "there is no 31 june 2027: write 1 July 2027"},
		"no such month":                  {"en", "From 2027-13-01", "there is no 2027-13-01: write 1 July 2027"},
		"no such hour":                   {"en", "From 2027-07-01T25:00:00Z", "there is no 2027-07-01t25:00:00z: write 1 July 2027"},
		"in English words, in German":    {"de", "Ab 1 July 2027", "it does not name the date: write 1. Juli 2027, with its year"},
		"in English words, in Polish":    {"pl", "Od 1 July 2027", "it does not name the date: write 2027-07-01, with its year"},
		"wrong in Spanish":               {"es", "Desde el 1 de junio de 2027", "it names 1 de junio de 2027, and the change comes on 1 de julio de 2027 (UTC): write that, or move effectiveTime"},
		"a number that looks like a day": {"en", "Price 12 May 1 July 2027", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if tc.want != "" {
				want = []string{`DateInTitle: title "` + tc.title + `": ` + tc.want}
			}
			check(t, only("DateInTitle"), titled(tc.locale, tc.title), want...)
		})
	}
}

// All that inWords writes is read again, in each language and on each day.
func TestDatesAreReadAsTheyAreWritten(t *testing.T) {
	for _, language := range []string{"en", "de", "fr", "es", "pl"} {
		for day := time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2028; day = day.AddDate(0, 0, 1) {
			written := inWords(day, language)
			if read := datesIn("- "+written+" -", language); len(read) != 1 || !read[0].day.Equal(day) || read[0].none || read[0].ambiguous {
				t.Fatalf("%s: %s is read as %v", language, written, read)
			}
		}
	}
}

// A day is that of the policy, to the second.
func TestDateInTitleByZone(t *testing.T) {
	at := func(zones []string, effective string) func(*Input) {
		return func(in *Input) {
			in.Policies = nil
			for _, zone := range zones {
				in.Policies = append(in.Policies, policies(t, zone, only("DateInTitle"))...)
			}
			moment, err := time.Parse(time.RFC3339, effective)
			if err != nil {
				t.Fatal(err)
			}
			in.Notice.Spec.EffectiveTime = &metav1.Time{Time: moment}
		}
	}
	berlin, both := []string{"Europe/Berlin"}, []string{"America/New_York", "Europe/Berlin"}
	const wrong = `DateInTitle: title "From 1 July 2027 orders can no longer be deleted": it names 1 July 2027, and the change comes on `
	check(t, v1alpha1.ContentRules{}, at(berlin, "2027-06-30T22:00:00Z"))
	check(t, v1alpha1.ContentRules{}, at(berlin, "2027-06-30T21:59:59Z"), wrong+"30 June 2027 (Europe/Berlin): write that, or move effectiveTime")
	check(t, v1alpha1.ContentRules{}, at(berlin, "2027-07-01T21:59:59Z"))
	check(t, v1alpha1.ContentRules{}, at(berlin, "2027-07-01T22:00:00Z"), wrong+"2 July 2027 (Europe/Berlin): write that, or move effectiveTime")
	// Where policies count in different zones, the day is right in one of them.
	check(t, v1alpha1.ContentRules{}, at(both, "2027-06-30T22:00:00Z"))
	check(t, v1alpha1.ContentRules{}, at(both, "2027-07-02T03:59:59Z"))
	check(t, v1alpha1.ContentRules{}, at(both, "2027-07-02T04:00:00Z"),
		wrong+"2 July 2027 (America/New_York): write that, or move effectiveTime", wrong+"2 July 2027 (Europe/Berlin): write that, or move effectiveTime")
	check(t, only("DateInTitle"), spec(func(s *v1alpha1.ChangeNoticeSpec) { s.EffectiveTime = nil })) // gate says that it is missing
}
