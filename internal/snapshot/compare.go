package snapshot

import (
	"context"
	"errors"
	"fmt"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
)

// memory remembers what was read and compared, by digests: a verdict that is due again compares nothing again.
type memory struct {
	documents   *lru[documentKey, *readDocument]
	comparisons *lru[comparisonKey, *comparison]
	// marks are the operations that a document does not mark as deprecated.
	marks *lru[v1alpha1.ObjectName, []string]
	// heavy is held by whoever works on a large document: what two of them take together is too much.
	heavy chan struct{}
}

type documentKey struct {
	format v1alpha1.ContractFormat
	digest string
}

type readDocument struct {
	parsed  *contract.Document
	problem *gate.Problem
	size    int
}

type comparisonKey struct {
	version    v1alpha1.VersionName
	base, head v1alpha1.ObjectName
}

type comparison struct {
	changes []contract.Change
	problem *gate.Problem
}

// largeDocument is from how many bytes on one is worked on at a time.
const largeDocument = 256 << 10

func newMemory() *memory {
	return &memory{
		documents:   newLRU[documentKey](maxRememberedBytes, func(d *readDocument) int { return d.size }),
		comparisons: newLRU[comparisonKey](maxRememberedChanges, func(c *comparison) int { return len(c.changes) + 1 }),
		marks:       newLRU[v1alpha1.ObjectName](maxRememberedMarks, func(o []string) int { return len(o) + 1 }),
		heavy:       make(chan struct{}, 1),
	}
}

// parse reads a document. One that cannot be read is remembered, too: a bomb goes off once.
func (s *Snapshot) parse(format v1alpha1.ContractFormat, data []byte) (*readDocument, *gate.Problem) {
	key := documentKey{format, contract.Digest(contract.Format(format), data)}
	read, err := s.memory.documents.get(key, func() (*readDocument, error) {
		defer s.memory.alone(len(data))()
		parsed, err := guarded(func() (*contract.Document, error) { return contract.Parse(contract.Format(format), data) })
		if err != nil {
			return &readDocument{problem: problemOf(err), size: 1 << 10}, nil
		}
		return &readDocument{parsed: parsed, size: len(data)}, nil
	})
	if err != nil {
		return nil, problemOf(err)
	}
	if read.problem != nil {
		problem := *read.problem
		return nil, &problem
	}
	return read, nil
}

// errUnreadable says that a document is a problem, which is not remembered: it may be put right.
var errUnreadable = errors.New("a document cannot be read")

// changes compares two documents of one version.
func (s *Snapshot) changes(ctx context.Context, version v1alpha1.VersionName, base, head *document) ([]contract.Change, *gate.Problem, error) {
	found, err := s.memory.comparisons.get(comparisonKey{version, base.name(), head.name()}, func() (*comparison, error) {
		return s.compare(ctx, version, base, head)
	})
	if err != nil && !errors.Is(err, errUnreadable) {
		return nil, nil, err
	}
	if found.problem != nil {
		problem := *found.problem
		return nil, &problem, nil
	}
	return found.changes, nil, nil
}

func (s *Snapshot) compare(ctx context.Context, version v1alpha1.VersionName, base, head *document) (*comparison, error) {
	read := make([]*readDocument, 0, 2)
	for _, d := range []*document{base, head} {
		doc, problem, err := d.load(ctx)
		if err != nil {
			return nil, err
		}
		if problem != nil {
			problem.Version = string(version)
			return &comparison{problem: problem}, errUnreadable
		}
		read = append(read, doc)
	}
	defer s.memory.alone(read[0].size + read[1].size)()
	changes, err := guarded(func() ([]contract.Change, error) {
		return contract.Compare(string(version), read[0].parsed, read[1].parsed)
	})
	if err != nil { // the same two come to the same again
		problem := problemOf(err)
		problem.Version = string(version)
		return &comparison{problem: problem}, nil
	}
	return &comparison{changes: changes}, nil
}

// alone waits until nobody else works on a large document, and returns what ends the wait of the next.
func (m *memory) alone(size int) (done func()) {
	if size < largeDocument {
		return func() {}
	}
	m.heavy <- struct{}{}
	return func() { <-m.heavy }
}

// guarded turns a panic of a library into an error: one document must not stop the judging of all others.
func guarded[T any](work func() (T, error)) (result T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("it could not be read: %v", cause)
		}
	}()
	return work()
}
