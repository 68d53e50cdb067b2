// Package snapshot reads, and is the only one that does: from the objects of a cluster or from manifests it makes
// the inputs of the pure packages. It writes nothing.
package snapshot

import (
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Snapshot reads what judgements depend on.
type Snapshot struct {
	// objects are read often: a cache, or manifests. What cannot be read is not among them.
	objects client.Reader
	// all are the same with what cannot be read.
	all client.Reader
	// documents are read once and are big: ConfigMaps that hold contracts, and KeptContracts. No cache holds them.
	documents client.Reader
	memory    *memory
	// account is the ServiceAccount that reads.
	account types.NamespacedName
}

// New returns a Snapshot that reads contract documents from documents and all else from objects. The two may be
// the same.
func New(objects, documents client.Reader) *Snapshot {
	return &Snapshot{objects: Readable(objects), all: objects, documents: documents, memory: newMemory()}
}

// As names the ServiceAccount that reads, for whoever has to permit it something.
func (s *Snapshot) As(account types.NamespacedName) *Snapshot {
	s.account = account
	return s
}
