package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

func sizeOf(data map[string]string) int {
	size := 0
	for key, value := range data {
		size += len(key) + len(value)
	}
	return size
}

// crowded is a namespace with some of everything. The number of a revision says how old it is: 1 the oldest.
func crowded() gate.NamespaceInput {
	a := governed("orders", nil, map[string]string{"app": "orders"})
	a.ImagesRequired, a.Held, a.Hold = true, true, "orders is held"
	unnamed := served("web", "", 0)
	unnamed.Images = []string{"shop/web:0"}
	a.API.Status.Serving = []v1alpha1.ServingRevision{served("web", "serving-0", 0), unnamed}
	a.API.Status.WayBack = []v1alpha1.PastRevision{wayOf("wayback-0", "d1", time.Hour, "shop/web:0")}
	in := namespace(a)
	add := func(age int, r gate.PublishedRevision) {
		r.Created = noon.Add(time.Duration(age) * time.Hour)
		in.Revisions = append(in.Revisions, r)
	}
	add(0, revision("serving-0", "orders", admissible(), "shop/web:1"))
	add(1, revision("refused-1", "orders", refused(strings.Repeat("x", 500))))
	add(2, revision("admitted-2", "orders", admissible(time.Hour), "shop/web:2"))
	add(3, revision("elsewhere-3", "elsewhere", refused("no")))
	add(4, revision("elsewhere-4", "elsewhere", admissible()))
	add(5, revision("refused-5", "orders", refused("short")))
	add(6, revision("refused-6", "orders", refused(strings.Repeat("y", 500))))
	add(7, revision("admitted-7", "orders", admissible(), "shop/web:7"))
	return in
}

// dropOrder is what A18 leaves out of crowded, one by one.
var dropOrder = []string{
	"deny text of refused-1", "deny text of refused-6",
	"deny refused-1", "deny elsewhere-3", "deny refused-5", "deny refused-6",
	"deny admitted-2", "deny elsewhere-4", "deny admitted-7",
}

func denyOnly(dropped []string) (out []string) {
	for _, d := range dropped {
		if strings.HasPrefix(d, "deny ") {
			out = append(out, d)
		}
	}
	return out
}

func TestA18OrderToTheByte(t *testing.T) {
	in := crowded()
	limit := sizeOf(gate.Publish(in).Gates[deny])
	for i := range dropOrder {
		in.Limit = limit // all that is left fits, to the byte
		got := gate.Publish(in)
		if diff := cmp.Diff(dropOrder[:i], denyOnly(got.Dropped), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("with %d bytes: %s", in.Limit, diff)
		}
		in.Limit-- // and one byte less
		got = gate.Publish(in)
		if diff := cmp.Diff(dropOrder[:i+1], denyOnly(got.Dropped)); diff != "" {
			t.Fatalf("with %d bytes: %s", in.Limit, diff)
		}
		if limit = sizeOf(got.Gates[deny]); limit > in.Limit {
			t.Fatalf("%d bytes, the limit is %d", limit, in.Limit)
		}
	}
	in.Limit = 1
	got := gate.Publish(in)
	if diff := cmp.Diff(dropOrder, denyOnly(got.Dropped)); diff != "" {
		t.Errorf("with no room at all: %s", diff)
	}
	want := map[string]string{
		"format": "1", "epoch": "7", "apis": "1",
		"of.serving-0": "orders", "admit.serving-0": "served", "images.serving-0": "shop/web:1",
		"of.wayback-0": "orders", "admit.wayback-0": "served", "images.wayback-0": "shop/web:0",
		"pair.app=orders": "orders", "select.orders": "app=orders", "unnamed.orders": "shop/web:0",
		"keep.customerapis/orders": "orders", "hold.orders": "orders is held",
		"hold-namespace": "customers rely on what is in shop (orders): publish notices that cover its removal; " +
			"see: kubectl get promises -n shop",
	}
	if diff := cmp.Diff(want, flat(got.Gates[deny])); diff != "" {
		t.Errorf("what is never left out: %s", diff)
	}
	if len(got.Until) != 0 {
		t.Errorf("%v: nothing is admitted that ends", got.Until)
	}
}

