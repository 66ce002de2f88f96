// Package seal encrypts what must be read again and yet must not lie open in the database: secrets that key HMACs,
// private signing keys, tokens whose content is the server's own affair.
//
// One master key of 32 bytes stands behind everything. It lives in a file of its own or in the environment, never in the
// store, so that a stolen database alone gives nothing away. From it every use derives a key of its own by HKDF-SHA-256
// ([Sealer.Key]); no key serves two purposes.
//
// A sealed text is a version byte, a random salt of 16 bytes, and what AES-256-GCM makes of the text under a key that
// HKDF-SHA-256 derives from the salt: a random nonce, the ciphertext, the tag. A key for each text keeps random nonces
// safe for any number of texts. The context (partner:7, key:AbC) is authenticated with it: a sealed secret that is moved
// to another record does not open there.
//
// What leaves the installation and is to be read elsewhere is sealed to a public key instead: see [NewWriter].
package seal
