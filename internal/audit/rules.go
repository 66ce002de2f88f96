package audit

// Facts are what of a call decides whether it leaves a record.
type Facts struct {
	// Write and Event are the marks of the method's declaration: it changes something; it is an event of an end user.
	Write, Event bool
	// Key tells that a user key or application was proven.
	Key bool
	// Refused tells that a server credential was there and was not accepted.
	Refused bool
	// Known tells that the site of the call is known. Without a site and without a key there is nobody whose log it
	// could be in.
	Known bool
}

// Audited tells whether the call leaves a record: every write, everything that is done with a key (reads included), every
// event of an end user, successful or not, and every refused server credential. Reads with the partner secret, by
// sessions and by the public leave none.
func Audited(f Facts) bool {
	switch {
	case f.Key:
		return true
	case !f.Known:
		return false
	}
	return f.Write || f.Event || f.Refused
}
