package openapi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"forewarn.dev/forewarn/internal/contract/finding"
)

// ruleServerPathRemoved is a check of our own: the tool takes servers for a matter of deployment.
const ruleServerPathRemoved = "api-server-path-removed"

// serverPaths lists what stands before every path of the API (basePath in Swagger 2.0), sorted.
// Hosts are left out: they differ between environments, and a contract may name any.
func serverPaths(servers openapi3.Servers) []string {
	var paths []string
	for _, server := range servers {
		if server == nil {
			continue
		}
		// Variables may stand where a host or port belongs, so that it does not parse as a URL.
		location, err := url.Parse(parameterName.ReplaceAllString(server.URL, "0"))
		if err != nil {
			continue
		}
		paths = append(paths, "/"+strings.Trim(location.Path, "/"))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// servers reports the paths of servers that are gone: every URL that customers call begins with one.
func servers(base, head *Document) []finding.Finding {
	var findings []finding.Finding
	for _, path := range base.servers {
		if len(head.servers) > 0 && !slices.Contains(head.servers, path) {
			findings = append(findings, finding.Finding{
				Rule: ruleServerPathRemoved, Class: finding.Breaking, Location: "server " + path,
				Text: "no server serves the API under " + path + " any more", Args: []string{path},
			})
		}
	}
	return findings
}

// statuses reports answers to success that are gone and that the tool does not look at: ranges
// (2XX), and the default where nothing else says what success looks like.
func statuses(pairs []pair) []finding.Finding {
	var findings []finding.Finding
	for _, p := range pairs {
		was, is := p.base.Responses.Map(), p.head.Responses.Map()
		successes := 0
		for status := range was {
			if isSuccess(status) {
				successes++
			}
		}
		for status := range was {
			gone := is[status] == nil && (status == "2XX" || strings.EqualFold(status, "default") && successes == 0)
			if gone {
				findings = append(findings, finding.Finding{
					Rule: "response-success-status-removed", Class: finding.Breaking, Operation: p.name, Location: "response " + status,
					Text: "removed the success response with the status '" + status + "'", Args: []string{status},
				})
			}
		}
	}
	return findings
}
