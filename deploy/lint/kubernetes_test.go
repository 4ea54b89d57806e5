// Package lint reads the deployment files as those who run them do: strictly,
// by the types of Kubernetes, Compose and Prometheus. It is a module of its own,
// so that none of them is in earworm's.
package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// objects are what the manifest declares, by kind/name.
func objects(t *testing.T) map[string]meta.Object {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "kubernetes", "earworm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]meta.Object{}
	for _, document := range bytes.Split(raw, []byte("\n---\n")) {
		var kind meta.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		types := map[string]meta.Object{
			"v1 Namespace": &core.Namespace{}, "v1 ServiceAccount": &core.ServiceAccount{}, "v1 ConfigMap": &core.ConfigMap{},
			"v1 Service": &core.Service{}, "batch/v1 Job": &batch.Job{}, "apps/v1 Deployment": &apps.Deployment{},
			"autoscaling/v2 HorizontalPodAutoscaler": &autoscaling.HorizontalPodAutoscaler{},
			"policy/v1 PodDisruptionBudget":          &policy.PodDisruptionBudget{},
			"networking.k8s.io/v1 NetworkPolicy":     &networking.NetworkPolicy{},
		}
		object := types[kind.APIVersion+" "+kind.Kind]
		if object == nil {
			t.Fatalf("a document is of kind %q", kind.APIVersion+" "+kind.Kind)
		}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Errorf("%s %s: %v", kind.Kind, object.GetName(), err)
		}
		if kind.Kind != "Namespace" && object.GetNamespace() != "earworm" {
			t.Errorf("%s %s is in namespace %q", kind.Kind, object.GetName(), object.GetNamespace())
		}
		found[kind.Kind+"/"+object.GetName()] = object
	}
	return found
}

// pods are the templates by the name of what makes them.
func pods(t *testing.T, all map[string]meta.Object) map[string]core.PodTemplateSpec {
	t.Helper()
	found := map[string]core.PodTemplateSpec{}
	for name, object := range all {
		switch o := object.(type) {
		case *apps.Deployment:
			found[name] = o.Spec.Template
		case *batch.Job:
			found[name] = o.Spec.Template
		}
	}
	if len(found) != 3 {
		t.Fatalf("%d pods; want a worker, an API and a migration", len(found))
	}
	return found
}

// What the namespace's label "restricted" will ask for, and a little more.
func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	for name, pod := range pods(t, objects(t)) {
		s := pod.Spec.SecurityContext
		if s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.RunAsUser == nil || *s.RunAsUser == 0 || s.SeccompProfile == nil {
			t.Errorf("%s may run as root, or without seccomp: %+v", name, s)
		}
		for _, c := range pod.Spec.Containers {
			s := c.SecurityContext
			if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation ||
				s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem ||
				s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
				t.Errorf("%s: container %s keeps rights: %+v", name, c.Name, s)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: container %s has no bounds: %+v", name, c.Name, c.Resources)
			}
		}
	}
}

// A pod is asked on a port that it has whether it lives and is ready, and has
// longer than --grace to end.
func TestPodsAreProbedAndMayFinish(t *testing.T) {
	t.Parallel()
	for name, pod := range pods(t, objects(t)) {
		if strings.HasPrefix(name, "Job/") {
			continue
		}
		c := pod.Spec.Containers[0]
		for path, probe := range map[string]*core.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
			if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path ||
				!slices.ContainsFunc(c.Ports, func(p core.ContainerPort) bool { return p.Name == probe.HTTPGet.Port.String() }) {
				t.Errorf("%s is not asked at %s: %+v", name, path, probe)
			}
		}
		if !slices.Contains(c.Args, "30s") || *pod.Spec.TerminationGracePeriodSeconds <= 30 {
			t.Errorf("%s: grace %v, ended after %d s", name, c.Args, *pod.Spec.TerminationGracePeriodSeconds)
		}
	}
}

// Whoever names pods by labels or a deployment by name names one that is there.
func TestNamesLeadSomewhere(t *testing.T) {
	t.Parallel()
	all := objects(t)
	templates := pods(t, all)
	matches := func(who string, selector labels.Selector) {
		for _, pod := range templates {
			if selector.Matches(labels.Set(pod.Labels)) {
				return
			}
		}
		t.Errorf("%s selects no pod: %s", who, selector)
	}
	seen := 0
	for name, object := range all {
		var selector *meta.LabelSelector
		switch o := object.(type) {
		case *apps.Deployment:
			selector = o.Spec.Selector
		case *policy.PodDisruptionBudget:
			selector = o.Spec.Selector
		case *networking.NetworkPolicy:
			selector = &o.Spec.PodSelector
		case *core.Service:
			selector = &meta.LabelSelector{MatchLabels: o.Spec.Selector}
		case *autoscaling.HorizontalPodAutoscaler:
			if target := o.Spec.ScaleTargetRef; all[target.Kind+"/"+target.Name] == nil {
				t.Errorf("%s scales %s/%s, which is not there", name, target.Kind, target.Name)
			}
			if metric := o.Spec.Metrics[0].External.Metric.Name; metric != "earworm_queue_jobs" {
				t.Errorf("%s follows %s", name, metric)
			}
			continue
		default:
			continue
		}
		seen++
		s, err := meta.LabelSelectorAsSelector(selector)
		if err != nil {
			t.Error(err)
			continue
		}
		matches(name, s)
	}
	if seen != 6 {
		t.Errorf("%d selectors; want 6", seen)
	}
}
