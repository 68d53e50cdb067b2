package controllers

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// lease is what the present leader stamps, as the next one reads it.
func (w *world) lease() *lookoutStamp {
	w.t.Helper()
	stamp, ok := w.looking.stampNow()
	if !ok {
		w.t.Fatal("nothing is stamped")
	}
	lease := &coordinationv1.Lease{}
	stamp.writeTo(lease)
	return stampOf(lease)
}

// Another process looks from 25 s on; the last stamp is of 15 s, or there is none.
func TestLookoutAfterAGap(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(w *world) // at 15 s, before the last stamp
		gap    func(w *world) // at 18 s, when nobody looks
		digest bool           // and the status says which EndpointSlices it is about
		stamp  bool
		want   []string
	}{
		"nothing changed":                        {stamp: true},
		"nothing changed since the status":       {digest: true},
		"nobody can tell":                        {want: []string{"Unobserved NotWatching 10s-18s"}},
		"up, and some changed":                   {stamp: true, digest: true, gap: func(w *world) { w.slice("orders-1", "a", "c") }, want: []string{"Unobserved NotWatching 15s-18s"}},
		"up, and some changed before the stamp":  {stamp: true, before: func(w *world) { w.ready("a", "c") }},
		"up, and down now":                       {stamp: true, gap: func(w *world) { w.slice("orders-1") }, want: []string{"Unobserved NotWatching 15s-18s", "Down Unknown 18s-now"}},
		"down, and nothing changed":              {stamp: true, before: func(w *world) { w.ready() }, want: []string{"Down Unknown 15s-now"}},
		"down, and still so":                     {stamp: true, before: func(w *world) { w.ready() }, gap: func(w *world) { w.slice("orders-1") }, want: []string{"Down Unknown 15s-now"}},
		"down, and up since a moment in the gap": {stamp: true, before: func(w *world) { w.ready() }, gap: func(w *world) { w.now -= time.Second; w.slice("orders-1", "c"); w.now += time.Second }, want: []string{"Down Unknown 15s-17.5s", "Unobserved NotWatching 17.5s-18s"}},
		"down, and the pod does not say since": {stamp: true, before: func(w *world) { w.ready() }, gap: func(w *world) {
			w.slice("orders-1", "c")
			w.pods["c"].Status.Conditions[0].LastTransitionTime = metav1.Time{}
		}, want: []string{"Down Unknown 15s-15s", "Unobserved NotWatching 15s-18s"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.expect()
			w.pass(5)
			if tc.before != nil {
				tc.before(w)
			}
			w.told()
			stamp := &lookoutStamp{}
			if tc.stamp {
				stamp = w.lease()
			} else if !tc.digest {
				w.log.Until = dawn.Add(10 * time.Second)
			}
			if !tc.digest {
				w.budget.Status.EndpointsDigest = ""
			}
			w.looking = nil
			w.now += 3 * time.Second
			if tc.gap != nil {
				tc.gap(w)
			}
			w.lead(w.start(), stamp)
			w.expect(tc.want...)
			if last := w.log.Intervals; len(tc.want) > 0 && last[0].Cause == v1alpha1.CauseUnknown && w.log.State == v1alpha1.AvailabilityDown {
				w.pass(1)
				w.ready("z")
				w.told()
				if w.log.State != v1alpha1.AvailabilityUp {
					t.Errorf("it is %s", w.log.State)
				}
			}
		})
	}
}

// A replica that looked all along takes over without a gap, also where it saw a change a little later or earlier.
func TestLookoutTakesOver(t *testing.T) {
	for apart, want := range map[time.Duration]string{
		300 * time.Millisecond:  "Down Unknown 25s-now",
		0:                       "Down Unknown 25s-now",
		-300 * time.Millisecond: "Down Unknown 25.3s-now",
	} {
		t.Run(apart.String(), func(t *testing.T) {
			w := newWorld(t)
			standby := w.start() // 20 s
			w.expect()
			stamp := w.lease()
			leader := w.looking
			w.pass(5)
			standby.line.hear(true)
			w.slice("orders-1")
			if apart < 0 {
				standby.seeSlice(w.slices["orders-1"])
				w.now -= apart
			}
			leader.seeSlice(w.slices["orders-1"])
			w.told()
			if apart >= 0 {
				w.now += apart
				standby.seeSlice(w.slices["orders-1"])
			}
			w.now += 2 * time.Second
			standby.line.hear(true)
			w.lead(standby, stamp)
			w.expect(want)
		})
	}
}

