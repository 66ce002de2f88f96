package main

import (
	"testing"
	"time"
)

func TestOpenSSLsOwnMeasureIsRead(t *testing.T) {
	got, err := readSpeed("+F2:2:2048:1105.128205:37780.000000\n", 2*time.Second)
	if err != nil || got.calls != 2210 || got.perCall() != 904977*time.Nanosecond {
		t.Errorf("%+v, %s a call, %v", got, got.perCall(), err)
	}
	for _, text := range []string{"", "+F2:2:2048\n", "+F2:2:2048:fast:1\n", "+F2:2:2048:0:1\n", "+R1:2:2048:9\n"} {
		if got, err := readSpeed(text, time.Second); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
