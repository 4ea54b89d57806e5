package selector

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Error says what in a condition was not understood, and what is.
type Error struct {
	At      int // column, from 1, in characters
	Message string
}

// Error names the column.
func (e *Error) Error() string { return fmt.Sprintf("where, column %d: %s", e.At, e.Message) }

const (
	longest = 4096 // bytes of a condition
	deepest = 100  // parentheses in one another
)

// ParseCondition reads a condition:
//
//	condition  = all { "or" all }
//	all        = one { "and" one }
//	one        = "not" one | "(" condition ")" | comparison
//	comparison = field operator value | field [ "not" ] "in" "(" value { "," value } ")"
//	operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
//
// A value with blanks in it stands in quotes, single or double, in which twice
// the quote is the quote. Words may be in upper case. The error is an *Error.
func ParseCondition(s string) (c Condition, err error) {
	p := &parser{input: s}
	defer func() {
		if stopped, ok := recover().(*Error); ok {
			c, err = Condition{}, stopped
		}
	}()
	if len(s) > longest {
		p.stop(longest, "it goes on; want at most %d bytes", longest)
	}
	if !utf8.ValidString(s) {
		p.stop(0, "this is not UTF-8 text")
	}
	p.next()
	root := p.condition(0)
	if p.token != "" {
		p.stop(p.at, "%s is one word too many; want and, or, or the end%s", p.shown(), p.quoting())
	}
	c = Condition{root}
	if len(c.String()) > longest { // as it is kept, and must be read again
		p.stop(longest, "it goes on; want at most %d bytes with every word in full", longest)
	}
	return c, nil
}

// parser goes through a condition token by token. It panics with *Error, which
// ParseCondition alone sees.
type parser struct {
	input  string
	at     int    // of the token, in bytes
	end    int    // where the next one may begin
	token  string // without quotes; empty: the input is at its end
	quoted bool
}

func (p *parser) stop(at int, format string, args ...any) {
	panic(&Error{At: utf8.RuneCountInString(p.input[:min(at, len(p.input))]) + 1, Message: fmt.Sprintf(format, args...)})
}

// shown is the token as messages name it.
func (p *parser) shown() string {
	if p.token == "" && !p.quoted {
		return "the end"
	}
	return fmt.Sprintf("%q", p.token)
}

// quoting is a hint for a second word that follows a value.
func (p *parser) quoting() string {
	if strings.ContainsAny(p.token, "=<>!(),") {
		return ""
	}
	return "; text with blanks wants quotes, such as 'F# minor'"
}

func (p *parser) is(word string) bool { return !p.quoted && strings.EqualFold(p.token, word) }

// take goes on past a word, where it is next.
func (p *parser) take(word string) bool {
	if !p.is(word) {
		return false
	}
	p.next()
	return true
}

// next reads one token: a quoted text, an operator, a parenthesis, a comma, or
// a word, which is all else up to a blank.
func (p *parser) next() {
	rest := strings.TrimLeft(p.input[p.end:], " \t\r\n")
	p.at = len(p.input) - len(rest)
	p.quoted = false
	switch {
	case rest == "":
		p.token, p.end = "", p.at
	case rest[0] == '\'' || rest[0] == '"':
		p.quotation(rest[0])
	default:
		n := 1
		switch {
		case strings.HasPrefix(rest, "<=") || strings.HasPrefix(rest, ">=") || strings.HasPrefix(rest, "!="):
			n = 2
		case !strings.ContainsRune("=<>!(),", rune(rest[0])):
			if n = strings.IndexAny(rest, " \t\r\n=<>!(),'\""); n < 0 {
				n = len(rest)
			}
		}
		p.token, p.end = rest[:n], p.at+n
	}
}

func (p *parser) quotation(mark byte) {
	var b strings.Builder
	for i := p.at + 1; i < len(p.input); i++ {
		if p.input[i] != mark {
			b.WriteByte(p.input[i])
			continue
		}
		if i+1 < len(p.input) && p.input[i+1] == mark {
			b.WriteByte(mark)
			i++
			continue
		}
		p.token, p.end, p.quoted = b.String(), i+1, true
		return
	}
	p.stop(p.at, "the quote %c is not closed", mark)
}

func (p *parser) condition(depth int) node {
	parts := []node{p.all(depth)}
	for p.take("or") {
		parts = append(parts, p.all(depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return or(flat(parts, func(n node) []node { o, _ := n.(or); return o }))
}

func (p *parser) all(depth int) node {
	parts := []node{p.one(depth)}
	for p.take("and") {
		parts = append(parts, p.one(depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return and(flat(parts, func(n node) []node { a, _ := n.(and); return a }))
}

// flat puts the parts of a part of the same kind in its place: parentheses in
// "a and (b and c)" say nothing.
func flat(parts []node, inner func(node) []node) []node {
	var all []node
	for _, part := range parts {
		if in := inner(part); in != nil {
			all = append(all, in...)
		} else {
			all = append(all, part)
		}
	}
	return all
}

func (p *parser) one(depth int) node {
	if depth > deepest {
		p.stop(p.at, "it is nested more than %d deep", deepest)
	}
	switch {
	case p.take("not"):
		return not{p.one(depth + 1)}
	case p.take("("):
		inner := p.condition(depth + 1)
		if !p.take(")") {
			p.stop(p.at, "got %s; want and, or, or a closing parenthesis%s", p.shown(), p.quoting())
		}
		return inner
	}
	return p.comparison()
}

func (p *parser) comparison() node {
	i := slices.IndexFunc(fields, func(f *field) bool { return p.is(f.name) })
	if i < 0 {
		if p.token == "" {
			p.stop(p.at, "the condition ends where a field should be; want %s", oneOf(Fields()))
		}
		p.stop(p.at, "unknown field %s; want %s", p.shown(), oneOf(Fields()))
	}
	f := fields[i]
	p.next()
	negated := p.take("not")
	op := strings.ToLower(p.token)
	if p.quoted || !slices.Contains(f.ops, op) || negated && op != "in" {
		p.stop(p.at, "got %s after %s; want %s", p.shown(), f.name, oneOf(f.ops))
	}
	p.next()
	c := compare{field: f, op: op}
	if op == "in" {
		c.values = p.list(f)
	} else {
		c.values = []value{p.value(f)}
	}
	if negated {
		return not{c}
	}
	return c
}

func (p *parser) list(f *field) []value {
	if !p.take("(") {
		p.stop(p.at, "got %s after in; want a list, such as ('a', 'b')", p.shown())
	}
	values := []value{p.value(f)}
	for p.take(",") {
		values = append(values, p.value(f))
	}
	if !p.take(")") {
		p.stop(p.at, "got %s; want a comma or a closing parenthesis%s", p.shown(), p.quoting())
	}
	return values
}

func (p *parser) value(f *field) value {
	if !p.quoted && (p.token == "" || strings.ContainsAny(p.token, "=<>!(),")) {
		p.stop(p.at, "got %s where a value should be", p.shown())
	}
	v, err := f.parse(p.token)
	if err != nil {
		p.stop(p.at, "%s is %s; %v", f.name, p.shown(), err)
	}
	p.next()
	return v
}
