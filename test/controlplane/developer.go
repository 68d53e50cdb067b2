//go:build unix

package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// DeveloperUser is a tenant: may edit everything in the namespaces granted,
// and nothing that belongs to the cluster.
const DeveloperUser = "developer"

const developerRole = "forewarn-developer"

// GrantDeveloper lets the developer edit everything in the namespaces, which
// are made where they do not exist. RBAC can neither leave out a namespace nor
// choose by label: hence one RoleBinding each.
func GrantDeveloper(ctx context.Context, admin *rest.Config, namespaces ...string) error {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return err
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: developerRole}, Rules: developerRules()}
	if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}); ignoreExists(err) != nil {
		return fmt.Errorf("creating the role of the developer: %w", err)
	}
	for _, name := range namespaces {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); ignoreExists(err) != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: developerRole, Namespace: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: developerRole},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: DeveloperUser}},
		}
		if _, err := client.RbacV1().RoleBindings(name).Create(ctx, binding, metav1.CreateOptions{}); ignoreExists(err) != nil {
			return fmt.Errorf("granting namespace %s: %w", name, err)
		}
	}
	return nil
}

// developerRules name the verbs one by one: "*" would hold break-glass,
// approve, impersonate, bind and escalate. They are bound by RoleBindings, so
// the cluster-scoped kinds of a group stay out of reach.
func developerRules() []rbacv1.PolicyRule {
	edit := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	return []rbacv1.PolicyRule{
		// Not all of the core group: through a RoleBinding, namespaces would be the namespace itself.
		{APIGroups: []string{""}, Verbs: edit, Resources: []string{
			"configmaps", "endpoints", "events", "limitranges",
			"persistentvolumeclaims", "persistentvolumeclaims/status",
			"pods", "pods/attach", "pods/binding", "pods/ephemeralcontainers", "pods/eviction", "pods/exec", "pods/log",
			"pods/portforward", "pods/proxy", "pods/resize", "pods/status", "podtemplates",
			"replicationcontrollers", "replicationcontrollers/scale", "replicationcontrollers/status",
			"resourcequotas", "resourcequotas/status", "secrets",
			"serviceaccounts", "serviceaccounts/token", "services", "services/proxy", "services/status",
		}},
		{APIGroups: []string{""}, Verbs: []string{"get"}, Resources: []string{"namespaces"}},
		{APIGroups: []string{
			"apps", "argoproj.io", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
			"forewarn.dev", "gateway.networking.k8s.io", "networking.k8s.io", "policy", rbacv1.GroupName,
		}, Verbs: edit, Resources: []string{"*"}},
	}
}

func ignoreExists(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
