package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

var scheme = newScheme()

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // two kinds of the same name: a mistake of ours
		}
	}
	return s
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind}
}

// manifest is an object on disk.
type manifest struct {
	kind string
	// object is nil where the kind is neither of Kubernetes nor of forewarn.
	object runtime.Object
}

// readManifests reads the objects of type T in files and folders, and says
// what else is there. An object of another kind is passed over; one that
// cannot be read is an error, and so is one that is there twice.
func readManifests[T client.Object](kind string, paths []string) (found []T, others []string, err error) {
	in := map[string]string{}
	for _, path := range paths {
		files, err := manifestFiles(path)
		if err != nil {
			return nil, nil, err
		}
		for _, file := range files {
			read, err := readFileOfManifests(file)
			if err != nil {
				return nil, nil, fmt.Errorf("reading %s: %w", file, err)
			}
			for _, m := range read {
				typed, ok := m.object.(T)
				if !ok {
					others = append(others, m.kind)
					continue
				}
				if other, twice := in[typed.GetName()]; twice {
					return nil, nil, fmt.Errorf("reading %s: %s %s is in %s, too", file, kind, typed.GetName(), other)
				}
				in[typed.GetName()] = file
				found = append(found, typed)
			}
		}
	}
	return found, others, nil
}

// noneOf says that there is no object of a kind where it was looked for, and
// what there is.
func noneOf(kind string, paths, others []string) string {
	slices.Sort(others)
	others = slices.Compact(others)
	holds := "no manifest"
	if len(others) > 0 {
		holds = strings.Join(others, ", ")
	}
	return fmt.Sprintf("there is no %s in %s: it holds %s", kind, strings.Join(paths, ", "), holds)
}

// manifestFiles are the file itself or, of a folder, the files in it and in
// what is below it, sorted.
func manifestFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

// readFileOfManifests reads a file of YAML documents, strictly: a misspelt
// field that is passed over would make a verdict on something else.
func readFileOfManifests(path string) ([]manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var manifests []manifest
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(file)); ; {
		data, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return manifests, nil
		}
		if err != nil {
			return nil, err
		}
		read, err := decode(data)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, read...)
	}
}

var decoder = serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()

// decode reads one document: an object or, of a list such as kubectl get
// prints, its items.
func decode(data []byte) ([]manifest, error) {
	if blank(data) {
		return nil, nil
	}
	gvk, err := kindIn(data)
	if err != nil {
		return nil, err
	}
	object, _, err := decoder.Decode(data, nil, nil)
	if runtime.IsNotRegisteredError(err) {
		if gvk.Group == v1alpha1.GroupVersion.Group {
			return nil, fmt.Errorf("%s %s is not known: forewarn reads the kinds of %s", gvk.GroupVersion(), gvk.Kind, v1alpha1.GroupVersion)
		}
		return []manifest{{kind: gvk.Kind}}, nil
	}
	if err != nil {
		return nil, err
	}
	if list, ok := object.(*corev1.List); ok {
		return decodeItems(list)
	}
	if !apimeta.IsListType(object) {
		return []manifest{{kind: gvk.Kind, object: object}}, nil
	}
	items, err := apimeta.ExtractList(object)
	if err != nil {
		return nil, fmt.Errorf("reading the items of %s: %w", gvk.Kind, err)
	}
	var manifests []manifest
	for _, item := range items {
		manifests = append(manifests, manifest{kind: strings.TrimSuffix(gvk.Kind, "List"), object: item})
	}
	return manifests, nil
}

func decodeItems(list *corev1.List) ([]manifest, error) {
	var manifests []manifest
	for i, item := range list.Items {
		read, err := decode(item.Raw)
		if err != nil {
			return nil, fmt.Errorf("item %d of the list: %w", i+1, err)
		}
		manifests = append(manifests, read...)
	}
	return manifests, nil
}

// kindIn is the kind that a document says it is of. Of one that says none the
// decoder would show all.
func kindIn(data []byte) (schema.GroupVersionKind, error) {
	var content any
	if err := yaml.Unmarshal(data, &content); err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("it is no manifest: %w", err)
	}
	fields, _ := content.(map[string]any)
	kind, _ := fields["kind"].(string)
	version, _ := fields["apiVersion"].(string)
	if kind != "" && version != "" {
		return schema.FromAPIVersionAndKind(version, kind), nil
	}
	for _, format := range []string{"openapi", "swagger"} {
		if version, ok := fields[format]; ok {
			return schema.GroupVersionKind{}, fmt.Errorf("it is no manifest but a contract (%s %v): that goes to --base or --head", format, version)
		}
	}
	return schema.GroupVersionKind{}, errors.New("it is no manifest: apiVersion and kind are missing")
}

// blank says whether a YAML document holds comments alone.
func blank(data []byte) bool {
	var content any
	return yaml.Unmarshal(data, &content) == nil && content == nil
}

// printYAML prints the objects as one stream.
func printYAML(out io.Writer, objects ...any) error {
	var b bytes.Buffer
	for i, object := range objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		document, err := yaml.Marshal(object)
		if err != nil {
			return fmt.Errorf("encoding %T: %w", object, err)
		}
		b.Write(document)
	}
	_, err := out.Write(b.Bytes())
	return err
}
