package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/contract"
	"forewarn.dev/forewarn/internal/gate"
)

// maxKeptBytes is how much of a compressed document fits into a KeptContract.
const maxKeptBytes = 1_400_000 / 4 * 3

// document is a contract document that is read no sooner than something has to be compared with it.
type document struct {
	digest     v1alpha1.Digest
	kept       v1alpha1.ObjectName // where it is kept, when the digest is not known
	operations *int32
	load       func(context.Context) (*readDocument, *gate.Problem, error)
}

// name is that of the KeptContract that holds the document or will.
func (d *document) name() v1alpha1.ObjectName {
	if d.kept != "" {
		return d.kept
	}
	return v1alpha1.KeptContractName(d.digest)
}

// kept is the document in a KeptContract.
func (s *Snapshot) kept(namespace string, name v1alpha1.ObjectName) *document {
	key := client.ObjectKey{Namespace: namespace, Name: string(name)}
	return &document{kept: name, load: func(ctx context.Context) (*readDocument, *gate.Problem, error) {
		return s.readKept(ctx, key)
	}}
}

func (s *Snapshot) readKept(ctx context.Context, key client.ObjectKey) (*readDocument, *gate.Problem, error) {
	unreadable := func(format string, args ...any) *gate.Problem {
		return &gate.Problem{Reason: v1alpha1.ReasonPromiseUnreadable, Message: "keptcontract/" + key.Name + ": " + fmt.Sprintf(format, args...)}
	}
	kept := &v1alpha1.KeptContract{}
	if err := s.documents.Get(ctx, key, kept); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, unreadable("it is gone: restore it from a backup, or propose the same document again"), nil
		}
		return nil, nil, fmt.Errorf("reading kept contract %s: %w", key, err)
	}
	data, err := contract.Unzip(kept.Spec.Document, contract.MaxBytes)
	if err != nil {
		return nil, unreadable("%v", err), nil
	}
	read, problem := s.parse(kept.Spec.Format, data)
	if problem != nil {
		return nil, unreadable("%s", problem.Message), nil
	}
	if digest := v1alpha1.Digest(read.parsed.Digest()); digest != kept.Spec.Digest || string(v1alpha1.KeptContractName(digest)) != key.Name {
		return nil, unreadable("what it holds is not what its name says: restore it from a backup"), nil
	}
	return read, nil, nil
}

// judgedBefore is the document of a version as the status refers to it: whatever became of its source since, that
// is what is judged. Nothing is returned for one that was not judged yet.
func (r *reader) judgedBefore(c *v1alpha1.Contract) *document {
	for i := range r.revision.Status.Contracts {
		judged := &r.revision.Status.Contracts[i]
		if judged.Version != c.Version {
			continue
		}
		key := client.ObjectKey{Namespace: r.revision.Namespace, Name: string(judged.Contract)}
		return &document{
			digest: judged.Digest, operations: judged.Operations,
			load: func(ctx context.Context) (*readDocument, *gate.Problem, error) {
				read, problem, err := r.snapshot.readKept(ctx, key)
				if problem != nil {
					problem.Reason = v1alpha1.ReasonContractUnreadable
				}
				return read, problem, err
			},
		}
	}
	return nil
}

// fromSource reads a document that was not judged yet.
func (r *reader) fromSource(ctx context.Context, c *v1alpha1.Contract) (*document, *gate.Problem, error) {
	data, problem, err := r.sourceOf(ctx, c)
	if err != nil || problem != nil {
		return nil, problem, err
	}
	format := cmp.Or(c.Format, v1alpha1.FormatOpenAPI)
	read, problem := r.snapshot.parse(format, data)
	if problem != nil {
		problem.Version = string(c.Version)
		return nil, problem, nil
	}
	packed, err := contract.Zip(data)
	if err != nil {
		return nil, nil, fmt.Errorf("compressing the contract of %s: %w", c.Version, err)
	}
	if len(packed) > maxKeptBytes {
		return nil, &gate.Problem{Version: string(c.Version), Reason: v1alpha1.ReasonContractTooLarge, Message: fmt.Sprintf(
			"it takes %d bytes when compressed, and at most %d can be kept: leave descriptions and examples out", len(packed), maxKeptBytes)}, nil
	}
	digest := v1alpha1.Digest(read.parsed.Digest())
	kept := v1alpha1.KeptContract{Spec: v1alpha1.KeptContractSpec{
		Format: format, Digest: digest, Size: int64(len(data)), Document: packed,
	}}
	kept.Namespace, kept.Name = r.revision.Namespace, string(v1alpha1.KeptContractName(digest))
	r.unkept = append(r.unkept, kept)
	return &document{
		digest: digest, operations: ptr.To(int32(len(read.parsed.Operations()))),
		load: func(context.Context) (*readDocument, *gate.Problem, error) { return read, nil, nil },
	}, nil, nil
}

