package controllers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
)

// keyDir is a folder with keys as a mounted Secret has them.
func keyDir(t *testing.T, keys map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, key := range keys {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var keyA, keyB = strings.Repeat("a", answer.MinKey), strings.Repeat("b", answer.MinKey)

func TestAnswersNeedAllThree(t *testing.T) {
	whole := ManagerOptions{
		AnswersAddress: "127.0.0.1:0", AnswersURL: "https://answers.acme.example", AnswersKeyDir: keyDir(t, map[string]string{"current": keyA}),
		Clock: clocktesting.NewFakeClock(noon),
	}
	for name, tc := range map[string]struct {
		change func(*ManagerOptions)
		want   string // of the error; "-" for none, and no answers either
	}{
		"all three":                  {func(*ManagerOptions) {}, ""},
		"none":                       {func(o *ManagerOptions) { o.AnswersAddress, o.AnswersURL, o.AnswersKeyDir = "", "", "" }, "-"},
		"none, and said so":          {func(o *ManagerOptions) { o.AnswersAddress, o.AnswersURL, o.AnswersKeyDir = "0", "", "" }, "-"},
		"no address":                 {func(o *ManagerOptions) { o.AnswersAddress = "0" }, "set all three or none"},
		"no URL":                     {func(o *ManagerOptions) { o.AnswersURL = "" }, "set all three or none"},
		"no keys":                    {func(o *ManagerOptions) { o.AnswersKeyDir = "" }, "set all three or none"},
		"in a rehearsal":             {func(o *ManagerOptions) { o.Offset = time.Hour }, "-"},
		"a URL without TLS":          {func(o *ManagerOptions) { o.AnswersURL = "http://answers.acme.example" }, "reading --answers-url: it must be https"},
		"a folder that there is not": {func(o *ManagerOptions) { o.AnswersKeyDir += "/x" }, "reading a key for answers"},
		"a folder without a key":     {func(o *ManagerOptions) { o.AnswersKeyDir = t.TempDir() }, "reading a key for answers"},
		"a key of 31 bytes":          {func(o *ManagerOptions) { o.AnswersKeyDir = keyDir(t, map[string]string{"current": keyA[1:]}) }, "32 to 1024 bytes"},
		"a key of 1024 bytes": {func(o *ManagerOptions) {
			o.AnswersKeyDir = keyDir(t, map[string]string{"current": strings.Repeat("a", 1024)})
		}, ""},
		"a key of 1025 bytes": {func(o *ManagerOptions) {
			o.AnswersKeyDir = keyDir(t, map[string]string{"current": strings.Repeat("a", 1025)})
		}, "32 to 1024 bytes"},
		"a previous key that is no key": {func(o *ManagerOptions) {
			o.AnswersKeyDir = keyDir(t, map[string]string{"current": keyA, "previous": ""})
		}, "32 to 1024 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			o := whole
			tc.change(&o)
			answers, err := newAnswers(t.Context(), o)
			if tc.want == "" || tc.want == "-" {
				if err != nil || (answers == nil) != (tc.want == "-") {
					t.Errorf("got %v and %v", answers, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), keyA[1:]) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// A Secret that is mounted changes under the manager. Keys are read again after a second, and the last stay while they
// cannot be.
func TestKeysAreReadAgain(t *testing.T) {
	var said []string
	own := clocktesting.NewFakeClock(noon)
	dir := keyDir(t, map[string]string{"current": keyA})
	keys := &keyFiles{dir: dir, own: own, log: funcr.New(func(_, args string) { said = append(said, args) }, funcr.Options{})}
	expect := func(when, current, previous string) {
		t.Helper()
		if got := keys.current(); string(got.Current) != current || string(got.Previous) != previous {
			t.Errorf("%s: the keys are %q and %q", when, got.Current, got.Previous)
		}
	}
	write := func(name, key string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect("at first", keyA, "")
	write("current", keyB)
	write("previous", keyA)
	own.Step(keyInterval - 1)
	expect("within the second", keyA, "")
	own.Step(1)
	expect("after a second", keyB, keyA)
	write("current", "")
	for range 3 {
		own.Step(keyInterval)
		expect("while it cannot be read", keyB, keyA)
	}
	if len(said) != 1 || strings.Contains(said[0], keyA) {
		t.Errorf("said %q", said)
	}
	write("current", keyB)
	if err := os.Remove(filepath.Join(dir, "previous")); err != nil {
		t.Fatal(err)
	}
	own.Step(keyInterval)
	expect("without the previous", keyB, "")
	own.Step(-time.Hour)
	write("current", keyA)
	expect("after the clock was put back", keyA, "")
}

func TestLink(t *testing.T) {
	own := clocktesting.NewFakeClock(noon)
	a := &Answers{base: "https://answers.acme.example/", keys: &keyFiles{dir: keyDir(t, map[string]string{"current": keyA}), own: own, log: logr.Discard()}}
	n := announced()
	record := func(stage v1alpha1.NoticeStage, effective *metav1.Time) *v1alpha1.DeliveryRecord {
		r := &v1alpha1.DeliveryRecord{}
		r.Spec.Stage, r.Spec.EffectiveTime = stage, effective
		return r
	}
	july, august := timeAt(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)), timeAt(time.Date(2027, 8, 1, 0, 0, 0, 0, time.UTC))
	for name, tc := range map[string]struct {
		record *v1alpha1.DeliveryRecord
		want   *metav1.Time
	}{
		"published":         {record("Published", july), july},
		"postponed":         {record("Postponed-1", august), august},
		"of an unknown day": {record("Reminder-7", nil), n.Spec.EffectiveTime},
		"withdrawn":         {record("Withdrawn", july), nil},
		"superseded":        {record("Superseded", july), nil},
	} {
		link := a.link(n, tc.record, "c-1")
		own.Step(24 * time.Hour)
		if again := a.link(n, tc.record, "c-1"); again != link {
			t.Errorf("%s: a retry has another link: %s, %s", name, link, again)
		}
		token, found := strings.CutPrefix(link, "https://answers.acme.example/a/")
		if found != (tc.want != nil) {
			t.Errorf("%s: the link is %q", name, link)
		}
		if !found {
			continue
		}
		got, err := answer.Keys{Current: []byte(keyA)}.Open(token)
		want := answer.Ticket{Namespace: "shop", Name: "orders-no-delete", UID: "uid-1", Customer: "c-1", Expires: tc.want.AddDate(0, 0, 90)}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	if link := (*Answers)(nil).link(n, record("Published", july), "c-1"); link != "" {
		t.Errorf("without keys the link is %q", link)
	}
}
