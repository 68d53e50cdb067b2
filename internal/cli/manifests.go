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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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

// readManifests reads the objects of type T in files and folders. An object
// of another kind is passed over; one that cannot be read is an error, and so
// is one that is there twice.
func readManifests[T client.Object](kind string, paths []string) ([]T, error) {
	var found []T
	in := map[string]string{}
	for _, path := range paths {
		files, err := manifestFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			objects, err := readObjects(file)
			if err != nil {
				return nil, err
			}
			for _, object := range objects {
				typed, ok := object.(T)
				if !ok {
					continue
				}
				if other, twice := in[typed.GetName()]; twice {
					return nil, fmt.Errorf("reading %s: %s %s is in %s, too", file, kind, typed.GetName(), other)
				}
				in[typed.GetName()] = file
				found = append(found, typed)
			}
		}
	}
	return found, nil
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

// readObjects reads a file of YAML documents, strictly: a misspelt field that
// is passed over would make a verdict on something else.
func readObjects(path string) ([]runtime.Object, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var objects []runtime.Object
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(file)); ; {
		data, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if blank(data) {
			continue
		}
		object, _, err := decoder.Decode(data, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		objects = append(objects, object)
	}
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