// sourceOf reads what the revision refers to.
func (r *reader) sourceOf(ctx context.Context, c *v1alpha1.Contract) ([]byte, *gate.Problem, error) {
	if c.ConfigMapKeyRef.Name == "" {
		return r.inline(ctx, c)
	}
	missing := func(format string, args ...any) *gate.Problem {
		return &gate.Problem{Version: string(c.Version), Reason: v1alpha1.ReasonContractNotFound, Message: fmt.Sprintf(format, args...)}
	}
	key := client.ObjectKey{Namespace: r.revision.Namespace, Name: c.ConfigMapKeyRef.Name}
	source := &corev1.ConfigMap{}
	if err := r.snapshot.documents.Get(ctx, key, source); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, missing("there is no configmap/%s: create it", key.Name), nil
		}
		return nil, nil, fmt.Errorf("reading config map %s: %w", key, err)
	}
	if data, ok := source.Data[c.ConfigMapKeyRef.Key]; ok {
		return []byte(data), nil, nil
	}
	data, ok := source.BinaryData[c.ConfigMapKeyRef.Key]
	if !ok {
		return nil, missing("configmap/%s has no key %s: add it", key.Name, c.ConfigMapKeyRef.Key), nil
	}
	if !bytes.HasPrefix(data, gzipMagic) {
		return data, nil, nil
	}
	unpacked, err := contract.Unzip(data, contract.MaxBytes)
	if err != nil {
		problem := problemOf(err)
		problem.Version = string(c.Version)
		return nil, problem, nil
	}
	return unpacked, nil, nil
}

var gzipMagic = []byte{0x1f, 0x8b}

// inline returns the document in the spec. A cache leaves it out, for it is read once and kept for ever.
func (r *reader) inline(ctx context.Context, c *v1alpha1.Contract) ([]byte, *gate.Problem, error) {
	if c.Inline != "" {
		return []byte(c.Inline), nil, nil
	}
	if r.live == nil {
		r.live = &v1alpha1.APIRevision{}
		err := r.snapshot.documents.Get(ctx, client.ObjectKeyFromObject(r.revision), r.live)
		if client.IgnoreNotFound(err) != nil {
			return nil, nil, fmt.Errorf("reading revision %s: %w", r.revision.Name, err)
		}
	}
	for i := range r.live.Spec.Contracts {
		if found := &r.live.Spec.Contracts[i]; found.Version == c.Version && found.Inline != "" {
			return []byte(found.Inline), nil, nil
		}
	}
	return nil, &gate.Problem{
		Version: string(c.Version), Reason: v1alpha1.ReasonContractNotFound,
		Message: "the revision says neither where the document is nor what it holds: set configMapKeyRef or inline",
	}, nil
}

// problemOf says of an error in a document what a condition says.
func problemOf(err error) *gate.Problem {
	problem := &gate.Problem{Reason: v1alpha1.ReasonContractUnreadable, Message: err.Error()}
	var refused *contract.Error
	if errors.As(err, &refused) {
		switch refused.Reason {
		case contract.TooLarge:
			problem.Reason = v1alpha1.ReasonContractTooLarge
		case contract.Empty:
			problem.Reason = v1alpha1.ReasonContractEmpty
		}
	}
	return problem
}
