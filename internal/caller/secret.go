package caller

// SameSecret tells in constant time whether got is the secret, a Base64 text. A blank in got stands for a plus sign that
// was not encoded. Nothing is the same as a missing secret. It is for those who take client_secret themselves.
func SameSecret(want, got string) bool { return equalSecret(want, got) }

// Is returns what a secret is held against: whether the text is got, as [SameSecret] has it.
func Is(got string) func(text string, secret []byte) bool {
	return func(text string, _ []byte) bool { return equalSecret(text, got) }
}
