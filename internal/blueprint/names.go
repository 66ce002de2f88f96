package blueprint

import (
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

const upperHex = "0123456789ABCDEF"

// escape returns the name as a name of a file: what file systems or shells take amiss becomes a percent sign and two digits.
func escape(name string) string {
	var b strings.Builder
	device := isDevice(name)
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '@' || c == '+' ||
			(c == '.' || c == ' ') && i > 0 && i < len(name)-1
		if plain && !(device && i == 0) {
			b.WriteByte(c)
			continue
		}
		b.WriteString(string([]byte{'%', upperHex[c>>4], upperHex[c&15]}))
	}
	return b.String()
}

// isDevice tells whether the name, up to its first dot, is that of a device on some systems, where no file can have it.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && base[3] >= '0' && base[3] <= '9'
}

// longestName bounds a name in a folder, without its ending; most file systems take 255 bytes.
const longestName = 200

// goesOn ends the name of a folder that is the beginning of a name which is too long for one: a percent sign with nothing behind it.
const goesOn = "%"

// fileName escapes a name of an object. A long one is cut into pieces, each of which but the last is a folder.
func fileName(name string, escape func(string) string) string {
	const piece = 64
	if whole := escape(name); len(whole) <= longestName {
		return whole
	}
	var b strings.Builder
	for len(name) > piece {
		b.WriteString(escape(name[:piece]) + goesOn + "/")
		name = name[piece:]
	}
	return b.String() + escape(name)
}

// shortened is the name, or if it is too long its beginning and a number made of it.
func shortened(name string) string {
	if len(name) <= longestName {
		return name
	}
	return fmt.Sprintf("%s~%08X", name[:longestName-9], crc32.ChecksumIEEE([]byte(name)))
}

// unescape is the reverse of escape. Other characters than those that escape leaves are taken as they are: people name files too.
func unescape(name string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b.WriteByte(name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", errors.New("a percent sign in the name of a file has two hexadecimal digits behind it")
		}
		n, err := strconv.ParseUint(name[i+1:i+3], 16, 8)
		if err != nil {
			return "", errors.New("a percent sign in the name of a file has two hexadecimal digits behind it")
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), nil
}

// escapeCapitals is escape for a name that differs from another in letter case alone, which some file systems take for one.
func escapeCapitals(name string) string {
	var b strings.Builder
	for i, c := range []byte(name) {
		if c >= 'A' && c <= 'Z' || i == 0 && isDevice(name) {
			b.WriteString(string([]byte{'%', upperHex[c>>4], upperHex[c&15]}))
		} else {
			b.WriteString(escape(name[i : i+1]))
		}
	}
	return b.String()
}

// taken are names that are no longer free.
type taken map[string]bool

// free returns the name, with a number before its ending if it is taken.
func (t taken) free(name, end string) string {
	try := name + end
	for n := 2; t[strings.ToLower(try)]; n++ {
		try = name + "_" + strconv.Itoa(n) + end
	}
	t[strings.ToLower(try)] = true
	return try
}

// variableName is a name of a variable of the environment made of the parts. It does not begin as those do that are settings of the server.
func variableName(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, strings.Join(parts, "_"))
	return "SECRET_" + name
}
