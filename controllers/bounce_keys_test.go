package controllers

import (
	"context"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/internal/snapshot"
)

// A channel says whether mails that come back are taken in, and what has to be put right where not.
func TestTakesBounces(t *testing.T) {
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the API server does not answer")
	for name, tc := range map[string]struct {
		data   map[string]string // of the Secret; nil for none
		secret string
		read   error
		want   string
	}{
		"it takes none in":      {nil, "", nil, ""},
		"a key":                 {map[string]string{"current": bounceKey}, "bounces", nil, "True Ready: mails that come back are taken in at https://notices.acme.example/bounces/shop/mail"},
		"two keys":              {map[string]string{"current": bounceKey, "previous": earlierKey}, "bounces", nil, "True Ready: "},
		"no Secret":             {nil, "bounces", nil, "False SecretNotFound: there is no secret/bounces with the key current"},
		"no current key":        {map[string]string{"previous": earlierKey}, "bounces", nil, "False SecretNotFound: there is no secret/bounces with the key current"},
		"a key that is none":    {map[string]string{"current": "whsec_!"}, "bounces", nil, "False ChannelInvalid: bounces.keysFrom: the key is not base64"},
		"an older that is none": {map[string]string{"current": bounceKey, "previous": "c2hvcnQ="}, "bounces", nil, "False ChannelInvalid: bounces.keysFrom: the key must have 24 to 64 bytes"},
		"Secrets are denied":    {nil, "bounces", apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "bounces", broken), "False SecretDenied: "},
		"nobody answers":        {nil, "bounces", broken, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			builder := fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if tc.read != nil {
						return tc.read
					}
					return c.Get(ctx, key, o, opts...)
				},
			})
			if tc.data != nil {
				secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "bounces"}, Data: map[string][]byte{}}
				for key, value := range tc.data {
					secret.Data[key] = []byte(value)
				}
				builder = builder.WithObjects(secret)
			}
			c := builder.Build()
			channel := &v1alpha1.NoticeChannel{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "mail", Generation: 2}}
			channel.Spec.Mail.Bounces.KeysFrom.Name = tc.secret
			channel.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionTakesBounces, Reason: "AsItWas"}}
			r := &NoticeChannelReconciler{
				shared: shared{client: c, live: c, snapshot: snapshot.New(c, c)}, answers: &Answers{base: "https://notices.acme.example/"},
			}
			err := r.setTakesBounces(t.Context(), channel, noon)
			got := ""
			if condition := apimeta.FindStatusCondition(channel.Status.Conditions, v1alpha1.ConditionTakesBounces); err != nil {
				got = "error"
			} else if condition != nil {
				got = string(condition.Status) + " " + condition.Reason + ": " + condition.Message
			}
			if (got == "") != (tc.want == "") || !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if tc.want == "" || tc.want == "error" {
				return
			}
			r.answers = nil
			if err := r.setTakesBounces(t.Context(), channel, noon); err != nil {
				t.Fatal(err)
			}
			if c := apimeta.FindStatusCondition(channel.Status.Conditions, v1alpha1.ConditionTakesBounces); c == nil || c.Reason != v1alpha1.ReasonNotServed {
				t.Errorf("without a port it is %v", c)
			}
		})
	}
}
