package password

// fillUp does what a wrong password lacks of the work of a check against nobody: what it takes must not tell that the
// account was imported. A foreign hash is often a cheap one and gets a whole check more. Of an argon2id hash with lower
// costs than ours the difference is made up, in the same memory as far as the passes are whole ones, because its time
// goes by memory times passes.
func (h *Hasher) fillUp(s stored, password string) {
	if h.params.Check() != nil {
		return
	}
	made, ours := s.(argon2idHash)
	if !ours {
		h.nobody.matches(password)
		return
	}
	for _, p := range lacking(made.params, h.params) {
		newArgon2id(p, make([]byte, saltLength), password)
	}
}

// lacking are the hashes that do the work which a hash with the costs lacks of one with the whole: none, one or two.
func lacking(costs, whole Params) []Params {
	done, wanted := costs.work(), whole.work()
	if done >= wanted {
		return nil
	}
	left, memory := wanted-done, uint64(whole.Memory)
	var rest []Params
	for _, p := range [...]Params{
		{Memory: whole.Memory, Time: uint32(left / memory), Threads: 1},
		{Memory: uint32(left % memory), Time: 1, Threads: 1},
	} {
		if p.Check() == nil {
			rest = append(rest, p)
		}
	}
	return rest
}

// work is memory times passes, in KiB.
func (p Params) work() uint64 { return uint64(p.Memory) * uint64(p.Time) }
