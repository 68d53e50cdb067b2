package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	cases := map[string]struct {
		events  []string
		want    summary
		wantOut string
	}{
		"a test with subtests counts as its subtests": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestA/x"}`,
				`{"Action":"run","Package":"p","Test":"TestA/x/y"}`,
				`{"Action":"run","Package":"p","Test":"TestA/z"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/x/y"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/x"}`,
				`{"Action":"output","Package":"p","Test":"TestA/z","Output":"not here\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA/z"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want:    summary{passed: 1, skipped: 1},
			wantOut: "ok  \tp\t0.1s\n",
		},
		"what a failed test said is shown, what others said is not": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}`,
				`{"Action":"run","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"why\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p","Test":"TestB"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want:    summary{passed: 1, failed: 1},
			wantOut: "why\n",
		},
		"a package that does not build is one failure": {
			events: []string{
				`{"ImportPath":"p [p.test]","Action":"build-output","Output":"x declared and not used\n"}`,
				`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
				`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			},
			want:    summary{failed: 1},
			wantOut: "x declared and not used\nFAIL\tp [build failed]\n",
		},
		"a test that took its package down has failed": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"bye\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want:    summary{failed: 1},
			wantOut: "bye\n",
		},
		"a parent that fails by itself is one failure": {
			events: []string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"run","Package":"p","Test":"TestA/x"}`,
				`{"Action":"pass","Package":"p","Test":"TestA/x"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: summary{passed: 1, failed: 1},
		},
		"a run that was cut off has failed": {
			events: []string{`{"Action":"run","Package":"p","Test":"TestA"}`},
			want:   summary{failed: 1},
		},
		"a package without tests counts for nothing": {
			events: []string{`{"Action":"skip","Package":"p"}`},
		},
		"lines that are no events are passed on": {
			events:  []string{"make: *** [test] Error 1", `{"kind":"Status"}`},
			wantOut: "make: *** [test] Error 1\n{\"kind\":\"Status\"}\n",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			in := strings.NewReader(strings.Join(c.events, "\n") + "\n")
			got, err := summarize(in, &out)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("summary = %v, want %v", got, c.want)
			}
			if out.String() != c.wantOut {
				t.Errorf("printed %q, want %q", out.String(), c.wantOut)
			}
		})
	}
}
