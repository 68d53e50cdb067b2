package content

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// judged is what a rule finds, without the name of the policy where it is the only one.
func judged(t *testing.T, rules v1alpha1.ContentRules, change func(*Input)) []string {
	t.Helper()
	in := Input{
		API:      &v1alpha1.CustomerAPI{Spec: v1alpha1.CustomerAPISpec{Title: "Shop API"}},
		Policies: policies(t, "", rules),
		Notice: &v1alpha1.ChangeNotice{Spec: v1alpha1.ChangeNoticeSpec{
			EffectiveTime: &metav1.Time{Time: time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)},
			Title:         "From 1 July 2027 orders can no longer be deleted",
			WhatChanges:   "DELETE /orders/{id} answers 404.", WhatToDo: "Use POST /orders/{id}/cancel.", Help: "https://help.acme.example/orders",
			Covers: []v1alpha1.CoveredChange{{Version: "v1", Operation: "DELETE /orders/{id}", Class: v1alpha1.ClassRemoval}},
		}},
	}
	in.API.Name = "shop"
	change(&in)
	var found []string
	for _, f := range Check(in) {
		found = append(found, strings.ReplaceAll(f.String(), " (policy public-apis)", ""))
	}
	return found
}

func policies(t *testing.T, zone string, rules ...v1alpha1.ContentRules) notice.Policies {
	t.Helper()
	var read notice.Policies
	for _, content := range rules {
		p, errs := notice.ReadSpec("public-apis", &v1alpha1.NoticePolicySpec{
			TimeZone: zone, Content: content, Owed: []v1alpha1.OwedTerm{{Class: v1alpha1.ClassRemoval, Days: new(int32)}},
		})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		read = append(read, p)
	}
	return read
}

func only(rules ...v1alpha1.ContentRule) v1alpha1.ContentRules {
	return v1alpha1.ContentRules{Rules: rules}
}

func spec(change func(*v1alpha1.ChangeNoticeSpec)) func(*Input) {
	return func(in *Input) { change(&in.Notice.Spec) }
}

func titled(locale, title string) func(*Input) {
	return spec(func(s *v1alpha1.ChangeNoticeSpec) { s.Locale, s.Title = v1alpha1.Locale(locale), title })
}

func check(t *testing.T, rules v1alpha1.ContentRules, change func(*Input), want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, judged(t, rules, change)); diff != "" {
		t.Error(diff)
	}
}

// Whoever asks for nothing gets nothing: what was published before there were rules could be published again.
func TestNoRules(t *testing.T) {
	check(t, v1alpha1.ContentRules{}, spec(func(s *v1alpha1.ChangeNoticeSpec) {
		*s = v1alpha1.ChangeNoticeSpec{Title: "act now or lose", Covers: s.Covers}
	}))
}

func TestAGoodNotice(t *testing.T) {
	check(t, only("DateInTitle", "ChangeInTitle", "WhatToDo", "Help", "Locales", "Phrasing"), func(*Input) {})
}

func TestWhatToDo(t *testing.T) {
	const missing = "whatToDo: it does not say what customers have to do: say it, and by when; where there is nothing to do, say that"
	for name, tc := range map[string]struct {
		whatToDo string
		want     []string
	}{
		"something":          {"Nothing.", nil},
		"nothing":            {"", []string{"WhatToDo: " + missing}},
		"blanks":             {" \n\u200b", []string{"WhatToDo: " + missing}},
		"a dash":             {"-", []string{"WhatToDo: " + missing}},
		"another script too": {"何もしない", nil},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, only("WhatToDo"), spec(func(s *v1alpha1.ChangeNoticeSpec) { s.WhatToDo = tc.whatToDo }), tc.want...)
		})
	}
	check(t, only("WhatToDo"), spec(func(s *v1alpha1.ChangeNoticeSpec) {
		s.Translations = []v1alpha1.NoticeTranslation{{Locale: "de", Title: "x"}}
	}), "WhatToDo: translations[de]."+missing)
}

