package transfer_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/transfer"
)

// The cases that SECURITY-TESTS.md numbers, as far as files of accounts go.
func TestAttack(t *testing.T) {
	t.Run("058_hostile_files_are_refused_row_by_row", attackFile)
	t.Run("058_a_header_of_a_million_columns", attackColumns)
	t.Run("098_hashes_that_would_take_for_ever", attackHashes)
}

func attackFile(t *testing.T) {
	x := newTarget(t, "")
	formulas := []string{`=HYPERLINK("http://evil.test","x")`, "+1+1", "-2", "@SUM(A1)", "\tx", "\r=x", "=cmd|' /C calc'!A0"}
	var file strings.Builder
	file.WriteString("UID,profile.firstName\n")
	for i, formula := range formulas {
		file.WriteString(string(rune('a'+i)) + `,"` + strings.ReplaceAll(formula, `"`, `""`) + "\"\n")
	}
	file.WriteString("x1,\xff\xfe\nx2,a\"b\nx3," + strings.Repeat("c,", 1_000_000) + "\nx4,\x00\nlast,fine\nopen,\"never closed\n")
	reader, err := transfer.NewCSV(strings.NewReader(file.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	imported, refused := 0, 0
	for {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			_, err = x.Import(t.Context(), row)
		}
		var why *transfer.RowError
		switch {
		case err == nil:
			imported++
		case errors.As(err, &why):
			if refused++; len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\x00\x1b\r\n") {
				t.Errorf("the refusal is %q", err)
			}
		default:
			t.Fatal(err)
		}
	}
	if refused < 4 || imported < len(formulas)+1 {
		t.Errorf("%d rows imported, %d refused", imported, refused)
	}
	// What looks like a formula is kept as the text that it is, and only ever written as JSON: no spreadsheet runs it.
	out := x.export(false)
	for _, want := range []string{`"firstName":"=HYPERLINK(\"http://evil.test\",\"x\")"`, `"firstName":"@SUM(A1)"`, `"UID":"last"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if line[0] != '{' {
			t.Errorf("a line of the export begins with %q", line[:1])
		}
	}
}

func attackColumns(t *testing.T) {
	began := time.Now()
	for _, header := range []string{strings.Repeat("data.x,", 1_000_000) + "UID", strings.Repeat(`"`, 1_000_001), "UID," + strings.Repeat("a.", 1_000_000)} {
		_, err := transfer.NewCSV(strings.NewReader(header+"\nx\n"), nil)
		if err == nil || len(err.Error()) > 1000 {
			t.Errorf("error %.200v", err)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func attackHashes(t *testing.T) {
	x := newTarget(t, "")
	const rest = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	began := time.Now()
	for name, hash := range map[string]string{
		"four gigabytes":              "$argon2id$v=19$m=4194304,t=1,p=1" + rest,
		"a billion passes":            "$argon2id$v=19$m=8,t=1000000000,p=1" + rest,
		"the most of both":            "$argon2id$v=19$m=262144,t=16,p=1" + rest,
		"threads":                     "$argon2id$v=19$m=65536,t=1,p=255" + rest,
		"more than a number holds":    "$argon2id$v=19$m=99999999999999999999,t=1,p=1" + rest,
		"a negative cost":             "$argon2id$v=19$m=-8,t=1,p=1" + rest,
		"no salt":                     "$argon2id$v=19$m=8,t=1,p=1$$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"a hash of one byte":          "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AA",
		"a megabyte":                  "$argon2id$v=19$m=8,t=1,p=1$" + strings.Repeat("A", 1<<20),
		"bcrypt at the cost of years": "$2a$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"scrypt with 2^30":            "$scrypt$ln=30,r=8,p=1" + rest,
		"PBKDF2 with a billion":       "$pbkdf2-sha256$1000000000" + rest,
	} {
		_, err := x.add(`{"UID":"u","password":{"hash":"` + hash + `"}}`)
		var refused *transfer.RowError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), "AAAAAAAA") {
			t.Errorf("%s: the refusal shows the hash: %.200v", name, err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
