package audience

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// Taking a customer out of a list leaves every other byte.
func TestWithout(t *testing.T) {
	for name, tc := range map[string]struct {
		list, want string
		lines      []int
		others     int
		serves     []v1alpha1.CustomerID
	}{
		"in the middle":      {"id,contacts\nc-1,a\nc-2,b\nc-3,c\n", "id,contacts\nc-1,a\nc-3,c\n", []int{3}, 2, nil},
		"the first":          {"id,contacts\nc-2,b\nc-3,c\n", "id,contacts\nc-3,c\n", []int{2}, 1, nil},
		"the last":           {"id,contacts\nc-1,a\nc-2,b\n", "id,contacts\nc-1,a\n", []int{3}, 1, nil},
		"without a line end": {"id,contacts\nc-1,a\nc-2,b", "id,contacts\nc-1,a\n", []int{3}, 1, nil},
		"alone":              {"id\nc-2\n", "id\n", []int{2}, 0, nil},
		"not there":          {"id\nc-20\nC-2\nc-2.\n", "id\nc-20\nC-2\nc-2.\n", nil, 3, nil},
		"a header alone":     {"id", "id", nil, 0, nil},
		"lines end with CR LF, and some are blank": {
			"\ufeffID , locale\r\n\r\nc-1,de\r\n\r\n\r\n c-2 ,fr\r\n\r\nc-3,\r\n", "\ufeffID , locale\r\n\r\nc-1,de\r\n\r\n\r\n\r\nc-3,\r\n", []int{6}, 2, nil,
		},
		"fields of several lines": {
			"contacts,id\n\"a\n\nc-2,c-2\n\",c-1\n\"b,\n\"\"c-1\"\"\n\",\"c-2\"\nc,c-3\n", "contacts,id\n\"a\n\nc-2,c-2\n\",c-1\nc,c-3\n", []int{6}, 2, nil,
		},
		"named twice": {"id,x\nc-2,1\nc-1,2\nc-2,3\n", "id,x\nc-1,2\n", []int{2, 4}, 1, nil},
		"rows of others that are too short, too long or nobody's": {
			"locale,id\nde\nde,c-2,more\n,\nde,c-1,c-2,x\n", "locale,id\nde\n,\nde,c-1,c-2,x\n", []int{3}, 3, nil,
		},
		"a partner": {"id,served_by\nc-1, c-2\nc-2,\nc-3,c-1\nc-4,c-2\n", "id,served_by\nc-1, c-2\nc-3,c-1\nc-4,c-2\n", []int{3}, 3, []v1alpha1.CustomerID{"c-1", "c-4"}},
	} {
		t.Run(name, func(t *testing.T) {
			listed, err := Find([]byte(tc.list), "c-2")
			if err != nil {
				t.Fatal(err)
			}
			var lines []int
			for _, row := range listed.Rows {
				lines = append(lines, row.Line)
			}
			got := []any{string(Without([]byte(tc.list), listed.Rows)), lines, listed.Others, listed.Serves}
			if diff := cmp.Diff([]any{tc.want, tc.lines, tc.others, tc.serves}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A row is shown as it stands there.
func TestFindShowsTheRow(t *testing.T) {
	listed, err := Find([]byte("id,Locale,time_zone,phone\nc-2, de-AT,,\"1,\n2\",nobody's\n"), "c-2")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"id": "c-2", "locale": " de-AT", "phone": "1,\n2"}
	if diff := cmp.Diff(want, listed.Rows[0].Columns); diff != "" {
		t.Error(diff)
	}
}

func TestFindInWhatIsNoList(t *testing.T) {
	for list, want := range map[string]string{
		"":                          "line 1: there is no header",
		"locale\nc-2\n":             "line 1: the column id is missing",
		"id,ID\nc-2,c-2\n":          "line 1: two columns have the name id",
		"id\nc-1\n\"jane\"doe\n":    "line 3: it is no CSV",
		"id\nc-1\n\njane \"doe\"\n": "line 4: it is no CSV",
	} {
		_, err := Find([]byte(list), "c-2")
		if problem := (Problem{}); !errors.As(err, &problem) || problem.Error() != want {
			t.Errorf("%q: %v, want %s", list, err, want)
		}
	}
}

// Whatever a list holds, what is left has the rows of the others and none of the customer, and is the rest of the bytes.
func TestWithoutProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.SampledFrom([]string{"c-1", "c-2", "\"c-2\"", "", "x", "\"a\nb\"", "\"\"\"\"", "\"\r\n\""})
		end := rapid.SampledFrom([]string{"\n", "\r\n", "\n\n", "\r\n\r\n"})
		list := "id,served_by" + end.Draw(t, "end")
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			list += cell.Draw(t, "id") + "," + cell.Draw(t, "servedBy") + end.Draw(t, "end")
		}
		before, err := Find([]byte(list), "c-2")
		if err != nil {
			t.Fatal(err)
		}
		left := Without([]byte(list), before.Rows)
		after, err := Find(left, "c-2")
		if err != nil || len(after.Rows) != 0 || after.Others != before.Others || !cmp.Equal(after.Serves, before.Serves) {
			t.Errorf("%q became %q: %+v, %v", list, left, after, err)
		}
		cut := len(list) - len(left)
		if (cut > 0) != (len(before.Rows) > 0) {
			t.Errorf("%q became %q", list, left)
		}
		if len(before.Rows) == 1 {
			if at := int(before.Rows[0].start); string(left[:at])+list[at:at+cut]+string(left[at:]) != list {
				t.Errorf("%q became %q", list, left)
			}
		}
	})
}
