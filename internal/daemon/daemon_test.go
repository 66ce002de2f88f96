package daemon_test

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doorward/doorward/internal/daemon"
)

// TestMain makes the test binary the program that the tests run.
func TestMain(m *testing.M) {
	switch os.Getenv("DAEMON_TEST_ROLE") {
	case "":
		os.Exit(m.Run())
	case "orderly":
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		os.Stderr.WriteString("first\nserving here\n")
		os.Stdout.WriteString(`{"port":7}` + "\n")
		<-told
		os.Stdout.WriteString("bye\n")
		os.Exit(3)
	case "silent":
		os.Stderr.WriteString("still thinking\n")
		os.Stdout.WriteString(`{"port":`)
		time.Sleep(time.Minute)
	case "confused":
		os.Stderr.WriteString("no memory\n")
		os.Stdout.WriteString("what?\n")
		time.Sleep(time.Minute)
	}
}

func program(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DAEMON_TEST_ROLE="+role)
	return cmd
}

func TestAProcessSaysThatItIsReadyAndEndsWhenTold(t *testing.T) {
	p := daemon.Start(t, program("orderly"))
	var ready struct{ Port int }
	if err := p.Ready(&ready, time.Minute); err != nil || ready.Port != 7 {
		t.Fatalf("%+v, %v", ready, err)
	}
	if line, ok := p.Log.Await("serving", 10*time.Second); !ok || line != "serving here" {
		t.Errorf("line %q, %v", line, ok)
	}
	if line, ok := p.Log.Await("nothing", time.Millisecond); ok {
		t.Errorf("line %q", line)
	}
	if status, rest := p.End(syscall.SIGTERM); status != 3 || rest != "bye\n" {
		t.Errorf("status %d, %q", status, rest)
	}
	if first, second := p.Log.Take(), p.Log.Take(); first != "first\nserving here\n" || second != "" {
		t.Errorf("log %q, then %q", first, second)
	}
}

func TestAProcessThatIsNotReadyIsKilled(t *testing.T) {
	p := daemon.Start(t, program("confused"))
	err := p.Ready(new(struct{}), time.Minute)
	if err == nil || !strings.Contains(err.Error(), "what?") || p.Cmd.ProcessState == nil {
		t.Errorf("%v, %v", err, p.Cmd.ProcessState)
	}
}

func TestAProcessThatSaysNothingIsKilledWhenItsTimeIsOver(t *testing.T) {
	p := daemon.Start(t, program("silent"))
	if _, ok := p.Log.Await("thinking", time.Minute); !ok {
		t.Fatal("it does not start")
	}
	err := p.Ready(new(struct{}), 10*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "not ready within 10ms") || !strings.Contains(err.Error(), "still thinking") || p.Cmd.ProcessState == nil {
		t.Errorf("%v, %v", err, p.Cmd.ProcessState)
	}
}
