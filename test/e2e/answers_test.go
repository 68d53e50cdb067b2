//go:build unix

package e2e

import (
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "forewarn.dev/forewarn/api/v1alpha1"
	"forewarn.dev/forewarn/controllers"
	"forewarn.dev/forewarn/internal/answer"
	"forewarn.dev/forewarn/test/internet"
)

var (
	firstKey  = strings.Repeat("1", answer.MinKey)
	secondKey = strings.Repeat("2", answer.MinKey)
	thirdKey  = strings.Repeat("3", answer.MinKey)
)

// answering is a namespace whose customers are told by mail, and can answer.
func answering(t *testing.T, change ...func(*v1alpha1.NoticePolicySpec)) *telling {
	t.Helper()
	s := newTelling(t, customersByMail, change...)
	s.stop()
	s.answersAddress, s.answersKeys = s.freeAddress(), t.TempDir()
	s.keys(map[string]string{"current": firstKey})
	s.startManager(0)
	s.create(s.mailChannel())
	return s
}

// keys are those of the links from now on.
func (s *telling) keys(keys map[string]string) {
	s.t.Helper()
	for _, name := range []string{"current", "previous"} {
		path := filepath.Join(s.answersKeys, name)
		if keys[name] == "" {
			_ = os.Remove(path)
			continue
		}
		s.Expect(os.WriteFile(path, []byte(keys[name]), 0o600)).To(Succeed())
	}
}

