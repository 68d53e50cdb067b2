package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// test is one that started and may not have ended.
type test struct {
	said   strings.Builder
	result string
	parent bool
}

// summary counts tests that have no subtests, and as one failure a package
// that failed without any of its tests failing.
type summary struct {
	passed, failed, skipped int
}

func (s summary) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", s.passed, s.failed, s.skipped)
}

// summarize copies to out what is not about a single test, and lines that are
// not events: make and the compiler talk, too.
func summarize(in io.Reader, out io.Writer) (summary, error) {
	var sum summary
	packages := map[string]map[string]*test{}
	lines := bufio.NewReader(in)
	for ended := false; !ended; {
		line, err := lines.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return sum, fmt.Errorf("reading test events: %w", err)
		}
		ended = err != nil
		var e event
		switch {
		case json.Unmarshal([]byte(line), &e) != nil || e.Action == "":
			fmt.Fprint(out, line)
		case e.Test != "":
			record(packages, e)
		default:
			if e.Output != "PASS\n" { // go test says it only when asked with -v
				fmt.Fprint(out, e.Output)
			}
			sum.add(packages, e, out)
		}
	}
	for name := range packages { // cut off before their end
		sum.add(packages, event{Action: "fail", Package: name}, out)
	}
	return sum, nil
}

// record keeps what one test said until its package has ended.
func record(packages map[string]map[string]*test, e event) {
	tests := packages[e.Package]
	if tests == nil {
		tests = map[string]*test{}
		packages[e.Package] = tests
	}
	if tests[e.Test] == nil {
		tests[e.Test] = &test{}
	}
	tests[e.Test].said.WriteString(e.Output)
	switch e.Action {
	case "run":
		for at := strings.LastIndex(e.Test, "/"); at > 0; at = strings.LastIndex(e.Test[:at], "/") {
			if parent := tests[e.Test[:at]]; parent != nil {
				parent.parent = true
			}
		}
	case "pass", "fail", "skip":
		tests[e.Test].result = e.Action
	}
}

// add counts the tests of a package that has ended, and shows what those said
// that failed or never ended.
func (s *summary) add(packages map[string]map[string]*test, e event, out io.Writer) {
	if e.Action != "pass" && e.Action != "fail" && e.Action != "skip" {
		return
	}
	before := s.failed
	for _, name := range slices.Sorted(maps.Keys(packages[e.Package])) {
		t := packages[e.Package][name]
		if t.result != "pass" && t.result != "skip" {
			fmt.Fprint(out, t.said.String())
		}
		switch {
		case t.parent:
		case t.result == "pass":
			s.passed++
		case t.result == "skip":
			s.skipped++
		default:
			s.failed++
		}
	}
	if e.Action == "fail" && s.failed == before {
		s.failed++
	}
	delete(packages, e.Package)
}
