package snapshot

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
)

// UnreadableError is about an object that does not fit the type of its kind. Trying again does not help: it has to be
// put right or deleted, which whoever depends on it sees.
type UnreadableError struct {
	Kind string
	Key  client.ObjectKey
	Why  string
}

func (e *UnreadableError) Error() string {
	name := e.Key.Name
	if e.Key.Namespace != "" {
		name = e.Key.String()
	}
	return fmt.Sprintf("%s %s cannot be read, put it right or delete it: %s", e.Kind, name, e.Why)
}

// IsUnreadable says whether something failed because of an object that cannot be read.
func IsUnreadable(err error) bool {
	var unread *UnreadableError
	return errors.As(err, &unread)
}

// Read returns an UnreadableError where nothing but the metadata of an object is known.
func Read(object client.Object) error {
	if why, is := v1alpha1.Unreadable(object); is {
		kind := reflect.TypeOf(object).Elem().Name()
		return &UnreadableError{Kind: kind, Key: client.ObjectKeyFromObject(object), Why: why}
	}
	return nil
}

// Readable returns a Reader that leaves out of lists what cannot be read. To Get it is an error, and not as though it
// were not there.
func Readable(reader client.Reader) client.Reader { return readable{reader} }

type readable struct{ client.Reader }

// Get implements client.Reader.
func (r readable) Get(ctx context.Context, key client.ObjectKey, out client.Object, opts ...client.GetOption) error {
	if err := r.Reader.Get(ctx, key, out, opts...); err != nil {
		return err
	}
	return Read(out)
}

// List implements client.Reader.
func (r readable) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if err := r.Reader.List(ctx, list, opts...); err != nil {
		return err
	}
	KeepReadable(list)
	return nil
}

// KeepReadable takes out of a list what cannot be read, and returns what it is.
func KeepReadable(list client.ObjectList) []error {
	switch l := list.(type) {
	case *v1alpha1.NoticePolicyList:
		return keepReadable(&l.Items)
	case *v1alpha1.CustomerAPIList:
		return keepReadable(&l.Items)
	case *v1alpha1.APIRevisionList:
		return keepReadable(&l.Items)
	case *v1alpha1.ChangeNoticeList:
		return keepReadable(&l.Items)
	case *v1alpha1.WaiverList:
		return keepReadable(&l.Items)
	case *v1alpha1.DeprecationScheduleList:
		return keepReadable(&l.Items)
	case *v1alpha1.DowntimeBudgetList:
		return keepReadable(&l.Items)
	}
	return nil
}

func keepReadable[T any, P interface {
	*T
	client.Object
}](items *[]T) (left []error) {
	var kept []T // apart: somebody may hold on to the items
	for i, item := range *items {
		if err := Read(P(&(*items)[i])); err != nil {
			if left == nil {
				kept = slices.Clone((*items)[:i])
			}
			left = append(left, err)
		} else if left != nil {
			kept = append(kept, item)
		}
	}
	if left != nil {
		*items = kept
	}
	return left
}

// ListWhole is List, and an error where one of what is listed cannot be read.
func (s *Snapshot) ListWhole(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if err := s.all.List(ctx, list, opts...); err != nil {
		return err
	}
	if unread := KeepReadable(list); len(unread) > 0 {
		return unread[0]
	}
	return nil
}