// What is heard after a silence happened at some moment of it.
func TestLookoutHearsNothingForAWhile(t *testing.T) {
	silence := func(w *world, seconds int) {
		w.looking.line.lose(0)
		w.now += time.Duration(seconds) * time.Second
		w.looking.line.hear(true)
	}
	for name, tc := range map[string]struct {
		happens func(w *world)
		want    []string
	}{
		"nothing changed":               {happens: func(w *world) { silence(w, 60) }},
		"it was listed again":           {happens: func(w *world) { silence(w, 60); w.looking.seeSlice(w.slices["orders-1"]) }},
		"down since then":               {happens: func(w *world) { silence(w, 60); w.ready() }, want: []string{"Unobserved NotWatching 15s-1m15s", "Down Unknown 1m15s-now"}},
		"others are ready":              {happens: func(w *world) { silence(w, 60); w.ready("c") }, want: []string{"Unobserved NotWatching 15s-1m15s"}},
		"down, long after":              {happens: func(w *world) { silence(w, 60); w.pass(6); w.ready() }, want: []string{"Down Unknown 1m21s-now"}},
		"the watch was made anew":       {happens: func(w *world) { silence(w, 1); w.ready() }, want: []string{"Down Unknown 16s-now"}},
		"the connection was dead":       {happens: func(w *world) { w.now += 21 * time.Second; w.looking.line.hear(true); w.ready() }, want: []string{"Unobserved NotWatching 15s-36s", "Down Unknown 36s-now"}},
		"a little quiet":                {happens: func(w *world) { w.now += 20 * time.Second; w.looking.line.hear(true); w.ready() }, want: []string{"Down Unknown 35s-now"}},
		"down, and up again meanwhile":  {happens: func(w *world) { w.ready(); w.pass(2); silence(w, 60); w.ready("c") }, want: []string{"Down Unknown 15s-1m17s"}},
		"down, and nothing said so yet": {happens: func(w *world) { w.ready(); silence(w, 60) }, want: []string{"Down Unknown 15s-now"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.expect()
			w.pass(5)
			tc.happens(w)
			w.pass(6) // until nothing can be on its way any more
			w.expect(tc.want...)
		})
	}
}

// While nothing is heard nothing is said of it.
func TestLookoutKnowsUntilWhenItKnows(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.now += time.Minute
	for range 2 {
		if s, ok, _ := w.looking.seen(t.Context(), w.budget, w.log); !ok || s.Now.Sub(dawn).Round(time.Millisecond) != 15*time.Second {
			t.Errorf("it knows until %s", s.Now.Sub(dawn))
		}
		if stamp, ok := w.looking.stampNow(); !ok || stamp.at.Sub(dawn).Round(time.Millisecond) != 15*time.Second {
			t.Errorf("it stamps %s", stamp.at.Sub(dawn))
		}
	}
}

// The Lease speaks of those alone whose status holds all that was seen.
func TestLookoutStampsWhatIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	key := keyOf(w.budget)
	if stamp := w.lease(); stamp.covers(key) || !stamp.of(key).IsZero() {
		t.Errorf("nothing is written down, and it says %v", stamp)
	}
	w.expect()
	if stamp := w.lease(); !stamp.covers(key) || stamp.of(key) != stamp.at || stamp.version != 1 {
		t.Errorf("all is written down, and it says %v", stamp)
	}
	w.pass(5)
	w.ready()
	if stamp := w.lease(); stamp.covers(key) || stamp.of(key).Sub(dawn).Round(time.Millisecond) != 10*time.Second || stamp.at.Sub(dawn).Round(time.Millisecond) != 15*time.Second {
		t.Errorf("it is down, and the Lease says %v", stamp)
	}
	w.told()
	if stamp := w.lease(); !stamp.covers(key) || stamp.version != 2 {
		t.Errorf("that is written down, and it says %v", stamp)
	}
	for i := range maxBehind + 1 {
		other := w.budget.DeepCopy()
		other.Name = "slo-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		w.looking.seeBudget(other)
	}
	if _, ok := w.looking.stampNow(); ok {
		t.Error("it stamps though too many are behind")
	}
}

