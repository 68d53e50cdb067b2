package audience

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Listed is what a list holds of one customer, as it stands there.
type Listed struct {
	// Rows are those of the customer. More than one is a mistake of the list.
	Rows []Row
	// Serves are the customers whose rows name this one as served_by, in the order of the list.
	Serves []v1alpha1.CustomerID
	// Others is the number of rows of other customers.
	Others int
}

// Row is one row of a list.
type Row struct {
	// Line is where it begins; 1 is the header.
	Line int
	// Columns are those that hold something, by their names.
	Columns map[string]string

	start, end int64 // bytes
}

// Find looks for a customer in a list. What is wrong in the rows of others does not matter, since it concerns the
// customer's own data alone; a list without a column of ids, or that is no CSV, is a Problem.
func Find(list []byte, id v1alpha1.CustomerID) (Listed, error) {
	r := csv.NewReader(bytes.NewReader(list))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	header, err := r.Read()
	if err != nil {
		return Listed{}, Problem{Line: 1, Text: "there is no header"}
	}
	names := make([]string, len(header))
	ids := -1
	for i, name := range header {
		names[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if names[i] == columnID && ids >= 0 {
			return Listed{}, Problem{Line: 1, Text: "two columns have the name " + columnID}
		}
		if names[i] == columnID {
			ids = i
		}
	}
	if ids < 0 {
		return Listed{}, Problem{Line: 1, Text: "the column " + columnID + " is missing"}
	}
	var found Listed
	for {
		start := r.InputOffset()
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return Listed{}, Problem{Line: lineOf(err), Text: "it is no CSV"}
		}
		if len(record) <= ids || v1alpha1.CustomerID(strings.TrimSpace(record[ids])) != id {
			found.other(names, record, ids, id)
			continue
		}
		line, _ := r.FieldPos(0)
		row := Row{Line: line, Columns: map[string]string{}, start: afterBlankLines(list, start), end: r.InputOffset()}
		for i, value := range record {
			if i < len(names) && value != "" {
				row.Columns[names[i]] = strings.Clone(value)
			}
		}
		found.Rows = append(found.Rows, row)
	}
}

// other takes in the row of another customer.
func (l *Listed) other(names, record []string, ids int, id v1alpha1.CustomerID) {
	l.Others++
	for i, value := range record {
		if i < len(names) && names[i] == columnServedBy && v1alpha1.CustomerID(strings.TrimSpace(value)) == id && len(record) > ids {
			l.Serves = append(l.Serves, v1alpha1.CustomerID(strings.TrimSpace(record[ids])))
		}
	}
}

// afterBlankLines is where the row begins that a reader finds from there on: it passes over lines without anything.
func afterBlankLines(list []byte, at int64) int64 {
	for rest := list[at:]; ; rest = list[at:] {
		switch {
		case bytes.HasPrefix(rest, []byte("\n")):
			at++
		case bytes.HasPrefix(rest, []byte("\r\n")):
			at += 2
		default:
			return at
		}
	}
}

// Without is the list without these rows. Every other byte stays as it is.
func Without(list []byte, rows []Row) []byte {
	var kept []byte
	from := int64(0)
	for _, row := range rows {
		kept = append(kept, list[from:row.start]...)
		from = row.end
	}
	return append(kept, list[from:]...)
}
