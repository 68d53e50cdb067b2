package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
)

// document is a contract document on disk.
type document struct {
	version string
	path    string
	data    []byte
}

func (d document) key() string { return d.version + ".yaml" }

func (d document) digest() v1alpha1.Digest {
	return v1alpha1.Digest(contract.Digest(contract.OpenAPI, d.data))
}

// Names as the schema has them: what is written here was never held to it.
var (
	versionName = regexp.MustCompile(`^[a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?$`)
	objectName  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
)

// readContracts reads arguments of the form VERSION=FILE; - is standard input.
// A FILE alone is version v1.
func readContracts(in io.Reader, args []string) ([]document, error) {
	documents := make([]document, 0, len(args))
	for _, arg := range args {
		version, path, ok := strings.Cut(arg, "=")
		if !ok {
			version, path = "v1", arg
		}
		if !versionName.MatchString(version) {
			return nil, fmt.Errorf("%q is no name of a version: write VERSION=FILE, for example v1=openapi.yaml", version)
		}
		if slices.ContainsFunc(documents, func(d document) bool { return d.version == version }) {
			return nil, fmt.Errorf("version %s is given twice", version)
		}
		data, err := readFile(in, path)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document{version: version, path: path, data: data})
	}
	if len(documents) == 0 {
		return nil, errors.New("no contract is given: write VERSION=FILE, for example v1=openapi.yaml")
	}
	slices.SortFunc(documents, func(a, b document) int { return strings.Compare(a.version, b.version) })
	return documents, nil
}

// standardInput is what a file is called that is read from there.
const standardInput = "-"

func readFile(in io.Reader, path string) ([]byte, error) {
	if path == standardInput {
		data, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return data, nil
	}
	return os.ReadFile(path)
}
