package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// answer asks without a body, and reads whatever comes back.
func (s *service) answer(t *testing.T, method, path string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// described reads the description that the service gives of itself.
func (s *service) described(t *testing.T, path string) []byte {
	t.Helper()
	status, text := s.answer(t, http.MethodGet, path)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, status, text)
	}
	return []byte(text)
}

// TestDescription: it is valid OpenAPI 3.1, in JSON as in YAML, and what it
// lists is there.
func TestDescription(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, path := range []string{"/v1/openapi.json", "/v1/openapi.yaml"} {
		document, err := libopenapi.NewDocument(s.described(t, path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		check, errs := validator.NewValidator(document)
		if len(errs) > 0 {
			t.Fatalf("%s: %v", path, errs)
		}
		if ok, errs := check.ValidateDocument(); !ok {
			for _, e := range errs {
				t.Errorf("%s: %s: %s %v", path, e.Message, e.Reason, e.SchemaValidationErrors)
			}
		}
	}
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Security    []any
		}
	}
	if err := json.Unmarshal(s.described(t, "/v1/openapi.json"), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || len(document.Paths) < 10 {
		t.Errorf("it describes %d addresses in OpenAPI %s", len(document.Paths), document.OpenAPI)
	}
	for path, methods := range document.Paths {
		if strings.Contains(path, "$") {
			t.Errorf("%s is a pattern of the router", path)
		}
		for method, operation := range methods {
			if strings.HasPrefix(path, "/v1/") && len(operation.Security) == 0 {
				t.Errorf("%s %s asks for no scope", method, path)
			}
			// Whatever else it answers, there is such an operation.
			at := strings.NewReplacer("{id}", "none", "{space}", "none").Replace(path)
			if status, text := s.answer(t, strings.ToUpper(method), at); status == http.StatusMethodNotAllowed || strings.Contains(text, "there is nothing at") {
				t.Errorf("%s %s: %d %s", method, at, status, text)
			}
		}
	}
}
