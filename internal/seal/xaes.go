package seal

import (
	"crypto/aes"
	"crypto/cipher"
)

// Sizes of XAES-256-GCM: the first keyNonce bytes of the nonce choose the key, the rest is the nonce of AES-GCM.
const (
	nonceSize = 24
	keyNonce  = 12
	tagSize   = 16
)

// xaes is the key derivation of XAES-256-GCM as C2SP specifies it (c2sp.org/XAES-256-GCM): the counter-mode KDF of NIST
// SP 800-108 with CMAC-AES-256, reduced to the two blocks that are needed.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte
}

func newXAES(key []byte) (*xaes, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	x := &xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	// Doubling in GF(2^128), as CMAC makes its first subkey.
	var carry byte
	for i := len(x.k1) - 1; i >= 0; i-- {
		carry, x.k1[i] = x.k1[i]>>7, x.k1[i]<<1|carry
	}
	x.k1[len(x.k1)-1] ^= carry * 0b10000111
	return x, nil
}

// aead returns AES-256-GCM under the key that belongs to the nonce.
func (x *xaes) aead(nonce []byte) cipher.AEAD {
	key := make([]byte, 0, 2*aes.BlockSize)
	for counter := byte(1); counter <= 2; counter++ {
		m := [aes.BlockSize]byte{0, counter, 'X', 0}
		copy(m[4:], nonce[:keyNonce])
		for i := range m {
			m[i] ^= x.k1[i]
		}
		x.block.Encrypt(m[:], m[:])
		key = append(key, m[:]...)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // The key has the right length by construction.
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: " + err.Error()) // AES has the block size that GCM wants.
	}
	return aead
}
