package content

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

func TestRoles(t *testing.T) {
	price := v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{
		{Class: "Price", Roles: []v1alpha1.ContactRole{"Legal", "Billing"}}, {Class: "Terms", Roles: []v1alpha1.ContactRole{"Legal"}},
		{Class: "Removal", Roles: []v1alpha1.ContactRole{"Operations"}},
	}}
	every := v1alpha1.ContentRules{}
	for _, class := range []v1alpha1.ChangeClass{"Removal", "Breaking", "Behaviour", "Correction", "Price"} {
		every.Roles = append(every.Roles, v1alpha1.ClassRoles{Class: class, Roles: []v1alpha1.ContactRole{"Operations"}})
	}
	legal := v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: "Price", Roles: []v1alpha1.ContactRole{"Legal", "Sales"}}}}
	sales := v1alpha1.ContentRules{Roles: []v1alpha1.ClassRoles{{Class: "Price", Roles: []v1alpha1.ContactRole{"Sales"}}}}
	of := func(classes ...v1alpha1.ChangeClass) []v1alpha1.CoveredChange {
		var covers []v1alpha1.CoveredChange
		for _, class := range classes {
			covers = append(covers, v1alpha1.CoveredChange{Version: "v1", Operation: "GET /orders", Class: class})
		}
		return covers
	}
	for name, tc := range map[string]struct {
		rules  []v1alpha1.ContentRules
		covers []v1alpha1.CoveredChange
		named  []v1alpha1.ContactRole
		want   []v1alpha1.ContactRole
		found  []string
	}{
		"no rule":                                {nil, of("Price"), nil, nil, nil},
		"no rule, some named":                    {nil, of("Price"), []v1alpha1.ContactRole{"Sales", "Legal"}, []v1alpha1.ContactRole{"Legal", "Sales"}, nil},
		"the roles of its class":                 {[]v1alpha1.ContentRules{price}, of("Price"), nil, []v1alpha1.ContactRole{"Billing", "Legal"}, nil},
		"those of both classes":                  {[]v1alpha1.ContentRules{price}, of("Terms", "Removal"), nil, []v1alpha1.ContactRole{"Legal", "Operations"}, nil},
		"a class that concerns all":              {[]v1alpha1.ContentRules{price}, of("Price", "Behaviour"), nil, nil, nil},
		"an entry of any class":                  {[]v1alpha1.ContentRules{price}, of(""), nil, nil, nil},
		"an entry of any class, with each named": {[]v1alpha1.ContentRules{every}, of(""), nil, nil, nil},
		"the removal of a version":               {[]v1alpha1.ContentRules{price}, []v1alpha1.CoveredChange{{Version: "v1"}}, nil, []v1alpha1.ContactRole{"Operations"}, nil},
		"what both policies permit":              {[]v1alpha1.ContentRules{price, legal}, of("Price"), nil, []v1alpha1.ContactRole{"Legal"}, nil},
		"a policy that does not ask":             {[]v1alpha1.ContentRules{{}, price}, of("Terms"), nil, []v1alpha1.ContactRole{"Legal"}, nil},
		"fewer than permitted":                   {[]v1alpha1.ContentRules{price}, of("Price"), []v1alpha1.ContactRole{"Billing"}, []v1alpha1.ContactRole{"Billing"}, nil},
		"fewer of a class that concerns all":     {[]v1alpha1.ContentRules{price}, of("Behaviour"), []v1alpha1.ContactRole{"Sales"}, []v1alpha1.ContactRole{"Sales"}, nil},
		"more than permitted": {
			[]v1alpha1.ContentRules{price}, of("Price"), []v1alpha1.ContactRole{"Billing", "Sales"}, []v1alpha1.ContactRole{"Billing", "Sales"},
			[]string{"Roles: roles: Sales is none of those whom it concerns (Billing, Legal): leave it out, or tell of what concerns it in a notice of its own"},
		},
		"nobody by both": {
			[]v1alpha1.ContentRules{price, sales}, of("Price"), nil, []v1alpha1.ContactRole{},
			[]string{"Roles: covers: by the policies together it is for nobody: let them name a common role, or tell of each class in a notice of its own"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := judged(t, v1alpha1.ContentRules{}, func(in *Input) {
				in.Policies = policies(t, "", tc.rules...)
				in.Notice.Spec.Covers, in.Notice.Spec.Roles = tc.covers, tc.named
				if diff := cmp.Diff(tc.want, Roles(*in)); diff != "" {
					t.Error(diff)
				}
			})
			if diff := cmp.Diff(tc.found, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}
