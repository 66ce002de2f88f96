package password

import "testing"

func TestAWrongPasswordAgainstACheaperHashDoesTheRestOfTheWork(t *testing.T) {
	ours := Params{Memory: 19456, Time: 2, Threads: 1}
	for _, c := range []struct {
		name  string
		costs Params
		// least is how much of our work must be done in all, in KiB passes.
		least, most uint64
	}{
		{"ours", ours, 38912, 38912},
		{"one pass", Params{19456, 1, 1}, 38912, 38912},
		{"less memory", Params{4096, 3, 1}, 38912, 38912},
		{"the least that there is", Params{8, 1, 1}, 38912, 38912},
		{"lacks less than a hash can be", Params{19452, 2, 1}, 38904, 38912},
		{"more", Params{65536, 2, 1}, 131072, 131072},
	} {
		done := c.costs.work()
		for _, p := range lacking(c.costs, ours) {
			if err := p.Check(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			done += p.work()
		}
		if done < c.least || done > c.most {
			t.Errorf("%s: %d KiB passes in all, want %d to %d", c.name, done, c.least, c.most)
		}
	}
}
