package controllers

import (
	"net/netip"
	"strings"
	"testing"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// A channel opens no more of the network inside than whoever runs the manager permits.
func TestRangesThatAChannelOpens(t *testing.T) {
	inside := []netip.Prefix{netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("fd00:1::/32")}
	for name, tc := range map[string]struct {
		permitted []netip.Prefix
		wanted    []string
		want      string // what the complaint holds; empty for none
	}{
		"none are wanted":                 {},
		"one address of a range":          {inside, []string{"10.1.2.3/32"}, ""},
		"a whole range":                   {inside, []string{"10.1.2.0/24"}, ""},
		"one written with bits to spare":  {inside, []string{"10.1.2.9/24"}, ""},
		"one bit more than is permitted":  {inside, []string{"10.1.2.0/23"}, "10.1.2.0/23"},
		"the range beside it":             {inside, []string{"10.1.3.0/24"}, "10.1.3.0/24"},
		"everything":                      {inside, []string{"0.0.0.0/0"}, "0.0.0.0/0"},
		"one that is, and one that isn't": {inside, []string{"10.1.2.3/32", "169.254.169.254/32"}, "169.254.169.254/32"},
		"of the other family":             {inside, []string{"fd00:1:2::/48"}, ""},
		"a mapped address":                {inside, []string{"::ffff:10.1.2.3/128"}, "::ffff:10.1.2.3/128"},
		"nothing is permitted":            {nil, []string{"127.0.0.1/32"}, "--egress-ranges"},
		"no range at all":                 {inside, []string{"10.1.2.3"}, "is no range of addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			channel := &v1alpha1.NoticeChannel{}
			channel.Spec.Mail = v1alpha1.MailChannel{Host: "smtp.acme.example", From: "notices@acme.example"}
			channel.Spec.AllowedRanges = tc.wanted
			_, failure := dispatch{inside: tc.permitted}.newCourier(channel, snapshot.ChannelSecrets{})
			switch {
			case tc.want == "" && failure != nil:
				t.Errorf("%s: %s", failure.Reason, failure.Text)
			case tc.want != "" && (failure == nil || failure.Reason != v1alpha1.ReasonChannelInvalid || !strings.Contains(failure.Text, tc.want)):
				t.Errorf("got %v, want ChannelInvalid with %s", failure, tc.want)
			}
		})
	}
}
