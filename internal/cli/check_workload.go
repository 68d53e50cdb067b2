package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/yaml"

	"forewarn.dev/forewarn/internal/gate"
)

// checkWorkload refuses flags that do not go with a workload, or with contracts.
func (o *checkOptions) checkWorkload(args []string) error {
	given := slices.Concat(o.base, o.head, o.policies, o.notices, o.images, []string{o.api, o.stability, o.publishedAt, o.declared})
	switch {
	case len(args) == 0 && len(o.files) > 0:
		return errors.New("say which workload of the manifests is meant: KIND/NAME, for example deployment/orders")
	case len(args) > 0 && len(o.files) == 0:
		return fmt.Errorf("say what %s is to become: -f FILE; forewarn explain %s says what it is", args[0], args[0])
	case len(args) > 0 && strings.Join(given, "") != "":
		return errors.New("a workload is checked with -f, --at and -o alone: contracts are checked without KIND/NAME")
	}
	return nil
}

// runWorkload says what admission would of a workload that is applied as manifests have it.
func (o *checkOptions) runWorkload(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, arg string) error {
	about, err := readTarget(arg)
	if err != nil {
		return err
	}
	if !slices.Contains(rollable, about.kind.gvk.Kind) {
		return fmt.Errorf("%s is not rolled out: check a deployment, statefulset, daemonset or rollout", about)
	}
	manifest, err := workloadIn(streams.In, o.files, about)
	if err != nil {
		return err
	}
	c, err := readCluster(ctx, streams, config, o.at)
	if err != nil {
		return err
	}
	if namespace := manifest.GetNamespace(); namespace != "" && namespace != c.namespace {
		return fmt.Errorf("%s is of namespace %s: write -n %s", about, namespace, namespace)
	}
	e := newExplainer(streams, config, c, about)
	e.style, e.manifest = verdictStyle{wide: o.output == outputWide, all: o.all}, manifest
	explanation, err := e.explainWorkload(ctx)
	if err != nil {
		return err
	}
	result := e.result(explanation, KindVerdict)
	if o.output == outputJSON {
		err = printJSON(streams.Out, result)
	} else {
		p := newPage(streams)
		explanation.text(p)
		p.steps(result.Next)
		err = p.writeTo(streams.Out)
	}
	if err != nil {
		return err
	}
	return map[string]error{AnswerBlocked: errBlocked, AnswerUndecided: errUndecided}[result.Workload.Answer]
}

// workloadIn finds a workload in manifests: strictly, as a misspelt field would be another workload.
func workloadIn(in io.Reader, paths []string, about target) (*unstructured.Unstructured, error) {
	var found *unstructured.Unstructured
	for _, path := range paths {
		files := []string{path}
		if path != standardInput {
			var err error
			if files, err = manifestFiles(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			objects, err := objectsIn(in, file)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			for _, object := range objects {
				if object.GroupVersionKind() != about.kind.gvk || object.GetName() != about.name {
					continue
				}
				if found != nil {
					return nil, fmt.Errorf("reading %s: %s is there twice", file, about)
				}
				found = object
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("there is no %s in %s", about, strings.Join(paths, ", "))
	}
	return found, nil
}

// objectsIn are the objects of a file, those of a list one by one.
func objectsIn(in io.Reader, path string) ([]*unstructured.Unstructured, error) {
	content, err := readFile(in, path)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content))); ; {
		data, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if _, err := decode(data); err != nil {
			return nil, err
		}
		data, err = yaml.YAMLToJSON(data)
		if err != nil || bytes.Equal(data, []byte("null")) {
			continue // decode has read it: a document of comments
		}
		read := &unstructured.Unstructured{}
		if err := read.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		each := func(o *unstructured.Unstructured) { objects = append(objects, o) }
		if list, err := read.ToList(); err == nil && read.IsList() {
			for i := range list.Items {
				each(&list.Items[i])
			}
			continue
		}
		each(read)
	}
}

// written is the workload as a manifest makes it. What the manifest leaves out stands as it is in the cluster, as the API
// server has a default for most of it, but for the labels and annotations of the pods.
func (e *explainer) written(live *unstructured.Unstructured) *unstructured.Unstructured {
	switch {
	case e.manifest == nil:
		return live
	case live == nil:
		return e.manifest
	}
	written := live.DeepCopy()
	for _, field := range []string{"labels", "annotations"} {
		unstructured.RemoveNestedField(written.Object, "spec", "template", "metadata", field)
	}
	written.Object["spec"] = overlaid(written.Object["spec"], e.manifest.Object["spec"])
	return written
}

// overlaid is what is left of one value where another is written over it.
func overlaid(below, above any) any {
	switch above := above.(type) {
	case nil:
		return below
	case map[string]any:
		under, _ := below.(map[string]any)
		out := maps.Clone(under)
		if out == nil {
			out = map[string]any{}
		}
		for field, value := range above {
			out[field] = overlaid(under[field], value)
		}
		return out
	case []any:
		under, _ := below.([]any)
		if len(under) != len(above) {
			return above
		}
		out := make([]any, len(above))
		for i := range above {
			out[i] = overlaid(under[i], above[i])
		}
		return out
	}
	return above
}

// changeText says what becomes of the pods.
func changeText(change string) string {
	switch change {
	case ChangeCreated:
		return "the manifest creates it"
	case ChangeRolledOut:
		return "the manifest rolls its pods out anew"
	}
	return "the manifest rolls nothing out"
}

// answerOn is that on the change, from what is refused of the APIs that it touches. Pods that stay as they are nobody judges.
func (w *WorkloadResult) answerOn(change gate.WorkloadChange) string {
	rolls := w.Change != ChangeKept
	answer, governed := AnswerAdmissible, false
	for _, c := range w.Carries {
		judged := rolls && c.Enforcement != ""
		governed = governed || judged
		switch {
		case c.Stops != "", judged && (c.Answer == AnswerBlocked || c.Downtime.blocks(change)):
			return AnswerBlocked
		case judged && c.Answer == AnswerUndecided:
			answer = AnswerUndecided
		}
	}
	nobodyKnows := func(u UnknownRevision) bool { return u.API == "" }
	if governed && slices.ContainsFunc(w.Unknown, nobodyKnows) {
		return AnswerBlocked
	}
	return answer
}
