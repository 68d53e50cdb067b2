package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
)

// What an API server takes in a ConfigMap, and what kubectl apply can note in
// an annotation of it, in base64.
const (
	mostConfigMap = 1 << 20
	mostNoted     = 256 << 10 * 3 / 4
)

type revisionOptions struct {
	proposalOptions
	output string
}

func newRevision(streams Streams, config *genericclioptions.ConfigFlags) *cobra.Command {
	var o revisionOptions
	cmd := &cobra.Command{
		Use:   "revision --api NAME VERSION=FILE...",
		Short: "Print the ConfigMap and the APIRevision that propose these contracts",
		Long: `Print the ConfigMap (compressed) and the APIRevision that propose these
contracts, named after the digest of what they hold: the same contracts, images
and declared changes have the same name, wherever and whenever it is made.`,
		Example: example(streams, `
forewarn revision --api orders v1=openapi.yaml -n shop | kubectl apply -f -
forewarn revision --api orders v1=v1.yaml v2=v2.yaml --image shop.example/orders@sha256:0c3f... -n shop
# The name alone, for the annotation forewarn.dev/revision of the pod template
forewarn revision --api orders v1=openapi.yaml -o name`),
		Args: arguments(1, anyNumber, "--api NAME VERSION=FILE, for example v1=openapi.yaml"),
		RunE: func(_ *cobra.Command, args []string) error {
			return o.run(streams, *config.Namespace, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.api, "api", "", "the CustomerAPI that this is a revision of")
	o.addFlags(flags)
	flags.StringVarP(&o.output, "output", "o", "yaml", "yaml, or name for the name alone")
	return cmd
}

func (o *revisionOptions) run(streams Streams, namespace string, args []string) error {
	if o.output != "yaml" && o.output != "name" {
		return fmt.Errorf("unknown output %q: write yaml or name", o.output)
	}
	if o.api == "" {
		return errors.New("say which CustomerAPI this is a revision of: --api NAME")
	}
	documents, err := readContracts(streams.In, args)
	if err != nil {
		return err
	}
	revision, source, err := o.build(namespace, documents)
	if err != nil {
		return err
	}
	if o.output == "name" {
		_, err := fmt.Fprintln(streams.Out, revision.Name)
		return err
	}
	if err := printYAML(streams.Out, source, revision); err != nil {
		return err
	}
	streams.note("Name it in the pod template of what serves these contracts:\n\n  annotations:\n    %s: %s",
		v1alpha1.RevisionAnnotation, revision.Name)
	if sizeOf(source) > mostNoted {
		streams.note("\nThe contracts are large: apply them with kubectl apply --server-side.")
	}
	return nil
}

// build makes the pair that proposes the documents.
func (o *revisionOptions) build(namespace string, documents []document) (*v1alpha1.APIRevision, *corev1.ConfigMap, error) {
	revision, err := o.propose(namespace, documents)
	if err != nil {
		return nil, nil, err
	}
	source := &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: revision.Name, Namespace: namespace},
		BinaryData: map[string][]byte{},
	}
	for i, d := range documents {
		if _, err := contract.Parse(contract.OpenAPI, d.data); err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", d.path, err)
		}
		packed, err := contract.Zip(d.data)
		if err != nil {
			return nil, nil, fmt.Errorf("compressing %s: %w", d.path, err)
		}
		source.BinaryData[d.key()] = packed
		revision.Spec.Contracts[i].ConfigMapKeyRef = v1alpha1.ConfigMapKeyRef{Name: source.Name, Key: d.key()}
	}
	if size := sizeOf(source); size > mostConfigMap {
		return nil, nil, fmt.Errorf("the contracts take %d bytes when compressed, and a ConfigMap takes no more than %d: "+
			"leave descriptions and examples out", size, mostConfigMap)
	}
	return revision, source, nil
}

func sizeOf(source *corev1.ConfigMap) int {
	size := 0
	for key, data := range source.BinaryData {
		size += len(key) + len(data)
	}
	return size
}
