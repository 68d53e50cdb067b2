package gate

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Tables of a gate. The key of a line is a label as "<key>=<value>" (tablePair), an object as
// "<resource>/<name>" (tableKeep), or else the name of a CustomerAPI or of an APIRevision: of all, none that is legal holds a
// blank or a newline.
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
)

// tables is the data of a ConfigMap in the making. A table is one value of it:
//
//	"\n" key " " value "\n" key " " value "\n"
//
// Every line stands between two newlines, so that a policy finds one by splitting at "\n<key> ". Few long
// values, and not a key for each line, because the API server copies a parameter key by key for each request:
// 10,000 keys cost it 18 ms, as many lines nothing to speak of.
type tables struct {
	values map[string]string
	lines  map[string]map[string]string
	size   int // bytes of all keys and values
}

func newTables() tables {
	return tables{values: map[string]string{}, lines: map[string]map[string]string{}}
}

// plain sets a key that is no table.
func (t *tables) plain(key, value string) {
	t.values[key] = value
	t.size += len(key) + len(value)
}

// tableSize is what a table takes besides its lines, lineSize what a line takes.
func tableSize(table string) int        { return len(table) + len("\n") }
func lineSize(key, value string) int    { return len("\n") + len(key) + len(" ") + len(value) }
func (t *tables) has(table string) bool { return len(t.lines[table]) > 0 }
func (t *tables) get(table, key string) (string, bool) {
	value, ok := t.lines[table][key]
	return value, ok
}

func (t *tables) set(table, key, value string) {
	t.unset(table, key)
	if !t.has(table) {
		t.lines[table] = map[string]string{}
		t.size += tableSize(table)
	}
	t.lines[table][key] = value
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
	delete(t.lines[table], key)
	t.size -= lineSize(key, value)
	if !t.has(table) {
		t.size -= tableSize(table)
	}
}

func (t *tables) data() map[string]string {
	data := maps.Clone(t.values)
	for table, lines := range t.lines {
		if len(lines) == 0 {
			continue
		}
		var text strings.Builder
		for _, key := range slices.Sorted(maps.Keys(lines)) {
			text.WriteString("\n" + key + " " + lines[key])
		}
		text.WriteString("\n")
		data[table] = text.String()
	}
	return data
}

// lines are the keys and values of a table in the data of a gate.
func lines(data map[string]string, table string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for line := range strings.SplitSeq(strings.Trim(data[table], "\n"), "\n") {
			key, value, ok := strings.Cut(line, " ")
			if ok && !yield(key, value) {
				return
			}
		}
	}
}
