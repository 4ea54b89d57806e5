package lint

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestRules(t *testing.T) {
	t.Parallel()
	groups, errs := rulefmt.ParseFile(filepath.Join("..", "prometheus", "earworm.rules.yml"), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 || len(groups.Groups) == 0 {
		t.Errorf("%v, %v", groups, errs)
	}
}

// What Grafana puts in place of its variables has been put there.
var filled = strings.NewReplacer("$job", ".*", "$instance", ".*")

func TestDashboardIsPromQL(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "grafana", "earworm.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil || len(dashboard.Panels) < 15 {
		t.Fatalf("%d panels, %v", len(dashboard.Panels), err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(filled.Replace(target.Expr)); err != nil {
				t.Errorf("%s: %v", p.Title, err)
			}
		}
	}
}
