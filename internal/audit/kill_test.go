package audit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/store"
)

const writerVariable = "DOORWARD_TEST_AUDIT_LOG"

// TestProcessThatWrites is the process that TestRecordsOfKilledProcessesVerify kills.
func TestProcessThatWrites(t *testing.T) {
	file := os.Getenv(writerVariable)
	if file == "" {
		t.Skip("it is run by another test")
	}
	s := openLog(t, file)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				_ = s.Change(t.Context(), func(tx store.Tx) error {
					return tx.AppendAudit(&store.Audit{Time: written + clock.Millis(i), APIKey: "4_site", Partner: int64(worker % 2)})
				})
				if i%10 == 0 {
					_ = s.CheckpointAudits(t.Context())
				}
			}
		}()
	}
	time.Sleep(time.Minute)
}

func TestRecordsOfKilledProcessesVerify(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log.db")
	s := openLog(t, file)
	for n := range 3 {
		writer := exec.Command(os.Args[0], "-test.run", "^TestProcessThatWrites$")
		writer.Env = append(os.Environ(), writerVariable+"="+file)
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		before := verify(t, s, nil).Records
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if report := verify(t, s, nil); report.Records > before+20 || len(report.Findings) > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the process writes nothing")
			}
		}
		heads := verify(t, s, nil).Heads
		if err := writer.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = writer.Wait() // It was killed.
		report := verify(t, s, heads)
		if len(report.Findings) > 0 || report.Chains != int64(2*(n+1)) {
			t.Errorf("after %d kills: %d chains, found %v", n+1, report.Chains, report.Findings)
		}
	}
}
