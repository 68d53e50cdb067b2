package controllers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/internal/answer/door"
	"forewarn.dev/forewarn/internal/delivery"
)

const (
	// keyInterval is after how long the keys are read again, when somebody needs them.
	keyInterval = time.Second
	// maxKey is the size of the largest key, in bytes.
	maxKey = 1024
)

// The files of the keys, as a Secret is mounted.
const (
	currentKey  = "current"
	previousKey = "previous"
)

// Answers is how customers answer notices. Nil: they cannot.
type Answers struct {
	address string
	// base is what links begin with.
	base string
	keys *keyFiles
}

// newAnswers reads what the manager was told. In a rehearsal nobody is told of anything, and nobody answers.
func newAnswers(ctx context.Context, o ManagerOptions) (*Answers, error) {
	address := o.AnswersAddress
	if address == "0" {
		address = ""
	}
	if address == "" && o.AnswersURL == "" && o.AnswersKeyDir == "" || o.Offset != 0 {
		return nil, nil
	}
	if address == "" || o.AnswersURL == "" || o.AnswersKeyDir == "" {
		return nil, errors.New("customers can answer with --answers-address, --answers-url and --answers-key-dir together: set all three or none")
	}
	base, err := door.Base(o.AnswersURL)
	if err != nil {
		return nil, fmt.Errorf("reading --answers-url: %w", err)
	}
	keys := &keyFiles{dir: o.AnswersKeyDir, own: o.Clock, log: ctrl.LoggerFrom(ctx).WithName("answers")}
	if keys.last, err = keys.read(); err != nil {
		return nil, err
	}
	keys.at = o.Clock.Now()
	return &Answers{address: address, base: base, keys: keys}, nil
}

// link is where a customer answers, as the message of a record says it: the same over retries. Of what is over nothing
// is to be answered.
func (a *Answers) link(n *v1alpha1.ChangeNotice, record *v1alpha1.DeliveryRecord, customer v1alpha1.CustomerID) string {
	stage, effective := delivery.Stage(record.Spec.Stage), record.Spec.EffectiveTime
	if effective == nil {
		effective = n.Spec.EffectiveTime
	}
	if a == nil || effective == nil || stage == delivery.Withdrawn || stage == delivery.Superseded {
		return ""
	}
	token, err := a.keys.current().Seal(answer.Ticket{
		Namespace: n.Namespace, Name: n.Name, UID: string(n.UID), Customer: string(customer), Expires: answer.Expires(effective.Time),
	})
	if err != nil {
		return "" // a name that no schema lets through
	}
	return door.Link(a.base, token)
}

// keyFiles are the keys as a mounted Secret holds them. They change while the manager runs.
type keyFiles struct {
	dir string
	own clock.PassiveClock
	log logr.Logger

	mu   sync.Mutex
	at   time.Time
	last answer.Keys
	// failed was logged already.
	failed bool
}

// current are the keys that could be read last.
func (k *keyFiles) current() answer.Keys {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.own.Now()
	if since := now.Sub(k.at); since >= 0 && since < keyInterval {
		return k.last
	}
	k.at = now
	keys, err := k.read()
	switch {
	case err == nil:
		k.last, k.failed = keys, false
	case !k.failed:
		k.failed = true
		k.log.Error(err, "Going on with the keys that were read last")
	}
	return k.last
}

func (k *keyFiles) read() (keys answer.Keys, err error) {
	if keys.Current, err = readKey(filepath.Join(k.dir, currentKey)); err != nil {
		return answer.Keys{}, err
	}
	keys.Previous, err = readKey(filepath.Join(k.dir, previousKey))
	if errors.Is(err, os.ErrNotExist) {
		return keys, nil
	}
	if err != nil {
		return answer.Keys{}, err
	}
	return keys, nil
}

// readKey takes the bytes as they are.
func readKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key for answers: %w", err)
	}
	defer func() { _ = file.Close() }()
	key, err := io.ReadAll(io.LimitReader(file, maxKey+1))
	if err != nil {
		return nil, fmt.Errorf("reading a key for answers: %w", err)
	}
	if len(key) < answer.MinKey || len(key) > maxKey {
		return nil, fmt.Errorf("reading a key for answers: %s has to have %d to %d bytes, such as those of: openssl rand -base64 32", path, answer.MinKey, maxKey)
	}
	return key, nil
}
