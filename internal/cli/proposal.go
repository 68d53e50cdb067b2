package cli

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/gate"
)

// nameDigits is how many hex digits of the digest a name carries.
const nameDigits = 10

// proposalOptions say what a revision holds besides its contracts.
type proposalOptions struct {
	api      string
	images   []string
	declared string
}

func (o *proposalOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.images, "image", nil, "an image that pods of the revision may run; repeatable")
	flags.StringVar(&o.declared, "declared-changes", "", "a YAML file with the list of declaredChanges")
}

// propose makes the revision that the documents are, named after what it
// holds. The documents themselves are still to be put in.
func (o *proposalOptions) propose(namespace string, documents []document) (*v1alpha1.APIRevision, error) {
	if !objectName.MatchString(o.api) {
		return nil, fmt.Errorf("%q is no name of a CustomerAPI: it is a DNS label, for example orders", o.api)
	}
	for _, image := range o.images {
		if image == "" || strings.ContainsFunc(image, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("%q is no image: write it as the pods have it, for example shop.example/orders:1.4", image)
		}
	}
	declared, err := readDeclared(o.declared)
	if err != nil {
		return nil, err
	}
	revision := &v1alpha1.APIRevision{TypeMeta: typeMeta("APIRevision")}
	revision.Namespace = namespace
	revision.Spec = v1alpha1.APIRevisionSpec{
		APIRef: v1alpha1.APIRef{Name: v1alpha1.ObjectName(o.api)}, DeclaredChanges: declared, Images: o.images,
	}
	judged := make([]v1alpha1.JudgedContract, 0, len(documents))
	for _, d := range documents {
		version := v1alpha1.VersionName(d.version)
		revision.Spec.Contracts = append(revision.Spec.Contracts, v1alpha1.Contract{Version: version})
		judged = append(judged, v1alpha1.JudgedContract{Version: version, Digest: d.digest()})
	}
	digest := gate.RevisionDigest(revision.Spec, judged)
	revision.Name = revisionName(o.api, digest)
	revision.Annotations = map[string]string{v1alpha1.DigestAnnotation: string(digest)}
	return revision, nil
}

// revisionName is a DNS label for any API name.
func revisionName(api string, digest v1alpha1.Digest) string {
	const longest = 63
	return api[:min(len(api), longest-nameDigits-1)] + "-" + string(digest[:nameDigits])
}

// inlined is the proposal with its documents in it, to be judged.
func (o *proposalOptions) inlined(namespace string, documents []document) (*v1alpha1.APIRevision, error) {
	revision, err := o.propose(namespace, documents)
	if err != nil {
		return nil, err
	}
	for i, d := range documents {
		// An empty field would mean that the document is elsewhere.
		revision.Spec.Contracts[i].Inline = cmp.Or(string(d.data), "\n")
	}
	return revision, nil
}

func readDeclared(path string) ([]v1alpha1.DeclaredChange, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var declared []v1alpha1.DeclaredChange
	if err := yaml.UnmarshalStrict(data, &declared); err != nil {
		return nil, fmt.Errorf("reading %s as a list of declaredChanges: %w", path, err)
	}
	for i, d := range declared {
		switch {
		case d.ID == "" || d.Class == "" || d.Version == "" || d.Text == "":
			return nil, fmt.Errorf("reading %s: entry %d (%s) needs id, class, version and text", path, i+1, cmp.Or(d.ID, "no id"))
		case d.Operation == "" && (d.Class == v1alpha1.ClassRemoval || d.Class == v1alpha1.ClassBreaking):
			return nil, fmt.Errorf("reading %s: %s is a declared %s change and has to name the operation", path, d.ID, d.Class)
		}
	}
	return declared, nil
}
