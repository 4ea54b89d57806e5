package selector

import (
	"slices"
	"strings"

	"earworm/schema"
)

// Condition is a parsed expression on a track and its features. The zero
// Condition holds for every track.
type Condition struct{ node node }

// Match tells whether the condition holds. What is not known of a track is
// equal to nothing and neither above nor below anything.
func (c Condition) Match(e schema.Entry) bool { return c.node == nil || c.node.match(e) }

// IsZero tells a condition that was never given.
func (c Condition) IsZero() bool { return c.node == nil }

// String is the condition in the one spelling of all that read the same:
// ParseCondition reads it back.
func (c Condition) String() string {
	if c.node == nil {
		return ""
	}
	return c.node.text(0)
}

// MarshalText is String.
func (c Condition) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseCondition reads; empty text is the zero Condition.
func (c *Condition) UnmarshalText(text []byte) (err error) {
	*c = Condition{}
	if len(text) > 0 {
		*c, err = ParseCondition(string(text))
	}
	return err
}

// node is a part of an expression. Its text has parentheses where it binds
// less tightly than what it stands in: or 1, and 2, not 3.
type node interface {
	match(e schema.Entry) bool
	text(within int) string
}

type (
	or      []node
	and     []node
	not     struct{ node }
	compare struct {
		field  *field
		op     string // one of the field's
		values []value
	}
)

func (n or) match(e schema.Entry) bool {
	return slices.ContainsFunc(n, func(part node) bool { return part.match(e) })
}

func (n and) match(e schema.Entry) bool {
	return !slices.ContainsFunc(n, func(part node) bool { return !part.match(e) })
}

func (n not) match(e schema.Entry) bool { return !n.node.match(e) }

func (n or) text(within int) string  { return joined(n, " or ", 1, within) }
func (n and) text(within int) string { return joined(n, " and ", 2, within) }
func (n not) text(int) string        { return "not " + n.node.text(3) }

func joined(parts []node, word string, own, within int) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.text(own + 1)
	}
	s := strings.Join(texts, word)
	if own < within {
		return "(" + s + ")"
	}
	return s
}

func (c compare) match(e schema.Entry) bool {
	got, known := c.field.of(e)
	equal := func(v value) bool { return known && v.equal(got) }
	switch c.op {
	case "=":
		return equal(c.values[0])
	case "!=":
		return !equal(c.values[0])
	case "in":
		return slices.ContainsFunc(c.values, equal)
	}
	if !known {
		return false
	}
	than := c.values[0].number
	switch c.op {
	case "<":
		return got.number < than
	case "<=":
		return got.number <= than
	case ">":
		return got.number > than
	}
	return got.number >= than
}

func (c compare) text(int) string {
	texts := make([]string, len(c.values))
	for i, v := range c.values {
		texts[i] = v.String()
	}
	if c.op == "in" {
		return c.field.name + " in (" + strings.Join(texts, ", ") + ")"
	}
	return c.field.name + " " + c.op + " " + texts[0]
}
