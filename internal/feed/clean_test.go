package feed

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestHarmless(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"plain text":                       {"From 1 July: 0.12 €, ☂ and 你好", "From 1 July: 0.12 €, ☂ and 你好"},
		"ends of lines":                    {"a\r\nb\rc\nd\u0085e\u2028f\u2029g\vh\fi", "a\nb\nc\nd\ne\nf\ng\nh\ni"},
		"a tab":                            {"a\tb", "a b"},
		"NUL, escape, delete and a C1":     {"a\x00b\x1b[31mc\x7fd\u009be", "a\ufffdb\ufffd[31mc\ufffdd\ufffde"},
		"bytes that are not UTF-8":         {"a\xff\xfeb", "a\ufffd\ufffdb"},
		"overrides and embeddings":         {"a\u202a\u202b\u202c\u202d\u202eb", "a" + strings.Repeat("\ufffd", 5) + "b"},
		"isolates":                         {"a\u2066\u2067\u2068\u2069b", "a" + strings.Repeat("\ufffd", 4) + "b"},
		"what XML cannot hold":             {"a\ufffe\uffffb", "a\ufffd\ufffdb"},
		"a byte order mark":                {"\ufeffa", "\ufffda"},
		"marks of right-to-left text":      {"\u200fשלום\u200e \u061c", "\u200fשלום\u200e \u061c"},
		"joiners, which scripts and emoji": {"\u0645\u200c\u06cc 👩\u200d💻", "\u0645\u200c\u06cc 👩\u200d💻"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := harmless(tc.in); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		got := harmless(string(r))
		if bad := r < ' ' && got != "\n" && got != " " || r >= 0x7f && r < 0xa0 && got != "\n"; bad && got != "\ufffd" {
			t.Errorf("%U is shown as %q", r, got)
		}
	}
}

func TestLink(t *testing.T) {
	for help, want := range map[string]string{
		"https://help.acme.example/orders?a=b&c=d#e": "https://help.acme.example/orders?a=b&c=d#e",
		"HTTPS://help.acme.example/":                 "https://help.acme.example/",
		"mailto:help@acme.example":                   "mailto:help@acme.example",
		"mailto:help@acme.example?subject=Orders":    "mailto:help@acme.example?subject=Orders",
		"http://help.acme.example/":                  "",
		"javascript:alert(1)":                        "",
		"JavaScript:alert(1)":                        "",
		"data:text/html,<script>alert(1)</script>":   "",
		"vbscript:x":                         "",
		"//help.acme.example/":               "",
		"/help":                              "",
		"https:help":                         "",
		"https://":                           "",
		"https://:443/":                      "",
		"https://acme.example@evil.example/": "",
		"https://help.acme.example/\ufffd":   "",
		"mailto:":                            "",
		"ask your account manager":           "",
		"":                                   "",
	} {
		if got := link(help); got != want {
			t.Errorf("%q leads to %q, want %q", help, got, want)
		}
	}
}

func TestCleanNamesWhatIsLeftOut(t *testing.T) {
	good := Notice{
		ID: "1", Name: "good", State: Upcoming, Title: "t",
		Published: now, Updated: now, Effective: now.Add(time.Hour),
	}
	with := func(change func(*Notice)) Notice {
		n := good
		n.ID, n.Name = "2", "bad"
		change(&n)
		return n
	}
	far := date(10000, time.January, 1, 0)
	for name, tc := range map[string]struct {
		notice Notice
		want   string // "" where it is shown
	}{
		"as it should be":           {with(func(*Notice) {}), ""},
		"a draft":                   {with(func(n *Notice) { n.Published = time.Time{} }), "it was not published"},
		"without a date":            {with(func(n *Notice) { n.Effective = time.Time{} }), "it has no date"},
		"without a state":           {with(func(n *Notice) { n.State = "" }), `its state "" is not known`},
		"in a state of its own":     {with(func(n *Notice) { n.State = "Draft" }), `its state "Draft" is not known`},
		"a name with a slash":       {with(func(n *Notice) { n.Name = "a/b" }), "its name must be a DNS label"},
		"without a name":            {with(func(n *Notice) { n.Name = "" }), "its name must be a DNS label"},
		"a name of 63 characters":   {with(func(n *Notice) { n.Name = strings.Repeat("a", 63) }), ""},
		"a name of 64 characters":   {with(func(n *Notice) { n.Name = strings.Repeat("a", 64) }), "its name must be a DNS label"},
		"an ID of 128 characters":   {with(func(n *Notice) { n.ID = strings.Repeat("a", 128) }), ""},
		"an ID of 129 characters":   {with(func(n *Notice) { n.ID = strings.Repeat("a", 129) }), "its ID must be"},
		"an ID of two lines":        {with(func(n *Notice) { n.ID = "2\r\nX:y" }), "its ID must be"},
		"the name of another":       {with(func(n *Notice) { n.Name = "good" }), "its name or its ID is that of another"},
		"the ID of another":         {with(func(n *Notice) { n.ID = "1" }), "its name or its ID is that of another"},
		"the last second of 9999":   {with(func(n *Notice) { n.Effective = far.Add(-time.Second) }), ""},
		"the year 10000":            {with(func(n *Notice) { n.Effective = far }), "not in the years 1 to 9999"},
		"postponed from 10000":      {with(func(n *Notice) { n.Previous = &far }), "not in the years 1 to 9999"},
		"an update from before 0":   {with(func(n *Notice) { n.Updates = []Update{{Time: date(-1, 1, 1, 0)}} }), "not in the years 1 to 9999"},
		"never updated, no updates": {with(func(n *Notice) { n.Updated = time.Time{} }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			site, err := Site{APIs: []API{{Namespace: "shop", Name: "orders", Notices: []Notice{good, tc.notice}}}}.clean()
			shown := len(site.APIs[0].Notices) == 2
			if shown != (tc.want == "") || (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("shown: %t, error: %v, want %q", shown, err, tc.want)
			}
		})
	}
}