func TestHelp(t *testing.T) {
	for help, good := range map[string]bool{
		"https://help.acme.example/orders":        true,
		"See http://help.acme.example.":           true,
		"HTTPS://HELP.ACME.EXAMPLE:8443/":         true,
		"https://hilfe.müller.example":            true,
		"help@acme.example":                       true,
		"mailto:help@acme.example?subject=orders": true,
		"Call +49 30 123456 (8 to 16 h)":          true,
		"(030) 123-4567":                          true,
		"0800/1234567":                            true,
		"":                                        false,
		"  ":                                      false,
		"ask us":                                  false,
		"https://":                                false,
		"help.acme.example":                       false, // nobody can tell it from a word
		"ftp://help.acme.example":                 false,
		"@acme":                                   false,
		"help@acme":                               false,
		"extension 123456":                        false,
		"1234567":                                 true,
	} {
		if got := len(judged(t, only("Help"), spec(func(s *v1alpha1.ChangeNoticeSpec) { s.Help = help }))) == 0; got != good {
			t.Errorf("%q: good is %v", help, got)
		}
	}
	check(t, only("Help"), spec(func(s *v1alpha1.ChangeNoticeSpec) { s.Help = "ask us" }),
		`Help: help "ask us": it leads nowhere: write an address on the web (https://...), a mail address or a telephone number`)
}

func TestChangeInTitle(t *testing.T) {
	for name, tc := range map[string]struct {
		title string
		cover v1alpha1.CoveredChange
		good  bool
	}{
		"a word of the path":                 {"Orders stay", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, true},
		"in the singular":                    {"No order is deleted", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, true},
		"categories in the singular":         {"A category stays", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /categories"}, true},
		"two words of a segment":             {"Order items stay", v1alpha1.CoveredChange{Version: "v1", Operation: "GET /order-items"}, true},
		"two words written as one":           {"Order Items stay", v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orderItems"}, true},
		"one of them alone":                  {"Items stay", v1alpha1.CoveredChange{Version: "v1", Operation: "GET /order-items"}, false},
		"the version":                        {"V1 ends", v1alpha1.CoveredChange{Version: "v1"}, true},
		"a version that begins so":           {"V12 ends", v1alpha1.CoveredChange{Version: "v1"}, false},
		"the title of the API":               {"The shop-API is faster", v1alpha1.CoveredChange{Version: "v1", Fingerprint: "0a1b2c3d4e5f"}, true},
		"the name of the API":                {"shop", v1alpha1.CoveredChange{Version: "v1", Fingerprint: "0a1b2c3d4e5f"}, true},
		"the word API":                       {"Our API changes", v1alpha1.CoveredChange{Version: "v1", Operation: "GET /api/orders"}, false},
		"the method":                         {"Delete changes", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, false},
		"a parameter":                        {"The customer changes", v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders/{customer}"}, false},
		"nothing at all":                     {"Important news", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, false},
		"a word in letters of another width": {"ｏｒｄｅｒｓ stay", v1alpha1.CoveredChange{Version: "v1", Operation: "DELETE /orders/{id}"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			found := judged(t, only("ChangeInTitle"), spec(func(s *v1alpha1.ChangeNoticeSpec) {
				s.Title, s.Covers = tc.title, []v1alpha1.CoveredChange{tc.cover}
			}))
			if (len(found) == 0) != tc.good {
				t.Error(found)
			}
		})
	}
	check(t, only("ChangeInTitle"), titled("", "Important news"),
		`ChangeInTitle: title "Important news": it does not say what changes: name it, for example "orders" or "Shop API" or "shop"`)
}

// What two policies ask alike is said once, and each of their own rules counts.
func TestTwoPolicies(t *testing.T) {
	check(t, v1alpha1.ContentRules{}, func(in *Input) {
		in.Policies = policies(t, "", only("Help"), only("Help", "WhatToDo"))
		in.Notice.Spec.Help, in.Notice.Spec.WhatToDo = "?", ""
	},
		"Help: help: it does not say where customers find help: write an address on the web, a mail address or a telephone number",
		"WhatToDo: whatToDo: it does not say what customers have to do: say it, and by when; where there is nothing to do, say that")
}
