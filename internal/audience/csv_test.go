package audience

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestReadCSV(t *testing.T) {
	t.Parallel()
	list := "\ufeffid,Locale,time_zone,holidays,owed,served_by,contacts\r\n" +
		"c-1,de-AT,Europe/Vienna,AT; DE-BY,Removal=365d;Behaviour/Stable=60b,p-1,Operations:mail=ops@customer.example;Legal:hook=\"https://customer.example/a=b?x,y\"\r\n" +
		"p-1,,,,,,\r\n"
	list = strings.Replace(list, `Operations:mail=ops@customer.example;Legal:hook="https://customer.example/a=b?x,y"`,
		`"Operations:mail=ops@customer.example; Legal:hook=https://customer.example/a=b?x,y"`, 1)
	want := []Customer{
		{
			ID: "c-1", Locale: "de-AT", TimeZone: "Europe/Vienna", Holidays: []string{"AT", "DE-BY"}, ServedBy: "p-1",
			Owed: []v1alpha1.OwedTerm{
				{Class: "Removal", Days: ptr.To[int32](365)},
				{Class: "Behaviour", Stability: "Stable", BusinessDays: ptr.To[int32](60)},
			},
			Contacts: []Contact{
				{Role: "Operations", Channel: "mail", Address: "ops@customer.example"},
				{Role: "Legal", Channel: "hook", Address: "https://customer.example/a=b?x,y"},
			},
		},
		{ID: "p-1"},
	}
	got, problems := ReadCSV(strings.NewReader(list))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if problems := Check(got); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestAListThatIsWrong(t *testing.T) {
	t.Parallel()
	const secret = "jane.doe@customer.example"
	for name, tc := range map[string]struct {
		list string
		want string // of the first problem
	}{
		"nothing":                   {"", "line 1: there is no header: write id,locale,contacts"},
		"no id":                     {"locale\nde\n", "line 1: the column id is missing"},
		"a misspelt column":         {"id,timezone\na,UTC\n", "line 1: column 2 has no known name"},
		"a column twice":            {"id,id\na,b\n", "line 1: column 2 has no known name, or one that another has"},
		"no header, an address":     {secret + ",de\n", "line 1: column 1 has no known name"},
		"a column too many":         {"id,locale\na,de\nb,de,x\n", "line 3: it is not CSV with as many columns as the header"},
		"an open quote":             {"id,locale\n\"a,de\nb,de\n", "line 2: it is not CSV"},
		"an address as id":          {"id\n" + secret + "\n", "line 2: id: it is no id such as c-10423"},
		"an id of 64":               {"id\n" + strings.Repeat("a", 64) + "\n", "line 2: id: it is no id"},
		"no id in a line":           {"id,locale\n,de\n", "line 2: id: it is no id"},
		"an address as locale":      {"id,locale\na," + secret + "\n", "line 2: locale: it is no language tag"},
		"an address as partner":     {"id,served_by\na," + secret + "\n", "line 2: served_by: it is no id"},
		"owed without a unit":       {"id,owed\na,Removal=365\n", "line 2: owed: write at most 16 of the form Removal=365d"},
		"owed of another stability": {"id,owed\na,Removal/stable=365d\n", "line 2: owed: write at most 16"},
		"owed for ever":             {"id,owed\na,Removal=9999d\n", "line 2: owed: 9999 days"},
		"17 terms":                  {"id,owed\na," + terms(17) + "\n", "line 2: owed: write at most 16"},
		"a contact without channel": {"id,contacts\na,Operations=" + secret + "\n", "line 2: contacts: write each as <role>:<channel>=<address>"},
		"a contact without address": {"id,contacts\na,Operations:mail=\n", "line 2: contacts: write each as"},
		"a line break in an address": {
			"id,contacts\na,\"Operations:mail=a@customer.example\nBcc: " + secret + "\"\n", "line 2: contacts: an address is too long or holds what no address does",
		},
		"U+2028 in an address": {"id,contacts\na,Operations:mail=a\u2028" + secret + "\n", "line 2: contacts: an address is too long or holds"},
		"no UTF-8":             {"id,locale\na,d\xff\n", "line 2: locale: it is not UTF-8"},
		"the third line":       {"id,locale\na,de\nb,d e\n", "line 3: locale: it is no language tag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			customers, problems := ReadCSV(strings.NewReader(tc.list))
			if len(customers) > 0 || len(problems) == 0 {
				t.Fatalf("%d customers, problems %v", len(customers), problems)
			}
			if got := problems[0].Error(); !strings.HasPrefix(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			for _, p := range problems {
				if strings.Contains(p.Error(), "jane") {
					t.Errorf("it repeats an address: %s", p.Error())
				}
			}
		})
	}
}

func terms(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("Class%c=1d", 'A'+i))
	}
	return strings.Join(all, ";")
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	list := "id\n" + strings.Repeat("not an id\n", 10000)
	if _, problems := ReadCSV(strings.NewReader(list)); len(problems) != maxProblems {
		t.Errorf("%d problems", len(problems))
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	many := make([]Customer, MaxCustomers+1)
	for i := range many {
		many[i].ID = v1alpha1.CustomerID(fmt.Sprintf("c-%d", i))
	}
	for name, tc := range map[string]struct {
		customers []Customer
		want      []string
	}{
		"nobody":      {nil, []string{"the list: it names nobody, and a notice to nobody is not a notice"}},
		"one":         {[]Customer{{ID: "a"}}, nil},
		"the most":    {many[:MaxCustomers], nil},
		"one more":    {many, []string{"the list: it names 20001 customers, and 20000 is the limit: make several Audiences"}},
		"twice":       {[]Customer{{ID: "b"}, {ID: "a"}, {ID: "b"}}, []string{"customer b: it is named twice"}},
		"a partner":   {[]Customer{{ID: "a", ServedBy: "p"}, {ID: "p"}}, nil},
		"no partner":  {[]Customer{{ID: "a", ServedBy: "p"}}, []string{"customer a: the customer that serves it is not in the list, or is itself"}},
		"itself":      {[]Customer{{ID: "a", ServedBy: "a"}}, []string{"customer a: the customer that serves it is not in the list, or is itself"}},
		"no zone":     {[]Customer{{ID: "a", TimeZone: "CST"}}, []string{"customer a: the time zone is no IANA name such as Europe/Vienna"}},
		"no holidays": {[]Customer{{ID: "a", Holidays: []string{"XX"}}}, []string{"customer a: the holidays are no calendars such as AT or DE-BE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range Check(tc.customers) {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