func TestCleanSite(t *testing.T) {
	api := func(namespace, name string) API { return API{Namespace: namespace, Name: name} }
	for name, tc := range map[string]struct {
		site      Site
		wantURL   string
		wantPaths []string
		wantErr   string
	}{
		"in order": {
			Site{APIs: []API{api("shop", "orders"), api("bank", "orders"), api("shop", "accounts")}},
			"", []string{"bank/orders/", "shop/accounts/", "shop/orders/"}, "",
		},
		"listed twice": {
			Site{APIs: []API{api("shop", "orders"), api("shop", "orders")}},
			"", []string{"shop/orders/"}, `leaving out API "shop/orders/": it is listed twice`,
		},
		"a path out of the site": {
			Site{APIs: []API{api("..", "orders"), api("shop", "a/b"), api("shop", "orders")}},
			"", []string{"shop/orders/"}, `leaving out API "../orders/": namespace and name must be DNS labels`,
		},
		"an address without a slash":     {Site{URL: "https://acme.example/x"}, "https://acme.example/x/", []string{}, ""},
		"an address with a slash":        {Site{URL: "https://acme.example/"}, "https://acme.example/", []string{}, ""},
		"an address without a scheme":    {Site{URL: "acme.example"}, "", []string{}, "it must be https://HOST/PATH"},
		"an address with a query":        {Site{URL: "https://acme.example/?a=b"}, "", []string{}, "it must be https://HOST/PATH"},
		"an address of another kind":     {Site{URL: "javascript://acme.example/"}, "", []string{}, "it must be https://HOST/PATH"},
		"an address with a line feed":    {Site{URL: "https://acme.example/\nX:y"}, "", []string{}, "it must be https://HOST/PATH"},
		"an address with someone's name": {Site{URL: "https://me@acme.example/"}, "", []string{}, "it must be https://HOST/PATH"},
	} {
		t.Run(name, func(t *testing.T) {
			site, err := tc.site.clean()
			paths := []string{}
			for i := range site.APIs {
				paths = append(paths, site.APIs[i].path())
			}
			if diff := cmp.Diff(tc.wantPaths, paths); diff != "" || site.URL != tc.wantURL {
				t.Errorf("URL %q, want %q; paths (-want +got):\n%s", site.URL, tc.wantURL, diff)
			}
			if (err == nil) != (tc.wantErr == "") || err != nil && !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("error %v, want %q", err, tc.wantErr)
			}
		})
	}
}

func TestCleanLeavesWhatItWasHanded(t *testing.T) {
	handed, same := shop(t), shop(t)
	handed.APIs[1].Notices[0].Title, same.APIs[1].Notices[0].Title = "a\x00", "a\x00"
	if _, err := handed.clean(); err != nil {
		t.Fatal(err)
	}
	for i := range handed.APIs {
		if diff := cmp.Diff(same.APIs[i].Notices, handed.APIs[i].Notices); diff != "" {
			t.Error(diff)
		}
	}
}

func TestUpdatedIsNeverBeforeWhatItTells(t *testing.T) {
	hour := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	for name, tc := range map[string]struct {
		updated time.Time
		updates []Update
		want    time.Time
	}{
		"never updated":             {time.Time{}, nil, hour(0)},
		"before it was published":   {hour(-1), nil, hour(0)},
		"before its last update":    {hour(1), []Update{{Time: hour(3)}, {Time: hour(2)}}, hour(3)},
		"after all that it tells":   {hour(4), []Update{{Time: hour(3)}}, hour(4)},
		"with parts of seconds":     {hour(4).Add(999 * time.Millisecond), nil, hour(4)},
		"in the zone of the server": {hour(4).In(time.FixedZone("x", 3600)), nil, hour(4)},
	} {
		n := Notice{Published: now, Updated: tc.updated, Updates: tc.updates}.clean()
		if n.Updated != tc.want {
			t.Errorf("%s: %v, want %v", name, n.Updated, tc.want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for url, right := range map[string]bool{
		"": true, "https://notices.acme.example": true, "http://127.0.0.1:8082/api/": true,
		"notices.acme.example": false, "https://": false, "https://me:secret@acme.example/": false, "https://acme.example/?a=b": false,
	} {
		err := CheckURL(url)
		if (err == nil) != right {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("it repeats the address: %v", err)
		}
	}
}
