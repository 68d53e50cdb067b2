package gate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/notice"
)

// ruleDeclared is the rule of a change that people declared.
const ruleDeclared = notice.RuleDeclared

// proposedChanges are all changes of a revision: those between documents, those that people declared, and
// the versions that are not there any more (R9).
func proposedChanges(in Input) []contract.Change {
	changes := slices.Clone(in.Proposal.Changes)
	for _, d := range in.Revision.Spec.DeclaredChanges {
		changes = append(changes, contract.Change{
			Rule: ruleDeclared, Class: contract.Class(d.Class), Version: string(d.Version), Operation: d.Operation,
			Text: d.Text, Fingerprint: fingerprint(ruleDeclared, string(d.Version), string(d.ID)),
		})
	}
	for _, version := range promisedVersions(in.API) {
		proposed := slices.ContainsFunc(in.Revision.Spec.Contracts, func(c v1alpha1.Contract) bool {
			return string(c.Version) == version
		})
		if !proposed {
			changes = append(changes, contract.VersionRemoved(version))
		}
	}
	seen := map[contract.Change]bool{}
	return slices.DeleteFunc(changes, func(c contract.Change) bool {
		twice := seen[c]
		seen[c] = true
		return twice
	})
}

// promisedVersions are the versions that customers rely on, sorted, each once.
func promisedVersions(api *v1alpha1.CustomerAPI) []string {
	var versions []string
	for _, p := range api.Status.Promised {
		versions = append(versions, string(p.Version))
	}
	slices.SortFunc(versions, strings.Compare)
	return slices.Compact(versions)
}

// fingerprint identifies a change that no comparison found. It is made from the rule, the version and the
// id that people gave it, and neither from the wording nor from the revision.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:12]
}

// RevisionDigest is the digest of what is judged: the documents of each version, the declared changes and
// the images. Neither the place a document was read from nor any order counts.
func RevisionDigest(spec v1alpha1.APIRevisionSpec, contracts []v1alpha1.JudgedContract) v1alpha1.Digest {
	type document struct {
		Version v1alpha1.VersionName    `json:"version"`
		Format  v1alpha1.ContractFormat `json:"format"`
		Digest  v1alpha1.Digest         `json:"digest"`
	}
	judged := struct {
		API       v1alpha1.ObjectName       `json:"api"`
		Contracts []document                `json:"contracts,omitempty"`
		Declared  []v1alpha1.DeclaredChange `json:"declaredChanges,omitempty"`
		Images    []string                  `json:"images,omitempty"`
	}{API: spec.APIRef.Name, Declared: slices.Clone(spec.DeclaredChanges), Images: slices.Clone(spec.Images)}
	for _, c := range contracts {
		judged.Contracts = append(judged.Contracts, document{c.Version, formatOf(spec, c.Version), c.Digest})
	}
	slices.SortFunc(judged.Contracts, func(a, b document) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Digest, b.Digest))
	})
	slices.SortFunc(judged.Declared, func(a, b v1alpha1.DeclaredChange) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Text, b.Text))
	})
	slices.Sort(judged.Images)
	judged.Images = slices.Compact(judged.Images)
	encoded, err := json.Marshal(judged)
	if err != nil {
		panic(fmt.Sprintf("a struct of strings was not encoded: %v", err))
	}
	sum := sha256.Sum256(encoded)
	return v1alpha1.Digest(hex.EncodeToString(sum[:]))
}

func formatOf(spec v1alpha1.APIRevisionSpec, version v1alpha1.VersionName) v1alpha1.ContractFormat {
	for _, c := range spec.Contracts {
		if c.Version == version && c.Format != "" {
			return c.Format
		}
	}
	return v1alpha1.FormatOpenAPI
}
