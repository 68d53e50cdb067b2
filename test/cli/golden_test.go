// Package cli holds the command line to what it prints: golden folders for
// what it does without a cluster, and a real API server for the rest.
package cli

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"

	"forewarn.dev/forewarn/internal/cli"
)

var update = flag.Bool("update", false, "write what the commands print into the golden folders")

// clock is the time that golden folders are run at: a Sunday noon in Berlin.
func clock() time.Time { return time.Date(2026, time.November, 22, 11, 0, 0, 0, time.UTC) }

// TestGolden runs each folder of testdata. Its file cmd holds commands, one in
// a line:
//
//	forewarn ARGUMENTS [< FILE] [> FILE]   runs the command line
//	kubectl forewarn ARGUMENTS             runs it as a plugin
//	replace FILE OLD NEW                   edits a file
//
// What they print and their exit codes are in stdout, stderr and code, each
// command under its own line where there are several.
func TestGolden(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/cmd")
	if err != nil || len(folders) == 0 {
		t.Fatal("there are no golden folders", err)
	}
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) { runFolder(t, folder, "", nil) })
	}
}

// runFolder runs a folder, with a cluster where a kubeconfig leads to one;
// expand then says what ${NAME} means in a command.
func runFolder(t *testing.T, folder, kubeconfig string, expand func(string) string) {
	source, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := filepath.Abs(filepath.Join("testdata", "shared"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	for name, from := range map[string]string{"case": source, "shared": shared} {
		if err := os.CopyFS(filepath.Join(work, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(work, "case"))
	t.Setenv("KUBECONFIG", cmp.Or(kubeconfig, filepath.Join(work, "none"))) // never that of whoever runs the tests
	script, err := os.ReadFile("cmd")
	if err != nil {
		t.Fatal(err)
	}
	if expand != nil {
		script = []byte(os.Expand(string(script), expand))
	}
	got := run(t, string(script))
	for name, text := range map[string]string{"stdout": got.stdout.String(), "stderr": got.stderr.String(), "code": got.code.String()} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%s holds what a terminal would act on: %q", name, text[max(i-20, 0):])
		}
		golden := filepath.Join(source, name)
		if *update {
			writeGolden(t, golden, text)
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
}

func writeGolden(t *testing.T, path, text string) {
	t.Helper()
	err := os.WriteFile(path, []byte(text), 0o600)
	if text == "" {
		err = os.RemoveAll(path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// transcript is what commands printed, and how they ended.
type transcript struct {
	stdout, stderr, code bytes.Buffer
}

func run(t *testing.T, script string) *transcript {
	t.Helper()
	lines := strings.FieldsFunc(script, func(r rune) bool { return r == '\n' })
	got := &transcript{}
	for _, line := range lines {
		words := split(t, line)
		if len(words) == 4 && words[0] == "replace" {
			replace(t, words[1], words[2], words[3])
			continue
		}
		if len(lines) > 1 {
			for _, out := range []*bytes.Buffer{&got.stdout, &got.stderr, &got.code} {
				fmt.Fprintf(out, "$ %s\n", line)
			}
		}
		runLine(t, words, got)
	}
	return got
}

func runLine(t *testing.T, words []string, got *transcript) {
	t.Helper()
	streams := cli.Streams{In: strings.NewReader(""), Out: &got.stdout, Err: &got.stderr, Now: clock}
	if words[0] == "kubectl" {
		streams.Program = "kubectl forewarn"
		words = words[1:]
	}
	if words[0] != "forewarn" {
		t.Fatalf("unknown command %q", words[0])
	}
	var args []string
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "<":
			i++
			streams.In = bytes.NewReader(read(t, words[i]))
		case ">":
			i++
			var out bytes.Buffer
			streams.Out = &out
			defer func(path string) { writeFile(t, path, out.Bytes()) }(words[i])
		default:
			args = append(args, words[i])
		}
	}
	fmt.Fprintln(&got.code, cli.Run(args, streams))
}

// split splits a line into words as a shell does, with single quotes.
func split(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	if len(words) == 0 || strings.Count(line, "'")%2 == 1 {
		t.Fatalf("cannot read %q", line)
	}
	return words
}

func replace(t *testing.T, path, before, after string) {
	t.Helper()
	text := string(read(t, path))
	if !strings.Contains(text, before) {
		t.Fatalf("%s holds no %q:\n%s", path, before, text)
	}
	writeFile(t, path, []byte(strings.Replace(text, before, after, 1)))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
