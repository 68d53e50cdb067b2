//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// BenchmarkTelling tells 5,000 customers by mail, with a manager in a process of its own: from the publication to the
// last receipt. In the second case it is killed in the middle, and another, which stands by, tells the rest.
func BenchmarkTelling(b *testing.B) {
	const customers = 5000
	for _, test := range []struct {
		name   string
		killed int // when so many mails were taken over
	}{{name: "undisturbed"}, {name: "killed", killed: customers / 2}} {
		b.Run(test.name, func(b *testing.B) {
			s := newTelling(b, manyByMail(customers))
			s.SetDefaultEventuallyTimeout(5 * time.Minute)
			s.stop()
			s.create(s.mailChannel())
			leader := s.process(nil)
			s.leads(leader)
			before := s.storage()
			told, twice := 0, 0
			for i := 0; b.Loop(); i++ {
				standby := leader
				if test.killed > 0 {
					standby = s.process(nil)
					killed, doomed := told+twice+test.killed, leader
					s.mail.Before(func(n int) {
						if n == killed {
							doomed.kill()
						}
					})
				}
				name := fmt.Sprintf("bench-%d", i)
				s.announce(name, time.Now().Add(48*time.Hour))
				s.delivered(name, "True Delivered")
				leader, told = standby, told+customers
				twice = len(s.mail.Taken()) - told
			}
			s.sameMails("orders: ", customers, b.N)
			b.ReportMetric(float64(told)/b.Elapsed().Seconds(), "customers/s")
			b.ReportMetric(float64(twice)/float64(b.N), "twice/op")
			b.ReportMetric(leader.peakMemory()/(1<<20), "peak-MiB")
			b.ReportMetric(s.recorded()/float64(told), "recorded-B/customer")
			b.ReportMetric((s.storage()-before)/(1<<20)/float64(b.N), "storage-MiB/op")
		})
	}
}

// peakMemory is the most that the process ever had in memory, in bytes. Zero: the system does not tell.
func (p *managerProcess) peakMemory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseFloat(fields[0], 64)
	return kilobytes * 1024
}

// recorded is how many bytes all delivery records have, as JSON, which is how custom resources are stored.
func (s *telling) recorded() float64 {
	var list v1alpha1.DeliveryRecordList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	total := 0
	for i := range list.Items {
		text, err := json.Marshal(&list.Items[i])
		s.Expect(err).NotTo(HaveOccurred())
		total += len(text)
	}
	return float64(total)
}

// storage is how large the database of the API server is, in bytes, old versions included that are not compacted yet.
func (e *env) storage() float64 {
	e.t.Helper()
	admin, err := kubernetes.NewForConfig(cluster.AdminConfig())
	e.Expect(err).NotTo(HaveOccurred())
	text, err := admin.RESTClient().Get().AbsPath("/metrics").DoRaw(e.ctx)
	e.Expect(err).NotTo(HaveOccurred())
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "apiserver_storage_size_bytes") {
			size, err := strconv.ParseFloat(strings.Fields(line)[1], 64)
			e.Expect(err).NotTo(HaveOccurred())
			return size
		}
	}
	e.t.Fatal("the API server does not tell the size of its storage")
	return 0
}
