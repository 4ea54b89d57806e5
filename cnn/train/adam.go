package train

import "math"

// adam is the optimiser of Kingma & Ba (2015), algorithm 1, with decoupled
// weight decay (Loshchilov & Hutter 2019) on everything but biases.
type adam struct {
	Steps         int
	First, Second map[string][]float32
}

const (
	beta1       = 0.9
	beta2       = 0.99
	epsilon     = 1e-8
	weightDecay = 1e-4
	// clipNorm is the greatest length of a step's gradient over all weights.
	clipNorm = 2.0
)

func newAdam() *adam {
	return &adam{First: map[string][]float32{}, Second: map[string][]float32{}}
}

// clip scales gradients down to clipNorm together and returns their length.
func clip(gradients map[string][]float32) float64 {
	var squares float64
	for _, g := range gradients {
		for _, v := range g {
			squares += float64(v) * float64(v)
		}
	}
	norm := math.Sqrt(squares)
	if norm > clipNorm {
		scale := float32(clipNorm / norm)
		for _, g := range gradients {
			for i := range g {
				g[i] *= scale
			}
		}
	}
	return norm
}

// step moves the weights called name against their gradient.
func (a *adam) step(name string, weights, gradient []float32, rate float64, decay bool) {
	if a.First[name] == nil {
		a.First[name], a.Second[name] = make([]float32, len(weights)), make([]float32, len(weights))
	}
	first, second := a.First[name], a.Second[name]
	bias1 := 1 - math.Pow(beta1, float64(a.Steps))
	bias2 := 1 - math.Pow(beta2, float64(a.Steps))
	for i, g := range gradient {
		first[i] = beta1*first[i] + (1-beta1)*g
		second[i] = beta2*second[i] + (1-beta2)*g*g
		move := float64(first[i]) / bias1 / (math.Sqrt(float64(second[i])/bias2) + epsilon)
		if decay {
			move += weightDecay * float64(weights[i])
		}
		weights[i] -= float32(rate * move)
	}
}
