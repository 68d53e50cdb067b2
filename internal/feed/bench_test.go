package feed

import (
	"fmt"
	"testing"
	"time"
)

// manyNotices is a site of so many APIs, each with so many notices.
func manyNotices(apis, notices int) Site {
	site := Site{URL: "https://notices.acme.example/"}
	for i := range apis {
		a := API{Namespace: "shop", Name: fmt.Sprintf("api-%d", i), Title: fmt.Sprintf("API %d", i)}
		for j := range notices {
			n := ordersNotices()[j%5]
			n.ID, n.Name = fmt.Sprintf("%d-%d", i, j), fmt.Sprintf("n-%d", j)
			a.Notices = append(a.Notices, n)
		}
		site.APIs = append(site.APIs, a)
	}
	return site
}

// BenchmarkSwap is what it costs that one notice changed: the four documents of its API are rendered and compressed,
// and all others are compared.
func BenchmarkSwap(b *testing.B) {
	for _, size := range []struct{ apis, notices int }{{1, 5}, {1, 500}, {1000, 5}} {
		b.Run(fmt.Sprintf("apis=%d/notices=%d", size.apis, size.notices), func(b *testing.B) {
			site, h := manyNotices(size.apis, size.notices), &Handler{}
			if err := h.Swap(site, now); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				site.APIs[0].Notices[0].Updated = now.Add(time.Duration(i+1) * time.Second)
				if err := h.Swap(site, now); err != nil {
					b.Fatal(err)
				}
			}
			held := 0
			for _, d := range h.current.Load().documents {
				held += len(d.plain) + len(d.zipped)
			}
			b.ReportMetric(float64(held), "held-B")
		})
	}
}
