package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// cluster is all that verdicts in one namespace depend on, as it was read at
// one moment.
type cluster struct {
	namespace string
	now       time.Time
	// reader asks the API server, lenient where it cannot read an object; objects hold what was listed.
	reader   client.Reader
	lenient  rest.Interface
	objects  []client.Object
	snapshot *snapshot.Snapshot

	policies  []v1alpha1.NoticePolicy
	apis      []v1alpha1.CustomerAPI
	revisions []v1alpha1.APIRevision
	notices   []v1alpha1.ChangeNotice
	schedules []v1alpha1.DeprecationSchedule
	waivers   []v1alpha1.Waiver
	// unread are the objects that do not fit their kind, with what is wrong. They are in objects, too.
	unread []*snapshot.UnreadableError
}

// namespaceOf is the namespace that kubectl would use.
func namespaceOf(config *genericclioptions.ConfigFlags) string {
	namespace, _, err := config.ToRawKubeConfigLoader().Namespace()
	if err != nil || namespace == "" {
		return metav1.NamespaceDefault
	}
	return namespace
}

// readCluster lists what verdicts depend on. Contract documents are read one
// by one, as they are needed.
func readCluster(ctx context.Context, streams Streams, config *genericclioptions.ConfigFlags, at string) (*cluster, error) {
	c, _, clock, err := connect(config)
	if err != nil {
		return nil, err
	}
	if err := c.list(ctx); err != nil {
		return nil, err
	}
	for _, unread := range c.unread {
		streams.note("%s", unread)
	}
	if c.now, err = moment(streams, at); err != nil {
		return nil, err
	}
	if at == "" {
		c.now = c.clockOf(streams, clock)
	}
	c.snapshot = snapshot.New(snapshot.FromManifests(c.objects), c.reader)
	return c, nil
}

// connect makes a client of the cluster that the flags lead to, with the rights of whoever asks. Nothing was read yet.
func connect(config *genericclioptions.ConfigFlags) (*cluster, client.Client, *serverClock, error) {
	restConfig, err := config.ToRESTConfig()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	clock := &serverClock{}
	restConfig.Wrap(func(next http.RoundTripper) http.RoundTripper {
		clock.next = next
		return clock
	})
	restConfig.WarningHandler = rest.NoWarnings{}
	connected, err := client.New(restConfig, client.Options{Scheme: scheme})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	c := &cluster{namespace: namespaceOf(config), reader: connected}
	httpClient, err := rest.HTTPClientFor(restConfig)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	if c.lenient, err = snapshot.NewLenient(restConfig, httpClient, scheme); err != nil {
		return nil, nil, nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return c, connected, clock, nil
}

// clockOf is the time that forewarn judges for in this cluster.
func (c *cluster) clockOf(streams Streams, clock *serverClock) time.Time {
	now := clock.bound(streams.Now())
	if offset := snapshot.RehearsalOffset(c.policies); offset != 0 {
		now = now.Add(offset)
		streams.note("This cluster rehearses: its clock is moved on by %s, to %s.", offset, now.Format(time.RFC3339))
	}
	return now
}

func (c *cluster) list(ctx context.Context) error {
	namespace := &corev1.Namespace{}
	if err := c.reader.Get(ctx, client.ObjectKey{Name: c.namespace}, namespace); err != nil {
		return readable(fmt.Errorf("reading namespace %s: %w", c.namespace, err))
	}
	c.objects = append(c.objects, namespace)
	var (
		policies  v1alpha1.NoticePolicyList
		apis      v1alpha1.CustomerAPIList
		revisions v1alpha1.APIRevisionList
		audiences v1alpha1.AudienceList
		notices   v1alpha1.ChangeNoticeList
		schedules v1alpha1.DeprecationScheduleList
		waivers   v1alpha1.WaiverList
		services  corev1.ServiceList
	)
	if err := c.read(ctx, &policies, &apis, &revisions, &audiences, &notices, &schedules, &waivers, &services); err != nil {
		return readable(err)
	}
	c.policies, c.apis, c.revisions = policies.Items, apis.Items, revisions.Items
	c.notices, c.schedules, c.waivers = notices.Items, schedules.Items, waivers.Items
	return nil
}

// read lists what there is of some kinds. What does not fit its kind is noted.
func (c *cluster) read(ctx context.Context, lists ...client.ObjectList) error {
	for _, list := range lists {
		options := []client.ListOption{client.InNamespace(c.namespace)}
		if _, ok := list.(*v1alpha1.NoticePolicyList); ok {
			options = nil
		}
		if err := c.reader.List(ctx, list, options...); err != nil {
			if c.listLeniently(ctx, list) != nil {
				return fmt.Errorf("listing %s: %w", kindOf(list), err)
			}
		}
		if err := c.keep(list); err != nil {
			return err
		}
		for _, err := range snapshot.KeepReadable(list) {
			var unread *snapshot.UnreadableError
			if errors.As(err, &unread) {
				c.unread = append(c.unread, unread)
			}
		}
	}
	return nil
}

// listLeniently lists a kind that has objects which do not fit it.
func (c *cluster) listLeniently(ctx context.Context, list client.ObjectList) error {
	resource, err := snapshot.ResourceOf(list, scheme)
	if err != nil {
		return err
	}
	request := c.lenient.Get().Resource(resource)
	if _, ok := list.(*v1alpha1.NoticePolicyList); !ok {
		request = request.Namespace(c.namespace)
	}
	read, err := request.Do(ctx).Get()
	if err != nil {
		return err
	}
	items, err := apimeta.ExtractList(read)
	if err != nil {
		return err
	}
	return apimeta.SetList(list, items)
}

func (c *cluster) keep(list client.ObjectList) error {
	return apimeta.EachListItem(list, func(item runtime.Object) error {
		object, ok := item.(client.Object)
		if !ok {
			return fmt.Errorf("%T is no object", item)
		}
		c.objects = append(c.objects, object)
		return nil
	})
}

// kindOf is what people call the items of a list.
func kindOf(list client.ObjectList) string {
	gvks, _, err := scheme.ObjectKinds(list)
	if err != nil || len(gvks) == 0 {
		return fmt.Sprintf("%T", list)
	}
	return gvks[0].Kind
}

// readable adds what to do about an answer of the API server.
func readable(err error) error {
	var noKind *apimeta.NoKindMatchError
	switch {
	case errors.As(err, &noKind):
		return fmt.Errorf("%w: forewarn is not installed in this cluster", err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w: a verdict depends on it, ask for the right to read it", err)
	}
	return err
}

// api is the CustomerAPI of that name.
func (c *cluster) api(name string) (*v1alpha1.CustomerAPI, error) {
	var known []string
	for i := range c.apis {
		if c.apis[i].Name == name {
			return &c.apis[i], nil
		}
		known = append(known, c.apis[i].Name)
	}
	return nil, c.missing("CustomerAPI", name, known)
}

// missing says why there is no object of a kind to go by: it cannot be read, or is not there, but others are.
func (c *cluster) missing(kind, name string, known []string) error {
	for _, unread := range c.unread {
		if unread.Kind == kind && unread.Key.Name == name {
			return unread
		}
	}
	return fmt.Errorf("there is no %s/%s in namespace %s%s", strings.ToLower(kind), name, c.namespace, instead(known))
}

func (c *cluster) revision(name string) (*v1alpha1.APIRevision, bool) {
	for i := range c.revisions {
		if c.revisions[i].Name == name {
			return &c.revisions[i], true
		}
	}
	return nil, false
}
