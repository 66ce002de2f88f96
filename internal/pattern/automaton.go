package pattern

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// Bounds of one automaton: the classes of characters that it tells apart, and the bytes that its states may take. What needs
// more is left to the engine, which takes as long for every text as the automaton for the first ones.
const (
	maxClasses     = 256
	maxStatesBytes = 256 << 10
)

// automaton answers whether an expression matches somewhere in a text, with one look into a table for each character: a
// deterministic automaton whose states are made when the first text needs them. It is safe for concurrent use, and what is
// there already is read without a lock.
type automaton struct {
	prog *syntax.Prog
	// starts are the first characters of the classes, ascending; ascii are the classes of the first characters of all.
	starts []rune
	ascii  [utf8.RuneSelf]uint8
	first  atomic.Pointer[state]

	mu sync.Mutex
	// states finds them by their instructions; left is how many bytes more may take.
	states map[string]*state
	left   int
}

// state is a set of instructions that wait for the next character.
type state struct {
	waiting []uint32
	// next are the states behind a character of each class; nil: not made yet.
	next []atomic.Pointer[state]
	// done: the answer is known, whatever follows; it is ended then.
	done bool
	// ended is the answer if the text ends here.
	ended bool
}

// newAutomaton returns nil for an expression that asks more of the place of a match than where the text begins and ends, or
// tells too many characters apart.
func newAutomaton(prog *syntax.Prog) *automaton {
	a := &automaton{prog: prog, states: map[string]*state{}, left: maxStatesBytes}
	starts := map[rune]bool{0: true}
	add := func(low, high rune) { starts[low], starts[high+1] = true, true }
	for i := range prog.Inst {
		switch in := &prog.Inst[i]; in.Op {
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
				return nil
			}
		case syntax.InstRuneAnyNotNL:
			add('\n', '\n')
		case syntax.InstRune, syntax.InstRune1:
			characters(in, add)
		}
		if len(starts) > maxClasses+1 {
			return nil
		}
	}
	delete(starts, unicode.MaxRune+1)
	if len(starts) > maxClasses {
		return nil
	}
	for c := range starts {
		a.starts = append(a.starts, c)
	}
	slices.Sort(a.starts)
	for c := range a.ascii {
		a.ascii[c] = a.class(rune(c))
	}
	return a
}

// characters calls add for the ranges of characters that the instruction takes.
func characters(in *syntax.Inst, add func(low, high rune)) {
	if len(in.Rune) == 1 {
		add(in.Rune[0], in.Rune[0])
		if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
			for c := unicode.SimpleFold(in.Rune[0]); c != in.Rune[0]; c = unicode.SimpleFold(c) {
				add(c, c)
			}
		}
		return
	}
	for i := 0; i+1 < len(in.Rune); i += 2 {
		add(in.Rune[i], in.Rune[i+1])
	}
}

// class returns the class of the character.
func (a *automaton) class(c rune) uint8 {
	return uint8(sort.Search(len(a.starts), func(i int) bool { return a.starts[i] > c }) - 1)
}

// match tells whether the expression matches somewhere in the text. known is false if the automaton has no room to tell.
func (a *automaton) match(text string) (matches, known bool) {
	s := a.first.Load()
	if s == nil {
		s = a.begin()
	}
	for i := 0; i < len(text); {
		if s.done {
			return s.ended, true
		}
		var class uint8
		if c := text[i]; c < utf8.RuneSelf {
			class = a.ascii[c]
			i++
		} else {
			r, size := utf8.DecodeRuneInString(text[i:])
			class = a.class(r)
			i += size
		}
		next := s.next[class].Load()
		if next == nil {
			if next = a.step(s, class); next == nil {
				return false, false
			}
		}
		s = next
	}
	return s.ended, true
}

// begin returns the state before the first character.
func (a *automaton) begin() *state {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first.Load() == nil {
		c := closure{prog: a.prog, before: syntax.EmptyBeginText}
		c.add(uint32(a.prog.Start))
		a.first.Store(a.made(&c))
	}
	return a.first.Load()
}

// step makes the state behind a character of the class, or returns nil if there is no room for it.
func (a *automaton) step(from *state, class uint8) *state {
	a.mu.Lock()
	defer a.mu.Unlock()
	if next := from.next[class].Load(); next != nil || a.left < 0 {
		return next
	}
	c := closure{prog: a.prog}
	character := a.starts[class]
	for _, pc := range from.waiting {
		if in := &a.prog.Inst[pc]; takes(in, character) {
			c.add(in.Out)
		}
	}
	// A match may begin at every character.
	c.add(uint32(a.prog.Start))
	next := a.made(&c)
	if next != nil {
		from.next[class].Store(next)
	}
	return next
}

// takes tells whether the instruction waits for the character.
func takes(in *syntax.Inst, c rune) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1:
		return in.MatchRune(c)
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return c != '\n'
	}
	return false
}

// made returns the state of the instructions, a new one if there is room for it.
func (a *automaton) made(c *closure) *state {
	slices.Sort(c.waiting)
	s := &state{waiting: c.waiting, ended: c.matched || c.matchedAtEnd()}
	s.done = c.matched || len(c.waiting) == 0
	key := make([]byte, 0, 4*len(s.waiting)+1)
	for _, pc := range s.waiting {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	switch {
	case c.matched:
		key = append(key[:0], 'm')
	case s.ended:
		// The state before the first character may end where the same instructions do not, later on.
		key = append(key, 'e')
	}
	if known := a.states[string(key)]; known != nil {
		return known
	}
	if c.matched {
		s.waiting = nil
	}
	const head = 200 // of a state and its place among the others, about
	if a.left -= head + 2*len(key) + 8*len(a.starts); a.left < 0 && c.before == 0 {
		return nil
	}
	if !s.done {
		s.next = make([]atomic.Pointer[state], len(a.starts))
	}
	a.states[string(key)] = s
	return s
}

// closure gathers the instructions that are reached without a character.
type closure struct {
	prog *syntax.Prog
	// before is what is known of the place.
	before syntax.EmptyOp
	// waiting are those that wait for a character or for the end of the text, each once.
	waiting []uint32
	seen    []bool
	matched bool
}

func (c *closure) add(pc uint32) {
	if c.seen == nil {
		c.seen = make([]bool, len(c.prog.Inst))
	}
	stack := []uint32{pc}
	for len(stack) > 0 {
		pc, stack = stack[len(stack)-1], stack[:len(stack)-1]
		if c.seen[pc] {
			continue
		}
		c.seen[pc] = true
		switch in := &c.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, in.Out)
		case syntax.InstEmptyWidth:
			switch missing := syntax.EmptyOp(in.Arg) &^ c.before; {
			case missing == 0:
				stack = append(stack, in.Out)
			case missing == syntax.EmptyEndText:
				c.waiting = append(c.waiting, pc)
			}
		case syntax.InstMatch:
			c.matched = true
		case syntax.InstFail:
		default:
			c.waiting = append(c.waiting, pc)
		}
	}
}

// matchedAtEnd tells whether there is a match if the text ends here.
func (c *closure) matchedAtEnd() bool {
	end := closure{prog: c.prog, before: c.before | syntax.EmptyEndText}
	for _, pc := range c.waiting {
		if in := &c.prog.Inst[pc]; in.Op == syntax.InstEmptyWidth {
			end.add(in.Out)
		}
	}
	return end.matched
}