var anyLink = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/a/[A-Za-z0-9_-]+`)

// linkIn is the link in a mail, empty where there is none.
func (s *telling) linkIn(letter internet.Letter) string {
	s.t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(letter.Content))
	s.Expect(err).NotTo(HaveOccurred())
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(strings.Contains(string(text), "Tell us")).To(Equal(anyLink.Match(text)))
	return anyLink.FindString(string(text))
}

// visit asks for a page as a browser does, and is led where that is led.
func (s *telling) visit(method, link string, form url.Values) (status int, page string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.ctx, method, link, strings.NewReader(form.Encode()))
	s.Expect(err).NotTo(HaveOccurred())
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	s.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	s.Expect(err).NotTo(HaveOccurred())
	return response.StatusCode, string(text)
}

// publication is the record of the publication.
func (s *telling) publication() *v1alpha1.DeliveryRecord {
	s.t.Helper()
	var list v1alpha1.DeliveryRecordList
	s.Expect(s.admin.List(s.ctx, &list, client.InNamespace(s.namespace))).To(Succeed())
	for i := range list.Items {
		if list.Items[i].Spec.Stage == "Published" {
			return &list.Items[i]
		}
	}
	s.t.Fatal("there is no record of the publication")
	return nil
}

// given are the answers that are kept, by customer.
func (s *telling) given() map[v1alpha1.CustomerID]v1alpha1.CustomerAnswer {
	s.t.Helper()
	given := map[v1alpha1.CustomerID]v1alpha1.CustomerAnswer{}
	for _, e := range s.publication().Status.Deliveries {
		if e.Answer != "" {
			given[e.Customer] = e.Answer
		}
	}
	return given
}

// A customer answers by the link in its mail: looking changes nothing, a form that is sent does, and the page says at
// once what was kept, on every replica.
func TestCustomersAnswer(t *testing.T) {
	s := answering(t)
	notice := s.announce("no-delete", time.Now().AddDate(0, 2, 0))
	link := s.linkIn(s.hears("orders: ")["jane.doe@customer.example"][0])
	s.Expect(s.delivered("no-delete", "True Delivered")).To(HavePrefix("delivered to 3 of 3"))

	before := s.publication().ResourceVersion
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodGet} {
		s.visit(method, link+"?answer=understood", nil)
	}
	status, page := s.visit(http.MethodGet, link, nil)
	s.Expect(status).To(Equal(http.StatusOK))
	s.Expect(page).To(And(ContainSubstring("Orders can no longer be deleted"), ContainSubstring("Cancel them"), ContainSubstring("You have not answered yet.")))
	s.Expect(s.publication().ResourceVersion).To(Equal(before))

	status, page = s.visit(http.MethodPost, link, url.Values{"answer": {"understood"}})
	s.Expect(status).To(Equal(http.StatusOK))
	s.Expect(page).To(ContainSubstring("You have understood."))
	s.Expect(s.given()).To(Equal(map[v1alpha1.CustomerID]v1alpha1.CustomerAnswer{"c-1": v1alpha1.AnswerUnderstood}))

	until := time.Now().UTC().AddDate(1, 0, 0)
	objection := url.Values{"answer": {"needs-time"}, "until": {until.Format(time.DateOnly)}}
	other := s.freeAddress()
	s.startAnother(cluster.manager, func(o *controllers.ManagerOptions) {
		o.AnswersAddress, o.AnswersURL, o.AnswersKeyDir = other, "http://"+other, s.answersKeys
	})
	elsewhere := strings.Replace(link, s.answersAddress, other, 1)
	s.Eventually(func() int { status, _ := s.visit(http.MethodGet, elsewhere, nil); return status }).Should(Equal(http.StatusOK))
	_, page = s.visit(http.MethodPost, elsewhere, objection)
	s.Expect(page).To(ContainSubstring(until.Format("2 January 2006")))
	_, page = s.visit(http.MethodGet, link, nil)
	s.Expect(page).To(ContainSubstring(until.Format("2 January 2006")))
	for _, e := range s.publication().Status.Deliveries {
		if e.Customer == "c-1" {
			s.Expect(e.NeededUntil.UTC()).To(Equal(until.Truncate(24*time.Hour).AddDate(0, 0, 1)))
			s.Expect(e.AnswerTime.Time).To(BeTemporally("~", time.Now(), time.Minute))
			s.Expect(e.State).To(Equal(v1alpha1.DeliveryDelivered))
		}
	}
	status, page = s.visit(http.MethodPost, link, url.Values{"answer": {"needs-time"}, "until": {time.Now().UTC().Format(time.DateOnly)}})
	s.Expect(status).To(Equal(http.StatusUnprocessableEntity))
	s.Expect(page).To(ContainSubstring("a day after today"))

	s.get(notice, "no-delete")
	notice.Spec.EffectiveTime = ptr.To(metav1.NewTime(notice.Spec.EffectiveTime.AddDate(0, 1, 0)))
	s.Expect(s.admin.Update(s.ctx, notice)).To(Succeed())
	second := s.linkIn(s.hears("Postponed to ")["jane.doe@customer.example"][0])
	s.Expect(second).NotTo(Equal(link))
	_, page = s.visit(http.MethodGet, second, nil)
	s.Expect(page).To(And(ContainSubstring("Postponed"), ContainSubstring(until.Format("2 January 2006"))))
	_, page = s.visit(http.MethodPost, second, url.Values{"answer": {"take-back"}})
	s.Expect(page).To(ContainSubstring("You have not answered yet."))
	s.Expect(s.given()).To(BeEmpty())

	s.visit(http.MethodPost, link, objection)
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"state":"Withdrawn"}}`))
	s.Expect(s.admin.Patch(s.ctx, notice, patch)).To(Succeed())
	s.Expect(s.linkIn(s.hears("Withdrawn: ")["jane.doe@customer.example"][0])).To(BeEmpty())
	status, page = s.visit(http.MethodPost, link, url.Values{"answer": {"understood"}})
	s.Expect(status).To(Equal(http.StatusConflict))
	s.Expect(page).To(And(ContainSubstring("This change was withdrawn."), Not(ContainSubstring("<form"))))
	s.Expect(s.given()).To(HaveKeyWithValue(v1alpha1.CustomerID("c-1"), v1alpha1.AnswerNeedsTime))
	s.nothingPersonal()
	s.Expect(s.logs.String()).NotTo(ContainSubstring(link[strings.LastIndex(link, "/"):]))
}

// A key is replaced while the manager runs: links that were sent go on for as long as the previous one stays.
func TestKeysOfLinksAreReplaced(t *testing.T) {
	s := answering(t)
	s.announce("no-delete", time.Now().AddDate(0, 2, 0))
	link := s.linkIn(s.hears("orders: ")["ops@customer.example"][0])
	status := func() int { status, _ := s.visit(http.MethodGet, link, nil); return status }
	s.Expect(status()).To(Equal(http.StatusOK))
	s.keys(map[string]string{"current": secondKey, "previous": thirdKey})
	s.Eventually(status).Should(Equal(http.StatusNotFound))
	s.keys(map[string]string{"current": secondKey, "previous": firstKey})
	s.Eventually(status).Should(Equal(http.StatusOK))
	s.keys(map[string]string{"current": secondKey})
	s.Eventually(status).Should(Equal(http.StatusNotFound))
	s.Expect(s.given()).To(BeEmpty())
}

