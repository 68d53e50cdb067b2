package openapi_test

import (
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"forewarn.dev/forewarn/internal/contract"
)

// BenchmarkRealContracts reads and compares each two neighbouring snapshots of real contracts, as
// a controller would that keeps nothing: total and worst step, and the peak of the heap.
func BenchmarkRealContracts(b *testing.B) {
	for _, api := range vendorAPIs {
		b.Run(api, func(b *testing.B) {
			documents := snapshots(b, api)
			for b.Loop() {
				var worst time.Duration
				peak := peakHeap(func() {
					for i := 1; i < len(documents); i++ {
						start := b.Elapsed()
						judge(b, documents[i-1], documents[i])
						worst = max(worst, b.Elapsed()-start)
					}
				})
				b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
				b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
			}
		})
	}
}

// BenchmarkWorstStep is the largest step there is: 1.9 MB and thousands of changes, from bytes to
// changes.
func BenchmarkWorstStep(b *testing.B) {
	documents := snapshots(b, "api_v2010")
	for b.Loop() {
		peak := peakHeap(func() { judge(b, documents[6], documents[7]) })
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	}
}

// BenchmarkFiles compares the two files in FOREWARN_BASE and FOREWARN_HEAD.
func BenchmarkFiles(b *testing.B) {
	base, head := os.Getenv("FOREWARN_BASE"), os.Getenv("FOREWARN_HEAD")
	if base == "" || head == "" {
		b.Skip("set FOREWARN_BASE and FOREWARN_HEAD to two contracts to compare")
	}
	was, err := os.ReadFile(base)
	if err != nil {
		b.Fatal(err)
	}
	is, err := os.ReadFile(head)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var changes []contract.Change
		peak := peakHeap(func() { changes = judge(b, was, is) })
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		b.ReportMetric(float64(len(changes)), "changes")
	}
}

// peakHeap runs f and returns the most that objects took of the heap meanwhile, garbage that was
// not yet collected included.
func peakHeap(f func()) uint64 {
	runtime.GC()
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var most uint64
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return <-peak
}
