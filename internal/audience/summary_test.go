package audience

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice/content"
)

func TestSummarise(t *testing.T) {
	t.Parallel()
	removal := v1alpha1.OwedTerm{Class: "Removal", Days: ptr.To[int32](365)}
	behaviour := v1alpha1.OwedTerm{Class: "Behaviour", BusinessDays: ptr.To[int32](60)}
	customers := []Customer{
		{ID: "c", TimeZone: "Europe/Vienna", Holidays: []string{"DE", "AT"}, Owed: []v1alpha1.OwedTerm{removal, behaviour, removal}},
		{ID: "b", TimeZone: "Europe/Vienna", Holidays: []string{"AT", "DE"}, Owed: []v1alpha1.OwedTerm{removal}},
		{ID: "a", Locale: "DE-at"},
		{ID: "d", Locale: "jane"},
		{ID: "e", Locale: "de-AT"},
	}
	want := Summary{
		Customers: 5,
		Calendars: []v1alpha1.CustomerCalendar{
			{Customers: 3},
			{TimeZone: "Europe/Vienna", Holidays: []string{"AT", "DE"}, Customers: 2},
		},
		Terms: []v1alpha1.ContractTerm{
			{Customer: "c", Customers: 1, Owed: behaviour, TimeZone: "Europe/Vienna", Holidays: []string{"AT", "DE"}},
			{Customer: "b", Customers: 2, Owed: removal, TimeZone: "Europe/Vienna"},
		},
		Locales: []v1alpha1.CustomerLocale{{Customers: 2}, {Locale: "de-AT", Customers: 2}, {Locale: "und", Customers: 1}},
	}
	got, err := Summarise(customers)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	slices.Reverse(customers)
	if again, _ := Summarise(customers); !cmp.Equal(got, again) {
		t.Error("the order of the list matters:", cmp.Diff(got, again))
	}
}

func TestSummariseRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	promises := func(n int) []Customer {
		var customers []Customer
		for i := range n {
			customers = append(customers, Customer{
				ID:   v1alpha1.CustomerID(fmt.Sprint(i)),
				Owed: []v1alpha1.OwedTerm{{Class: "Removal", Days: ptr.To(int32(i))}},
			})
		}
		return customers
	}
	if s, err := Summarise(promises(maxTerms)); err != nil || len(s.Terms) != maxTerms {
		t.Errorf("%d different promises: %v", len(s.Terms), err)
	}
	if _, err := Summarise(promises(maxTerms + 1)); err == nil || !strings.HasPrefix(err.Error(), "its contracts make 257 different promises") {
		t.Error(err)
	}
	calendars := func(n int) []Customer {
		customers := make([]Customer, n)
		for i := range customers {
			customers[i].ID, customers[i].TimeZone = "a", fmt.Sprint(i)
		}
		return customers
	}
	if _, err := Summarise(calendars(maxCalendars)); err != nil {
		t.Error(err)
	}
	if _, err := Summarise(calendars(maxCalendars + 1)); err == nil || !strings.HasPrefix(err.Error(), "its customers count their days in 129 different ways") {
		t.Error(err)
	}
}

func TestSummariseRefusesTooManyLanguages(t *testing.T) {
	t.Parallel()
	var customers []Customer
	for _, language := range []string{"de", "en", "fr"} {
		for i := range 26 * 26 {
			locale := fmt.Sprintf("%s-%c%c", language, 'A'+i/26, 'A'+i%26)
			if content.Canonical(locale) == locale { // a region that there is
				customers = append(customers, Customer{ID: v1alpha1.CustomerID(locale), Locale: locale})
			}
		}
	}
	if s, err := Summarise(customers[:maxLocales]); err != nil || len(s.Locales) != maxLocales {
		t.Errorf("%d languages: %v", len(s.Locales), err)
	}
	if _, err := Summarise(customers[:maxLocales+1]); err == nil || !strings.HasPrefix(err.Error(), "its customers read 513 different languages") {
		t.Error(err)
	}
}
