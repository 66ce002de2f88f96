package caller

// SameSecret tells in constant time whether got is the secret, a Base64 text. A blank in got stands for a plus sign that
// was not encoded. Nothing is the same as a missing secret. It is for those who take client_secret themselves.
func SameSecret(want, got string) bool { return equalSecret(want, got) }
