package content

import "time"

// Written is a date as people write it in a language, and as DateInTitle reads it there: "1 July 2027", "1. Juli 2027".
// In a language whose months are not known it is 2027-07-01.
func Written(t time.Time, locale string) string { return inWords(t, baseOf(locale)) }
