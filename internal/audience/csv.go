package audience

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// The columns of a list. They may stand in any order; only id has to be there. A column of another name is
// refused, since a misspelt one would silently say nothing.
const (
	columnID       = "id"
	columnLocale   = "locale"
	columnTimeZone = "time_zone"
	columnHolidays = "holidays"
	columnOwed     = "owed"
	columnServedBy = "served_by"
	columnContacts = "contacts"
)

var columns = map[string]func(*Customer, string) error{
	columnID:       readID,
	columnLocale:   readLocale,
	columnTimeZone: func(c *Customer, s string) error { c.TimeZone = s; return nil }, // Check reads it
	columnHolidays: func(c *Customer, s string) error { c.Holidays = several(s); return nil },
	columnOwed:     readOwed,
	columnServedBy: readServedBy,
	columnContacts: readContacts,
}

const (
	maxProblems = 20
	maxOwed     = 16
	maxContacts = 8
	maxAddress  = 2048 // bytes: a URL
)

// The same forms as in the schema of an Audience, which a list was never compared with.
var (
	idForm      = regexp.MustCompile(`^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	localeForm  = regexp.MustCompile(`^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}$`)
	roleForm    = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`)
	channelForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	owedForm    = regexp.MustCompile(`^([A-Z][A-Za-z0-9]{0,62})(?:/(Stable|Beta|Alpha))?=([0-9]{1,4})([db])$`)
)

// ReadCSV reads a list as a customer database writes it, with a header (RFC 4180). Where anything in it is
// wrong, it is not to be believed: all that is, up to a bound, is said.
//
//	id,locale,time_zone,holidays,owed,served_by,contacts
//	c-10423,de-AT,Europe/Vienna,AT,Removal=365d;Behaviour/Stable=60b,,Operations:mail=ops@customer.example
//
// holidays, owed and contacts hold several values, with a semicolon between them. owed counts in days (d) or
// business days (b). A contact is <role>:<channel>=<address>.
func ReadCSV(list io.Reader) ([]Customer, []Problem) {
	r := csv.NewReader(list)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, []Problem{{Line: 1, Text: "there is no header: write " + columnID + "," + columnLocale + "," + columnContacts}}
	}
	readers, problem := columnsOf(header)
	if problem != "" {
		return nil, []Problem{{Line: 1, Text: problem}}
	}
	var customers []Customer
	var found []Problem
	for len(found) < maxProblems && len(customers) <= MaxCustomers {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			found = append(found, Problem{Line: lineOf(err), Text: "it is not CSV with as many columns as the header"})
			if !errors.Is(err, csv.ErrFieldCount) {
				break
			}
			continue
		}
		line, _ := r.FieldPos(0)
		c, wrong := readRecord(readers, record)
		for _, text := range wrong {
			found = append(found, Problem{Line: line, Customer: c.ID, Text: text})
		}
		customers = append(customers, c)
	}
	if len(found) > 0 {
		return nil, found
	}
	return customers, nil
}

type columnReader struct {
	name string
	read func(*Customer, string) error
}

func columnsOf(header []string) ([]columnReader, string) {
	var readers []columnReader
	seen := map[string]bool{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		read, known := columns[name]
		if !known || seen[name] {
			return nil, fmt.Sprintf("column %d has no known name, or one that another has: the columns are %s, %s, %s, %s, %s, %s and %s",
				i+1, columnID, columnLocale, columnTimeZone, columnHolidays, columnOwed, columnServedBy, columnContacts)
		}
		seen[name] = true
		readers = append(readers, columnReader{name: name, read: read})
	}
	if !seen[columnID] {
		return nil, "the column " + columnID + " is missing"
	}
	return readers, ""
}

func readRecord(readers []columnReader, record []string) (Customer, []string) {
	var c Customer
	var wrong []string
	for i, column := range readers {
		value := strings.TrimSpace(record[i])
		if value == "" && column.name != columnID {
			continue
		}
		if !utf8.ValidString(value) {
			wrong = append(wrong, column.name+": it is not UTF-8")
			continue
		}
		if err := column.read(&c, strings.Clone(value)); err != nil {
			wrong = append(wrong, column.name+": "+err.Error())
		}
	}
	return c, wrong
}

func lineOf(err error) int {
	if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
		return parse.StartLine
	}
	return 0
}

func readID(c *Customer, value string) error {
	if !idForm.MatchString(value) {
		return errors.New("it is no id such as c-10423: letters, digits, '-', '.' and '_', at most 63, and no address")
	}
	c.ID = v1alpha1.CustomerID(value)
	return nil
}

func readServedBy(c *Customer, value string) error {
	if !idForm.MatchString(value) {
		return errors.New("it is no id of a customer")
	}
	c.ServedBy = v1alpha1.CustomerID(value)
	return nil
}

func readLocale(c *Customer, value string) error {
	if !localeForm.MatchString(value) {
		return errors.New("it is no language tag such as de-AT")
	}
	c.Locale = value
	return nil
}

func readOwed(c *Customer, value string) error {
	for _, text := range several(value) {
		m := owedForm.FindStringSubmatch(text)
		if m == nil || len(c.Owed) == maxOwed {
			return fmt.Errorf("write at most %d of the form Removal=365d or Behaviour/Stable=60b", maxOwed)
		}
		term := v1alpha1.OwedTerm{Class: v1alpha1.ChangeClass(m[1]), Stability: v1alpha1.Stability(m[2])}
		days, err := strconv.ParseInt(m[3], 10, 32)
		if err != nil {
			return errors.New("the days are no number")
		}
		if n := int32(days); m[4] == "b" {
			term.BusinessDays = &n
		} else {
			term.Days = &n
		}
		if err := notice.CheckTerm(&term); err != nil {
			return err
		}
		c.Owed = append(c.Owed, term)
	}
	return nil
}

func readContacts(c *Customer, value string) error {
	for _, text := range several(value) {
		where, address, _ := strings.Cut(text, "=")
		role, channel, _ := strings.Cut(where, ":")
		switch {
		case len(c.Contacts) == maxContacts:
			return fmt.Errorf("there are more than %d", maxContacts)
		case !roleForm.MatchString(role) || !channelForm.MatchString(channel) || address == "":
			return errors.New("write each as <role>:<channel>=<address>, for example Operations:mail=ops@customer.example")
		case len(address) > maxAddress || strings.ContainsFunc(address, unprintable):
			return errors.New("an address is too long or holds what no address does")
		}
		c.Contacts = append(c.Contacts, Contact{
			Role: v1alpha1.ContactRole(role), Channel: v1alpha1.ObjectName(channel), Address: address,
		})
	}
	return nil
}

// unprintable is what has no place in an address: it could end a line of a mail's header.
func unprintable(r rune) bool {
	return r <= ' ' || r == 0x7f || r >= 0x80 && r <= 0xa0 || r == '\u2028' || r == '\u2029'
}

func several(value string) []string {
	var values []string
	for v := range strings.SplitSeq(value, ";") {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}
