package cli

import (
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/test/builders"
)

func TestSameContents(t *testing.T) {
	const same, other = v1alpha1.Digest("same"), v1alpha1.Digest("other")
	judged := func(name string, digest v1alpha1.Digest) v1alpha1.APIRevision {
		r := builders.Revision(name, "orders").Obj()
		r.Status.Digest = digest
		return *r
	}
	elsewhere := judged("elsewhere", same)
	elsewhere.Spec.APIRef.Name = "billing"
	for name, tt := range map[string]struct {
		api       *builders.APIBuilder
		revisions []v1alpha1.APIRevision
		want      string
	}{
		"nobody proposed it":                     {builders.API("orders"), []v1alpha1.APIRevision{judged("a", other)}, "proposal"},
		"it was proposed under its name":         {builders.API("orders"), []v1alpha1.APIRevision{judged("proposal", same)}, "proposal"},
		"it serves under another name":           {builders.API("orders").Serving("orders", "a", noon), []v1alpha1.APIRevision{judged("a", same)}, "a"},
		"the name of what serves was taken":      {builders.API("orders").Serving("orders", "a", noon).As(other), []v1alpha1.APIRevision{judged("a", same)}, "proposal"},
		"it serves, and that is recorded":        {builders.API("orders").Serving("orders", "a", noon).As(same), []v1alpha1.APIRevision{judged("a", same)}, "a"},
		"something else serves":                  {builders.API("orders").Serving("orders", "a", noon), []v1alpha1.APIRevision{judged("a", other)}, "proposal"},
		"what serves comes before what did":      {builders.API("orders").Serving("orders", "b", noon).WayBack("a", same, noon.Add(1)), []v1alpha1.APIRevision{judged("a", same), judged("b", same)}, "b"},
		"it served lately":                       {builders.API("orders").WayBack("a", same, noon.Add(1)), []v1alpha1.APIRevision{judged("a", same)}, "a"},
		"it served lately, and was pruned":       {builders.API("orders").WayBack("a", same, noon.Add(1)), nil, "a"},
		"it served too long ago":                 {builders.API("orders").WayBack("a", same, noon), []v1alpha1.APIRevision{judged("a", same)}, "proposal"},
		"the name of what served was taken":      {builders.API("orders").WayBack("a", same, noon.Add(1)), []v1alpha1.APIRevision{judged("a", other)}, "proposal"},
		"it merely exists under another name":    {builders.API("orders"), []v1alpha1.APIRevision{judged("a", same)}, "proposal"},
		"another API has a revision of the like": {builders.API("orders").Serving("orders", "elsewhere", noon), []v1alpha1.APIRevision{elsewhere}, "proposal"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cluster{now: noon, revisions: tt.revisions}
			proposal := builders.Revision("proposal", "orders").Annotation(v1alpha1.DigestAnnotation, string(same)).Obj()
			if got := c.sameContents(tt.api.Obj(), proposal).Name; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