func TestPastRollouts(t *testing.T) {
	w := newWorld(t)
	w.expect()
	for i := range rolloutsOfEach + 1 {
		w.pass(10)
		w.looking.seeDeployment(w.deployment(2, true))
		w.pass(2)
		w.ready()
		w.pass(i)
		w.ready("c")
		w.pass(1)
		w.looking.seeDeployment(w.deployment(2, false))
		w.told()
		w.told() // once
	}
	past := w.budget.Status.Rollouts
	if len(past) != rolloutsOfEach {
		t.Fatalf("%d rollouts are kept", len(past))
	}
	for i, r := range past {
		if *r.DownSeconds != int64(i+1) || *r.Seconds != int64(i+1+3) || r.Workload != (v1alpha1.WorkloadRef{Kind: "Deployment", Name: "orders"}) {
			t.Errorf("rollout %d: %d s, down %d s", i, *r.Seconds, *r.DownSeconds)
		}
	}
}

func TestPastImages(t *testing.T) {
	w := newWorld(t)
	w.expect()
	w.pass(5)
	w.ready("c")
	bad := w.slice("orders-1", "c", "bad")
	bad.Endpoints[1].Conditions.Ready = ptr.To(false)
	w.looking.seeSlice(bad)
	w.expect()
	at := func(d time.Duration) *metav1.Time { return ptr.To(metav1.NewTime(dawn.Add(d))) }
	check := func(want ...v1alpha1.PastImage) {
		t.Helper()
		got := w.budget.Status.Images
		if len(got) != len(want) {
			t.Fatalf("images %v", got)
		}
		for i := range want {
			if got[i].Image != want[i].Image || !got[i].LastTime.Equal(want[i].LastTime) {
				t.Errorf("image %d: %v, want %v", i, got[i], want[i])
			}
		}
	}
	check(v1alpha1.PastImage{Image: "orders:c"}, v1alpha1.PastImage{Image: "orders:a", LastTime: at(15 * time.Second)}, v1alpha1.PastImage{Image: "orders:b", LastTime: at(15 * time.Second)})
	w.pass(5)
	w.ready("b")
	w.expect()
	check(v1alpha1.PastImage{Image: "orders:b"}, v1alpha1.PastImage{Image: "orders:c", LastTime: at(20 * time.Second)}, v1alpha1.PastImage{Image: "orders:a", LastTime: at(15 * time.Second)})
	if kept := pastImages(w.budget.Status.Images, nil, dawn.Add(15*time.Second+imagesFor)); len(kept) != 3 {
		t.Errorf("after a year: %v", kept)
	}
	if kept := pastImages(w.budget.Status.Images, nil, dawn.Add(16*time.Second+imagesFor)); len(kept) != 2 {
		t.Errorf("a second later: %v", kept)
	}
}

// The line knows by the watches themselves when there is none. One that ends after the next began ends nothing.
func TestLookoutLineFollowsTheWatches(t *testing.T) {
	var now atomic.Int64
	line := &lookoutLine{gone: func() time.Duration { return time.Duration(now.Load()) }}
	var watches []*watch.FakeWatcher
	source := toolscache.ToListerWatcherWithContext(line.over(&toolscache.ListWatch{
		WatchFuncWithContext: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			watches = append(watches, watch.NewFake())
			return watches[len(watches)-1], nil
		},
	}))
	pass := func(seconds int) { now.Add(int64(seconds) * int64(time.Second)) }
	open := func() watch.Interface {
		opened, err := source.WatchWithContext(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	ended := func(w watch.Interface) {
		for event := range w.ResultChan() {
			t.Errorf("after its end it passes on %v", event)
		}
	}
	is := func(want int) {
		t.Helper()
		if got := line.since(line.gone()); got != time.Duration(want)*time.Second {
			t.Errorf("what is seen now happened since %s, want %d s", got, want)
		}
	}
	pass(1)
	first := open()
	pass(10)
	is(11)
	go watches[0].Add(&discoveryv1.EndpointSlice{})
	if event := <-first.ResultChan(); event.Type != watch.Added {
		t.Errorf("it passes on %v", event)
	}
	watches[0].Stop()
	ended(first)
	pass(1)
	is(12) // it is made anew
	pass(3)
	is(11)
	second := open()
	is(11) // what was missed is on its way
	pass(4)
	is(11)
	pass(1)
	is(20)
	third := open()
	second.Stop()
	ended(second)
	pass(15)
	is(35)
	third.Stop()
	ended(third)
	pass(2)
	is(35)
}
