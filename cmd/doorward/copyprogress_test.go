package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/store"
)

func TestTheProgressOfACopyBeginsWithARealKind(t *testing.T) {
	p := newCopyProgress(io.Discard, map[store.RecordKind]int64{store.PartnerRecord: 1})
	for _, text := range []string{p.line(time.Second), p.bar(time.Second)} {
		if !strings.Contains(text, "partners") {
			t.Errorf("%q", text)
		}
	}
}
