// Command doorward is a customer-identity server that speaks the Gigya REST API.
//
// "doorward dev" starts it for trying out, "doorward serve" for production; the other verbs look after an installation:
// its sites, keys, signing keys, accounts and backups. Each verb has a file of its own here and does its work by the
// packages below internal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/plain"
)

// cli are the verbs. Kong derives parsing and help from it.
type cli struct {
	Dev         devCmd         `cmd:"" help:"Start a server for trying out and for tests: loopback only, everything made ready."`
	Serve       serveCmd       `cmd:"" help:"Start a server for production."`
	Partner     partnerCmd     `cmd:"" help:"List partners, and bring back one that has shut itself out."`
	Site        siteCmd        `cmd:"" help:"Create, list and change sites."`
	Key         keyCmd         `cmd:"" help:"Create, list and revoke user keys and applications."`
	SigningKey  signingKeyCmd  `cmd:"" help:"List and rotate the keys that sign id_tokens."`
	Account     accountCmd     `cmd:"" help:"Create, show, import and export accounts."`
	Export      exportCmd      `cmd:"" help:"Write the configuration of sites and partners to files."`
	Plan        planCmd        `cmd:"" help:"Show what files of configuration would change; exit status 3 if anything."`
	Apply       applyCmd       `cmd:"" help:"Make the configuration of sites and partners what files say."`
	Audit       auditCmd       `cmd:"" help:"Verify and export the audit log, and tell what happened to an account."`
	Search      searchCmd      `cmd:"" help:"Show how queries of accounts.search are run."`
	Backup      backupCmd      `cmd:"" help:"Write a consistent copy of the database while the server runs."`
	Restore     restoreCmd     `cmd:"" help:"Make a data folder from a backup."`
	Copy        copyCmd        `cmd:"" help:"Copy a running installation to another database, of the same engine or another."`
	Distribute  distributeCmd  `cmd:"" help:"Spread the tables over the machines of a Citus cluster."`
	Config      configCmd      `cmd:"" help:"Print the configuration in force and where each setting comes from."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server whether it is ready; exit status 0 if it is."`
	Version     versionCmd     `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`
}

// console is where a verb writes: Out is for what was asked for, Err for everything else.
type console struct {
	In       io.Reader
	Out, Err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	// The first signal asks for an orderly end; a later one ends the process at once. Later: timeout(1) and process
	// groups deliver one wish twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	status := run(ctx, os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// ends are the signals that ask for an end. A terminal that is closed sends SIGHUP; nohup ignores it, and so it stays then.
func ends() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// run parses the arguments and runs the verb. It returns the exit status: 0, 1 for a failure, 2 for wrong arguments, and what else a verb
// says of itself.
func run(ctx context.Context, args []string, con console) int {
	con.In = whileRunning{ctx, con.In}
	exit := -1
	parser, err := kong.New(&cli{},
		kong.Name("doorward"),
		kong.Description("A self-hosted customer-identity server that speaks the Gigya REST API."),
		kong.Writers(con.Out, con.Err),
		kong.Exit(func(status int) { exit = status }),
		kong.Vars{"version": versionLine()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(con),
	)
	if err != nil {
		fmt.Fprintln(con.Err, "doorward:", err)
		return 1
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	for _, arg := range args {
		if !utf8.ValidString(arg) { // The parser would put U+FFFD there: the name of another file.
			return wrongUsage(con, usagef("%s is no UTF-8 text: give the file or folder a name that is", arg), nil)
		}
	}
	verb, err := parser.Parse(args)
	if exit >= 0 { // --help or --version has answered.
		return exit
	}
	if err != nil {
		return wrongUsage(con, err, parsed(err))
	}
	if err = checkEmpty(args, verb); err == nil {
		err = verb.Run()
	}
	var setting *config.Error
	var usage *usageError
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("stopped by a signal before it was done")
	case errors.As(err, &usage), errors.As(err, &setting) && setting.Source == config.CommandLine:
		return wrongUsage(con, err, verb)
	}
	fmt.Fprintln(con.Err, "doorward:", plain.Lines(err.Error()))
	return 1
}

// checkEmpty refuses empty texts where one is wanted. Most often they are variables of a script that are not set, and to go on as if the
// flag were not there would make a key for all sites of one for some.
func checkEmpty(args []string, verb *kong.Context) error {
	meant := map[string]bool{} // Flags whose empty text says something.
	for _, element := range verb.Path {
		if f := element.Flag; f != nil && f.Target.Kind() == reflect.Pointer {
			meant["--"+f.Name] = true
		}
	}
	before := ""
	for _, arg := range args {
		name, ends := strings.CutSuffix(arg, "=")
		switch {
		case arg == "--":
			return nil
		case arg == "" && strings.HasPrefix(before, "--") && !meant[before]:
			return usagef("%s is empty: give a value, or leave it out", before)
		case arg == "" && !meant[before]:
			return usagef("an argument is empty: give a value, or leave it out")
		case ends && strings.HasPrefix(name, "--") && !strings.Contains(name, "=") && !meant[name]:
			return usagef("%s is empty: give a value, or leave it out", name)
		}
		before = arg
	}
	return nil
}

// usageError says that the command was called in a way that cannot work: exit status 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exitStatus is the outcome of a verb that has told everything already.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// parsed returns as much of the arguments as could be read, or nil.
func parsed(err error) *kong.Context {
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		return parse.Context
	}
	return nil
}

// wrongUsage says what is wrong, and where the flags of the verb are explained.
func wrongUsage(con console, err error, verb *kong.Context) int {
	name := "doorward"
	if verb != nil {
		for _, element := range verb.Path {
			if element.Command != nil {
				name += " " + element.Command.Name
			}
		}
	}
	fmt.Fprintf(con.Err, "doorward: %s\nTry: %s --help\n", plain.Lines(err.Error()), name)
	return 2
}
