package gate

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Tables of a gate. The key of a line is a label as "<key>=<value>" (tablePair), an object as
// "<resource>/<name>" (tableKeep, tableCarry), an API or an object (tableOutage), an API or
// "<api>/<resource>/<name>" (tableSpent, tableStay), a Gateway (tableListen), or else the name of a CustomerAPI or of an APIRevision: of all, none that
// is legal holds a blank or a newline.
const (
	tablePair    = "pair"
	tableSelect  = "select"
	tableOf      = "of"
	tableAdmit   = "admit"
	tableRefuse  = "refuse"
	tableImages  = "images"
	tableUnnamed = "unnamed"
	tableKeep    = "keep"
	tableHold    = "hold"
	tableOutage  = "outage"
	tableCarry   = "carry"
	tableLead    = "lead"
	tableListen  = "listen"
	tableRun     = "run"
	tableBar     = "bar"
	tableOpen    = "open"
	tableSpent   = "spent"
	tableRan     = "ran"
	tableStay    = "stay"
)

// admitServed stands behind what is admitted because it serves or may be rolled back to (R11).
const admitServed = "served"

// tables is the data of a ConfigMap in the making. A table is spread over the keys <table>.<c>, where c is
// the last character of a line's key, and each of these holds
//
//	"\n" key " " value "\n" key " " value "\n"
//
// Every line stands between two newlines, so that a policy finds one by splitting at "\n<key> ". The API
// server copies a parameter key by key for each request, which makes a key for each line dear: 10,000 cost
// 18 ms. CEL counts the characters of each text it splits, which makes one key for a table dear, too.
type tables struct {
	values  map[string]string
	buckets map[string]map[string]string // lines, by the key that they stand under
	size    int                          // bytes of all keys and values
}

func newTables() tables {
	return tables{values: map[string]string{}, buckets: map[string]map[string]string{}}
}

// bucket is the key that a line stands under. Only a label without a value ends in "=", which no key of a
// ConfigMap can hold.
func bucket(table, key string) string {
	return table + "." + strings.ReplaceAll(key[len(key)-1:], "=", "-")
}

// plain sets a key that is in no table.
func (t *tables) plain(key, value string) {
	t.values[key] = value
	t.size += len(key) + len(value)
}

// bucketSize is what a bucket takes besides its lines, lineSize what a line takes.
func bucketSize(name string) int     { return len(name) + len("\n") }
func lineSize(key, value string) int { return len("\n") + len(key) + len(" ") + len(value) }

func (t *tables) get(table, key string) (string, bool) {
	value, ok := t.buckets[bucket(table, key)][key]
	return value, ok
}

func (t *tables) set(table, key, value string) {
	t.unset(table, key)
	in := bucket(table, key)
	if t.buckets[in] == nil {
		t.buckets[in] = map[string]string{}
		t.size += bucketSize(in)
	}
	t.buckets[in][key] = value
	t.size += lineSize(key, value)
}

// append adds a word to the value of a line.
func (t *tables) append(table, key, word string) {
	value, _ := t.get(table, key)
	t.set(table, key, strings.TrimPrefix(value+" "+word, " "))
}

func (t *tables) unset(table, key string) {
	value, ok := t.get(table, key)
	if !ok {
		return
	}
	in := bucket(table, key)
	delete(t.buckets[in], key)
	t.size -= lineSize(key, value)
	if len(t.buckets[in]) == 0 {
		delete(t.buckets, in)
		t.size -= bucketSize(in)
	}
}

func (t *tables) data() map[string]string {
	data := maps.Clone(t.values)
	for in, lines := range t.buckets {
		var text strings.Builder
		for _, key := range slices.Sorted(maps.Keys(lines)) {
			text.WriteString("\n" + key + " " + lines[key])
		}
		text.WriteString("\n")
		data[in] = text.String()
	}
	return data
}

// lines are the keys and values of a table in the data of a gate.
func lines(data map[string]string, table string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for in, text := range data {
			if !strings.HasPrefix(in, table+".") {
				continue
			}
			for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
				key, value, ok := strings.Cut(line, " ")
				if ok && !yield(key, value) {
					return
				}
			}
		}
	}
}