func TestA18ADroppedTextStillRefuses(t *testing.T) {
	in := crowded()
	in.Limit = sizeOf(gate.Publish(in).Gates[deny]) - 1
	got := flat(gate.Publish(in).Gates[deny])
	if want := "not admissible: its status says why"; got["refuse.refused-1"] != want {
		t.Errorf("%q, want %q", got["refuse.refused-1"], want)
	}
	if len(got["refuse.refused-6"]) != 500 {
		t.Errorf("the younger text was shortened, too: %q", got["refuse.refused-6"])
	}
}

func TestA18TheDefaultLimitIs900KiB(t *testing.T) {
	in := namespace(governed("orders", nil, map[string]string{"app": "orders"}))
	for i := range 1300 {
		in.Revisions = append(in.Revisions, revision(fmt.Sprintf("r%04d", i), "orders", refused(strings.Repeat("x", 2000))))
	}
	got := gate.Publish(in)
	size := sizeOf(got.Gates[deny])
	if size > 900<<10 || size < 899<<10 || len(got.Dropped) == 0 {
		t.Errorf("%d bytes with %d left out, want just below %d", size, len(got.Dropped), 900<<10)
	}
	if text := flat(got.Gates[deny])["refuse.r1299"]; len(text) != 900 || !strings.HasSuffix(text, "...") {
		t.Errorf("a text of %d bytes, want 900 at most", len(text))
	}
}

// An admission that ends is not published without its end, and the annotations of a namespace have room for
// 128 KiB of them: 2,048 names of 25 characters.
func TestA18NoAdmissionWithoutItsEnd(t *testing.T) {
	in := namespace(governed("orders", nil, map[string]string{"app": "orders"}))
	add := func(i int) {
		r := revision(fmt.Sprintf("r%024d", i), "orders", admissible(time.Hour))
		r.Created = noon.Add(-time.Duration(i) * time.Second) // the last one is the oldest
		in.Revisions = append(in.Revisions, r)
	}
	for i := range 2048 {
		add(i)
	}
	in.Revisions = append(in.Revisions, revision("x", "elsewhere", admissible(time.Hour))) // needs no end
	got := gate.Publish(in)
	if len(got.Until) != 2048 || sizeOf(got.Until) != 128<<10 || len(got.Dropped) != 0 {
		t.Fatalf("%d ends in %d bytes, left out %v", len(got.Until), sizeOf(got.Until), got.Dropped)
	}
	add(2048)
	got = gate.Publish(in)
	oldest := in.Revisions[2049].Name
	if diff := cmp.Diff([]string{"annotation until.forewarn.dev/" + oldest}, got.Dropped); diff != "" {
		t.Error(diff)
	}
	if _, admitted := flat(got.Gates[deny])["admit."+oldest]; admitted || len(got.Until) != 2048 {
		t.Errorf("%s is admitted: %v, with %d ends", oldest, admitted, len(got.Until))
	}
}

func TestA18Properties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := crowded()
		full := gate.Publish(in)
		for i := range in.Revisions {
			in.Revisions[i].Created = noon.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "age")) * time.Hour)
		}
		in.Limit = rapid.IntRange(1, sizeOf(full.Gates[deny])+10).Draw(t, "limit")
		got := gate.Publish(in)
		in.Limit = 1
		least := gate.Publish(in)
		in.Limit = rapid.IntRange(1, sizeOf(full.Gates[deny])+10).Draw(t, "another limit")
		other := gate.Publish(in)
		for key, value := range flat(least.Gates[deny]) {
			if flat(got.Gates[deny])[key] != value {
				t.Fatalf("%s is never left out", key)
			}
		}
		for key, value := range flat(got.Gates[deny]) {
			if was, ok := flat(full.Gates[deny])[key]; !ok || was != value && !strings.HasPrefix(key, "refuse.") {
				t.Fatalf("%s: %q appears for want of room", key, value)
			}
			rev, admits := strings.CutPrefix(key, "admit.")
			if _, of := flat(got.Gates[deny])["of."+rev]; admits && !of {
				t.Fatalf("%s is admitted and of no API", rev)
			}
			if _, images := flat(full.Gates[deny])["images."+rev]; admits && images && flat(got.Gates[deny])["images."+rev] == "" {
				t.Fatalf("%s is admitted with any image, for want of room", rev)
			}
		}
		short, long := denyOnly(got.Dropped), denyOnly(other.Dropped)
		if len(short) > len(long) {
			short, long = long, short
		}
		if !slices.Equal(short, long[:len(short)]) {
			t.Fatalf("less room leaves out other things: %v and %v", short, long)
		}
	})
}
