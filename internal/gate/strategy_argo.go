package gate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The fields of a strategy that say how many pods may be down or beside others at once.
const (
	fieldUnavailable = "maxUnavailable"
	fieldSurge       = "maxSurge"
)

// What the controller of Argo Rollouts makes of an amount beside numbers and shares.
const (
	argoUnclear = "unclear" // of so many digits that they overflow: it may come to anything
	argoInvalid = "invalid" // no whole number: no pods are moved
)

var (
	argoShare  = regexp.MustCompile(`^[+-]?0*[0-9]{1,7}$`)
	argoNumber = regexp.MustCompile(`^[+-]?[0-9]+$`)
	// argoBelow is a number so far below zero that replicas less that many overflow.
	argoBelow = regexp.MustCompile(`^-[0-9]{10,}$`)
	argoPlain = regexp.MustCompile(`^[0-9]+%$`)
)

func argoWritten(o map[string]any, field string) any {
	return at(o, "spec", "strategy", "canary", field)
}

// argoAmount is an amount as the controller of Argo Rollouts reads it: every text is a share, whatever percent signs are in
// it ("100" is 100%). Its CustomResourceDefinition takes any.
func argoAmount(written any) string {
	text, isText := written.(string)
	digits := strings.ReplaceAll(text, "%", "")
	switch {
	case written == nil:
		return ""
	case !isText:
		return fmt.Sprint(written)
	case argoShare.MatchString(digits):
		n, _ := strconv.Atoi(digits) // it does not fail on what matches
		return strconv.Itoa(n) + "%"
	case argoNumber.MatchString(digits):
		return argoUnclear
	}
	return argoInvalid
}

// stuck says that the controller of Argo Rollouts moves no pods until an amount is a whole number.
func (s Strategy) stuck() bool { return s.MaxUnavailable == argoInvalid || s.MaxSurge == argoInvalid }

// unclear is the field by which an Argo Rollout may take all down, and nothing for none. With less than none to surge, its
// controller takes the pods of before down for none.
func (s Strategy) unclear() string {
	switch {
	case s.Resource != "rollouts":
		return ""
	case s.MaxUnavailable == argoUnclear || argoBelow.MatchString(s.MaxUnavailable):
		return fieldUnavailable
	case s.MaxSurge == argoUnclear || strings.HasPrefix(s.MaxSurge, "-"):
		return fieldSurge
	}
	return ""
}

// shown is an amount of a workload as it is written, and what Argo Rollouts makes of it where one cannot see that.
func (s Strategy) shown(o map[string]any, field string) string {
	amount := s.MaxUnavailable
	if field == fieldSurge {
		amount = s.MaxSurge
	}
	text, isText := argoWritten(o, field).(string)
	switch {
	case s.Resource != "rollouts" || !isText:
		return amount
	case argoPlain.MatchString(text):
		return text
	case amount == argoUnclear:
		return `"` + text + `"`
	}
	return `"` + text + `" (` + amount + ")"
}
