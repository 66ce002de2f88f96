package pattern_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/doorward/doorward/internal/pattern"
)

// What the automaton says is what Go's engine says, of every kind of instruction, at every end of a text.
func TestTheAutomatonAgreesWithTheEngine(t *testing.T) {
	expressions := []string{
		``, `a`, `^a`, `a$`, `^a$`, `^$`, `a|b`, `^(a|b)*c$`, `a*`, `^a*$`, `a.c`, `(?s)a.c`, `^.*$`, `(?s)^.*$`, `[a-c]x`, `[^a-c]`, `^[^a]*$`,
		`(?i)straSSE`, `(?i)k`, `(?i)^[k-s]+$`, `ä+`, `[ä-ü]`, `\p{Greek}`, `\pL+\d`, `y{2,4}`, `^(?:y{3}){2}$`, `(?:)`, `(^a|b$)`, `(?:^|b)a`, `a(?:$|c)`,
		`\bword\b`, `(?m)^a$`, `\A\z`, `a\z`, `(?:a?){5}a{5}`, `^(a|b)*a(a|b){12}$`, `\x{fffd}`, `[^\x{fffd}]`, `\x{10ffff}`, `a[^\n]b`, `(?s).`, `$^`, `a^`,
		strings.Repeat(`(?:ab?)`, 40), `[a-z0-9._-]+@[a-z0-9-]+(\.[a-z]+)+`,
	}
	texts := []string{
		"", "a", "b", "ab", "ba", "abc", "aXc", "a\nc", "a\n", "\na", "a\nb", "aaaaa", "strasse", "STRA\u1e9e", "stra\u017f\u017fe", "\u212a", "K", "kS",
		"ä", "ü", "Ω1", "yy", "yyyyyy", "a word here", "words", "\xff", "a\xffc", "\ufffd", "\U0010ffff", strings.Repeat("ab", 60), "jo@example.com",
		strings.Repeat("a", 9999), strings.Repeat("abbab", 300) + "abbbbbbbbbbbb", strings.Repeat("ä", 300), "c", "aac",
	}
	for _, expr := range expressions {
		p, err := pattern.Search(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		engine := regexp.MustCompile(expr)
		// Twice: the second time over states that are there already.
		for range 2 {
			for _, text := range texts {
				if got, want := p.Match(text), engine.MatchString(text); got != want {
					t.Errorf("%q on %.40q: %v, want %v", expr, text, got, want)
				}
			}
		}
	}
}

// An expression for whose states there is no room gives the engine's answers.
func TestAnExpressionWithMoreStatesThanFit(t *testing.T) {
	const expr = `^(a|b)*a(a|b){30}$`
	p, err := pattern.Search(expr)
	if err != nil {
		t.Fatal(err)
	}
	engine := regexp.MustCompile(expr)
	for i := range 200 {
		var text strings.Builder
		for n := range 40 + i {
			text.WriteByte("ab"[(n*n/7+i*n/3)%2])
		}
		if got, want := p.Match(text.String()), engine.MatchString(text.String()); got != want {
			t.Errorf("%s: %v, want %v", text.String(), got, want)
		}
	}
}

func TestOnePatternForManyAtOnce(t *testing.T) {
	p, err := pattern.Whole(`(?i).*(son|sen)[0-9]+`)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := range 2000 {
				if text := fmt.Sprintf("Peter%dSEN%d", g, i); !p.Match(text) || p.Match(text+"x") {
					t.Errorf("wrong about %s", text)
				}
			}
		})
	}
	running.Wait()
}

// What the first text makes of an automaton is little more than the states, so that an expression which is used once, as those of
// a call are, takes no longer than with the engine.
func TestTheFirstTextOfAnExpressionCostsLittle(t *testing.T) {
	const text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	p, err := pattern.Search(`[acegikmoqsuwyACEGIKMOQSUWY02468](?:.?){190}!`)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	matches := p.Match(text)
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(len(text)); matches || each > 10<<10 {
		t.Errorf("%v, and %d bytes for each character", matches, each)
	}
}

// BenchmarkMatch compares texts of the length of a name, an address and a note with what searches ask; engine is Go's alone.
func BenchmarkMatch(b *testing.B) {
	texts := []string{"Bartholomew Johnson-Smythe", "bartholomew.johnson@mail.example.com", strings.Repeat("long notes about nobody ", 20)}
	for _, expr := range []string{`.*son.*`, `[a-z.]+@.*\.com`, `(?i).*(smith|smythe|schmidt)`, `.{3,40}[0-9]{2}`} {
		p, err := pattern.Whole(expr)
		if err != nil {
			b.Fatal(err)
		}
		engine := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for i, text := range texts {
			name := fmt.Sprintf("%s/%d", strings.ReplaceAll(expr, "/", "_"), len(text))
			b.Run(name+"/pattern", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					p.Match(texts[i])
				}
			})
			b.Run(name+"/engine", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					engine.MatchString(texts[i])
				}
			})
		}
	}
}
