package controllers

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// gatewayRetry is how soon to look again for a kind that is declared and not served yet.
const gatewayRetry = time.Second

// routeInformer is the informer of the cache on HTTPRoutes. The leader and the lookout share it, and it is dropped once for
// each definition: whoever comes to that second has it made anew by then.
type routeInformer struct {
	cache  cache.Cache
	mapper apimeta.RESTMapper

	mu sync.Mutex
	of types.UID
}

// definition is that by which HTTPRoutes are served; "" for none. served says that they are by now.
func (i *routeInformer) definition(ctx context.Context) (uid types.UID, served bool, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	definition := definitionMetadata()
	err = i.cache.Get(ctx, client.ObjectKey{Name: httpRouteCRD}, definition)
	if client.IgnoreNotFound(err) != nil {
		return "", false, err
	}
	uid = definition.UID
	if apierrors.IsNotFound(err) || definition.DeletionTimestamp != nil {
		uid = ""
	}
	if i.of != "" && i.of != uid {
		if err := i.cache.RemoveInformer(ctx, httpRouteMetadata()); err != nil {
			return "", false, fmt.Errorf("forgetting HTTPRoutes: %w", err)
		}
	}
	i.of = uid
	if uid == "" {
		return "", false, nil
	}
	kind := httpRouteMetadata().GroupVersionKind()
	_, err = i.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if apimeta.IsNoMatchError(err) {
		return uid, false, nil
	}
	return uid, err == nil, err
}