// Somebody answers while messages of the same record are under way. Both is kept.
func TestAnAnswerWhileMessagesGoOut(t *testing.T) {
	s := answering(t)
	notice := &v1alpha1.ChangeNotice{}
	asked := make(chan int, 1)
	s.mail.Before(func(n int) {
		if n != 2 {
			return
		}
		if err := s.admin.Get(s.ctx, client.ObjectKey{Namespace: s.namespace, Name: "no-delete"}, notice); err != nil {
			t.Error(err)
		}
		token, err := answer.Keys{Current: []byte(firstKey)}.Seal(answer.Ticket{
			Namespace: s.namespace, Name: "no-delete", UID: string(notice.UID), Customer: "c-3", Expires: time.Now().Add(time.Hour),
		})
		if err != nil {
			t.Error(err)
		}
		status, _ := s.visit(http.MethodPost, "http://"+s.answersAddress+"/a/"+token, url.Values{"answer": {"understood"}})
		asked <- status
	})
	s.announce("no-delete", time.Now().AddDate(0, 2, 0))
	s.Expect(s.delivered("no-delete", "True Delivered")).To(HavePrefix("delivered to 3 of 3"))
	s.Expect(<-asked).To(Equal(http.StatusOK))
	s.Expect(s.given()).To(Equal(map[v1alpha1.CustomerID]v1alpha1.CustomerAnswer{"c-3": v1alpha1.AnswerUnderstood}))
	s.Expect(s.states("Published")).To(Equal(map[string]int{"Delivered": 3}))
	s.Expect(s.letters("orders: ")).To(HaveLen(3))
}

// The component gives the manager all that it needs but the address, which only whoever runs it knows.
func TestTheComponentForAnswers(t *testing.T) {
	e := NewWithT(t)
	overlay := t.TempDir()
	root, err := filepath.Abs("../../config")
	e.Expect(err).NotTo(HaveOccurred())
	up, err := filepath.Rel(overlay, root)
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(`apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [`+up+`/default]
components: [`+up+`/feed, `+up+`/answers]
`), 0o600)).To(Succeed())
	output, err := exec.CommandContext(t.Context(), filepath.Join(cluster.BinDir(), "kubectl"), "kustomize", overlay).Output()
	e.Expect(err).NotTo(HaveOccurred())
	deployment, service := &appsv1.Deployment{}, &corev1.Service{}
	for _, document := range strings.Split(string(output), "\n---\n") {
		switch {
		case strings.Contains(document, "\nkind: Deployment\n"):
			e.Expect(yaml.UnmarshalStrict([]byte(document), deployment)).To(Succeed())
		case strings.Contains(document, "\nkind: Service\n") && strings.Contains(document, "name: forewarn-answers\n"):
			e.Expect(yaml.UnmarshalStrict([]byte(document), service)).To(Succeed())
		}
	}
	pod := deployment.Spec.Template.Spec
	e.Expect(pod.Containers).To(HaveLen(1))
	e.Expect(pod.Containers[0].Args).To(ContainElements("--answers-address=:8083", "--answers-key-dir=/etc/forewarn/answers", "--feed-address=:8082"))
	e.Expect(pod.Containers[0].Ports).To(ContainElement(corev1.ContainerPort{Name: "answers", ContainerPort: 8083}))
	e.Expect(pod.Containers[0].VolumeMounts).To(ContainElement(corev1.VolumeMount{Name: "answers", MountPath: "/etc/forewarn/answers", ReadOnly: true}))
	e.Expect(pod.Volumes).To(ContainElement(HaveField("Secret.SecretName", "forewarn-answers")))
	e.Expect(service.Spec.Ports).To(ContainElement(HaveField("TargetPort.StrVal", "answers")))
	e.Expect(service.Spec.Selector).To(Equal(map[string]string{"app.kubernetes.io/name": deployment.Spec.Template.Labels["app.kubernetes.io/name"]}))
}
