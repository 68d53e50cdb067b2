package content

import (
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/notice"
)

// Roles are those of the contacts that a notice goes to, sorted; nil means all. The policies say which the changes
// concern, and the notice may name fewer.
func Roles(in Input) []v1alpha1.ContactRole { return rolesOf(in).roles }

type recipients struct {
	// roles are sorted; nil: all.
	roles    []v1alpha1.ContactRole
	findings []Finding
}

func rolesOf(in Input) recipients {
	var r recipients
	by := ""
	for _, p := range in.Policies {
		roles, limited := concerned(p, in)
		switch {
		case !limited:
			continue
		case r.roles == nil:
			r.roles = roles
		default:
			r.roles = slices.DeleteFunc(r.roles, func(role v1alpha1.ContactRole) bool { return !slices.Contains(roles, role) })
		}
		by = p.Name
		if len(r.roles) == 0 {
			r.find(by, "covers", "by the policies together it is for nobody: let them name a common role, or tell of each class in a notice of its own")
			return r
		}
	}
	named := slices.Sorted(slices.Values(in.Notice.Spec.Roles))
	if by != "" {
		for _, role := range named {
			if !slices.Contains(r.roles, role) {
				r.find(by, "roles", "%s is none of those whom it concerns (%s): leave it out, or tell of what concerns it in a notice of its own", role, listed(r.roles))
			}
		}
	}
	if len(named) > 0 {
		r.roles = slices.Compact(named)
	}
	return r
}

func (r *recipients) find(policy, field, format string, args ...any) {
	r.findings = append(r.findings, Finding{
		Rule: v1alpha1.ContentRoles, Policy: policy, Field: field, Text: fmt.Sprintf(format, args...),
	})
}

// concerned are the roles that a policy names for the classes which the notice covers. A class that it does not name
// concerns all.
func concerned(p notice.Policy, in Input) (roles []v1alpha1.ContactRole, limited bool) {
	if len(p.Content.Roles) == 0 {
		return nil, false
	}
	for _, entry := range in.Notice.Spec.Covers {
		classes := classesOf(entry, in.Policies)
		if len(classes) == 0 {
			return nil, false
		}
		for _, class := range classes {
			i := slices.IndexFunc(p.Content.Roles, func(of v1alpha1.ClassRoles) bool { return of.Class == class })
			if i < 0 {
				return nil, false
			}
			roles = append(roles, p.Content.Roles[i].Roles...)
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles), len(roles) > 0
}

// classesOf are the classes that an entry is about, none where it may be any. One of a version and nothing else is about
// its removal.
func classesOf(entry v1alpha1.CoveredChange, policies notice.Policies) []v1alpha1.ChangeClass {
	switch {
	case entry.Class != "":
		return []v1alpha1.ChangeClass{entry.Class}
	case entry.Operation == "" && entry.Fingerprint == "" && entry.Rule == "":
		return policies.ClassesOf(notice.RuleVersionRemoved, v1alpha1.ClassRemoval)
	}
	return nil
}

func listed(roles []v1alpha1.ContactRole) string {
	names := make([]string, 0, len(roles))
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ", ")
}
