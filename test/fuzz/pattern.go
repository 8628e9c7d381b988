package main

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
)

// drawMatch draws a string that a pattern matches, of at most limit bytes: a short one, or one as long as it may be. It
// returns false when it finds none.
func drawMatch(r *rand.Rand, pattern string, limit int) (string, bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	whole, err := regexp.Compile(pattern)
	if err != nil {
		return "", false
	}
	most := 1 + r.IntN(4)
	if r.IntN(6) == 0 {
		most = limit
	}
	for ; most >= 0; most = most*3/4 - 1 {
		for range 4 {
			g := matcher{r: r, most: most, limit: limit}
			g.write(tree.Simplify())
			if s := g.String(); len(s) <= limit && whole.MatchString(s) {
				return s, true
			}
		}
	}
	return "", false
}

type matcher struct {
	strings.Builder
	r *rand.Rand
	// most repetitions of what has no bound.
	most int
	// limit of the length: what is longer is of no use.
	limit int
}

func (g *matcher) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		g.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		g.WriteRune(g.oneOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		g.WriteRune([]rune("a0.-_ ü~")[g.r.IntN(8)])
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			g.write(sub)
		}
	case syntax.OpAlternate:
		g.write(re.Sub[g.r.IntN(len(re.Sub))])
	case syntax.OpStar:
		g.repeat(re.Sub[0], 0, g.most)
	case syntax.OpPlus:
		g.repeat(re.Sub[0], 1, max(1, g.most))
	case syntax.OpQuest:
		g.repeat(re.Sub[0], 0, 1)
	}
}

func (g *matcher) repeat(re *syntax.Regexp, least, most int) {
	n := least
	if most > least {
		n += g.r.IntN(most - least + 1)
		if g.r.IntN(3) == 0 {
			n = most
		}
	}
	for range n {
		if g.Len() > g.limit {
			return
		}
		g.write(re)
	}
}

// oneOf the runes of a class, its first and last more often than the others.
func (g *matcher) oneOf(class []rune) rune {
	i := 2 * g.r.IntN(len(class)/2)
	low, high := class[i], min(class[i+1], 0x24f)
	switch {
	case high <= low || g.r.IntN(3) == 0:
		return low
	case g.r.IntN(2) == 0:
		return high
	}
	return low + rune(g.r.IntN(int(high-low)))
}
