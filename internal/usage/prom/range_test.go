package prom

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/delivery/egress"
)

const matrix = `{"status":"success","data":{"resultType":"matrix","result":[
	{"metric":{"job":"orders"},"values":[[1795341600,"1"],[1795341630,"0"],[1795341660.000,"NaN"],[1795341720,"+Inf"]]}]}}`

func TestRange(t *testing.T) {
	server, asked := asking(t, saying(http.StatusOK, matrix))
	server.Token = "a-token"
	from := time.Unix(1795341600, 0).UTC()
	got, problem := server.Range(t.Context(), "up", from, from.Add(2*time.Minute), 30*time.Second)
	if problem != nil {
		t.Fatal(problem)
	}
	var points []string
	for _, p := range got {
		points = append(points, fmt.Sprint(p.At.Sub(from), " ", p.Value))
	}
	if diff := cmp.Diff([]string{"0s 1", "30s 0", "1m0s NaN", "2m0s +Inf"}, points); diff != "" || !math.IsNaN(got[2].Value) {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r := (*asked)[0]
	want := []string{"/below/api/v1/query_range", "up", "1795341600", "1795341720", "30", "Bearer a-token"}
	is := []string{r.URL.Path, r.Form.Get("query"), r.Form.Get("start"), r.Form.Get("end"), r.Form.Get("step"), r.Header.Get("Authorization")}
	if diff := cmp.Diff(want, is); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestARangeWithoutSamplesIsAnAnswer(t *testing.T) {
	for _, result := range []string{`[]`, `[{"metric":{},"values":[]}]`} {
		server, _ := asking(t, saying(http.StatusOK, `{"status":"success","data":{"resultType":"matrix","result":`+result+`}}`))
		if got, problem := server.Range(t.Context(), "up", now, now, time.Second); len(got) > 0 || problem != nil {
			t.Errorf("%s: %v, %+v", result, got, problem)
		}
	}
}

func TestRangesThatAreNone(t *testing.T) {
	const told = "jane@customer.example"
	of := func(result string) http.HandlerFunc {
		return saying(http.StatusOK, `{"status":"success","data":{"resultType":"matrix","result":`+result+`}}`)
	}
	long := strings.Repeat("x", MaxRangeBytes)
	more := strings.Repeat(`[1795341600,"1"],`, MaxSteps+1)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"two series":          {of(`[{"metric":{"a":"` + told + `"},"values":[]},{"metric":{},"values":[]}]`), "not one series of numbers"},
		"histograms":          {of(`[{"metric":{},"histograms":[[1795341600,{}]]}]`), "not one series of numbers"},
		"a vector":            {saying(http.StatusOK, vector), "not one series of numbers"},
		"a warning":           {saying(http.StatusOK, `{"status":"success","warnings":["`+told+`"],"data":{"resultType":"matrix","result":[]}}`), "warns of 1 things"},
		"no number":           {of(`[{"metric":{},"values":[[1795341600,"` + told + `"]]}]`), "not as Prometheus answers"},
		"no pair":             {of(`[{"metric":{},"values":[[1795341600]]}]`), "not as Prometheus answers"},
		"no moment":           {of(`[{"metric":{},"values":[["` + told + `","1"]]}]`), "not as Prometheus answers"},
		"more than was asked": {of(`[{"metric":{},"values":[` + more + `[1795341600,"1"]]}]`), "not as Prometheus answers"},
		"far too long":        {of(`[{"metric":{"a":"` + long + `"},"values":[]}]`), "far longer than one series"},
		"half an answer":      {saying(http.StatusOK, matrix[:150]), "broken off"},
		"a wrong token":       {saying(http.StatusUnauthorized, told), "correct the token of spec.availability.tokenFrom"},
		"an error":            {saying(http.StatusBadRequest, `{"status":"error","errorType":"bad_data","error":"`+told+`"}`), "correct spec.availability.query"},
		"an overload":         {saying(http.StatusServiceUnavailable, `{"status":"error","errorType":"timeout","error":"`+told+`"}`), "takes the server too long"},
		"something broken":    {saying(http.StatusInternalServerError, told), "correct spec.availability.url"},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := asking(t, c.answer)
			server.Field, server.Client = "spec.availability", egress.BoundedClient(egress.Dialer{Allowed: local}, nil, MaxRangeBytes)
			points, problem := server.Range(t.Context(), "up", now, now.Add(time.Minute), time.Second)
			if len(points) > 0 || problem == nil || !strings.Contains(problem.Text, c.says) {
				t.Fatalf("%+v does not say %q", problem, c.says)
			}
			if strings.Contains(problem.Text, "jane") {
				t.Errorf("%q tells what stood there", problem.Text)
			}
		})
	}
	inside, _ := asking(t, saying(http.StatusOK, matrix))
	inside.Field, inside.Client = "spec.availability", egress.BoundedClient(egress.Dialer{}, nil, MaxRangeBytes)
	_, problem := inside.Range(t.Context(), "up", now, now, time.Second)
	if problem == nil || problem.Reason != v1alpha1.ReasonUsageUnreachable || !strings.Contains(problem.Text, "spec.availability.allowedRanges") {
		t.Errorf("inside the network: %+v", problem)
	}
}
