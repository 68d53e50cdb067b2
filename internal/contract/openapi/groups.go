package openapi

// groups returns the groups of named schemas that refer to each other, directly or not (the
// strongly connected components, after Tarjan): each after those it refers to.
func groups(all map[string]*named) [][]string {
	t := tarjan{all: all, index: make(map[string]int), low: make(map[string]int), onStack: make(map[string]bool)}
	for _, name := range sorted(all) {
		if _, ok := t.index[name]; !ok {
			t.visit(name)
		}
	}
	return t.groups
}

type tarjan struct {
	all        map[string]*named
	index, low map[string]int
	stack      []string
	onStack    map[string]bool
	groups     [][]string
}

func (t *tarjan) visit(name string) {
	t.index[name] = len(t.index)
	t.low[name] = t.index[name]
	t.stack = append(t.stack, name)
	t.onStack[name] = true
	for _, ref := range t.all[name].refs {
		if _, ok := t.index[ref]; !ok {
			t.visit(ref)
			t.low[name] = min(t.low[name], t.low[ref])
		} else if t.onStack[ref] {
			t.low[name] = min(t.low[name], t.index[ref])
		}
	}
	if t.low[name] != t.index[name] {
		return
	}
	for i := len(t.stack) - 1; ; i-- {
		t.onStack[t.stack[i]] = false
		if t.stack[i] == name {
			t.groups = append(t.groups, append([]string(nil), t.stack[i:]...))
			t.stack = t.stack[:i]
			return
		}
	}
}
