package policy

import (
	"fmt"
	"strings"
)

// parse reads a rule in the language of oslo.policy: checks, "@", "!", and, or,
// not, parentheses. "and" binds closer than "or". An empty rule passes always.
func parse(text string) (check, error) {
	p := parser{words: words(text)}
	if len(p.words) == 0 {
		return constant(true), nil
	}
	c, err := p.either()
	if err != nil {
		return nil, err
	}
	if word, more := p.peek(); more {
		return nil, fmt.Errorf("%q is not expected; write and, or, or nothing", word)
	}
	return c, nil
}

// words splits a rule. Parentheses are words of their own, but those of
// "%(project_id)s" belong to it.
func words(text string) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		for strings.HasPrefix(w, "(") {
			out, w = append(out, "("), w[1:]
		}
		core := strings.TrimRight(w, ")")
		if core != "" {
			out = append(out, core)
		}
		for range len(w) - len(core) {
			out = append(out, ")")
		}
	}
	return out
}

// maxDepth bounds nested parentheses.
const maxDepth = 100

type parser struct {
	words []string
	depth int
}

func (p *parser) peek() (word string, ok bool) {
	if len(p.words) == 0 {
		return "", false
	}
	return p.words[0], true
}

// take goes past a word where it is the next one.
func (p *parser) take(wanted string) bool {
	word, ok := p.peek()
	if !ok || !strings.EqualFold(word, wanted) {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *parser) either() (check, error) {
	list, err := p.series("or", p.all)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	return either(list), nil
}

func (p *parser) all() (check, error) {
	list, err := p.series("and", p.one)
	if err != nil || len(list) == 1 {
		return first(list), err
	}
	return all(list), nil
}

// series reads what stands between the words of one operator.
func (p *parser) series(operator string, next func() (check, error)) (out []check, err error) {
	for {
		c, err := next()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.take(operator) {
			return out, nil
		}
	}
}

func first(list []check) check {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func (p *parser) one() (check, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	switch word, ok := p.peek(); {
	case !ok:
		return nil, fmt.Errorf("it ends where a check should stand, as role:admin")
	case p.take("not"):
		c, err := p.one()
		return not{c}, err
	case p.take("("):
		c, err := p.either()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return c, err
	default:
		p.words = p.words[1:]
		return parseCheck(word)
	}
}

func parseCheck(word string) (check, error) {
	switch word {
	case "@":
		return constant(true), nil
	case "!":
		return constant(false), nil
	}
	kind, value, ok := strings.Cut(word, ":")
	property := properties[kind]
	switch {
	case !ok || value == "":
		return nil, fmt.Errorf("%q is no check; write KIND:VALUE, as role:admin", word)
	case kind == "rule":
		return &reference{name: value}, nil
	case strings.ContainsRune(value, '%'):
		return parseOwner(word, kind, value)
	case kind == "role":
		return role(value), nil
	case property == nil:
		return nil, fmt.Errorf("%q: %q is no kind of check; there are %s", word, kind, known())
	}
	return literal{property, value}, nil
}

// parseOwner takes the one attribute of objects that counts: whose they are.
func parseOwner(word, kind, value string) (check, error) {
	isProject := func(s string) bool { return s == "project_id" || s == "tenant_id" }
	target, isTemplate := strings.CutPrefix(value, "%(")
	target, closed := strings.CutSuffix(target, ")s")
	if !isTemplate || !closed || !isProject(kind) || !isProject(target) {
		return nil, fmt.Errorf("%q compares what no rule can here; of an object only its project counts: project_id:%%(project_id)s", word)
	}
	return owner{}, nil
}
