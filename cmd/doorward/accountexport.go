package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/setup"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/transfer"
)

// sealedEnding is the customary end of a sealed file's name.
const sealedEnding = ".sealed"

type accountExportCmd struct {
	ofSite
	To     string `arg:"" optional:"" type:"path" help:"New file; default: standard output."`
	Hashes bool   `xor:"detail" help:"Put the password hashes into it. Keep such a file like a secret."`
	SealTo string `xor:"detail" placeholder:"KEY" help:"Put everything into it, hashes and security questions included, and seal it to this public key, a text or a file."`
}

// Run writes the export. A new file is readable by its owner alone.
func (c *accountExportCmd) Run(ctx context.Context, con console) error {
	detail := transfer.Plain
	if c.Hashes {
		detail = transfer.Hashes
	}
	var to *seal.Recipient
	if c.SealTo != "" {
		var err error
		if to, err = recipient(c.SealTo); err != nil {
			return err
		}
		detail = transfer.Secrets
	}
	return c.withSite(ctx, func(_ *config.Config, inst *setup.Installation, s *site.Site) error {
		var done transfer.Exported
		write := func(out io.Writer) (err error) {
			w := bufio.NewWriterSize(out, 1<<16)
			err = exportTo(w, to, func(w io.Writer) (err error) {
				done, err = transfer.Export(ctx, inst.Store, s, w, detail)
				return err
			})
			if err != nil {
				return err
			}
			return w.Flush()
		}
		var err error
		if c.To == "" {
			err = write(con.Out)
		} else {
			err = writeNew(c.To, write)
		}
		if err != nil {
			return fmt.Errorf("exporting: %w", err)
		}
		fmt.Fprintf(con.Err, "exported %d accounts", done.Accounts)
		if done.Objects > 0 {
			fmt.Fprintf(con.Err, ", %d objects of the data store", done.Objects)
		}
		fmt.Fprintln(con.Err)
		return nil
	})
}

// exportTo writes the export, sealed if there is a recipient. After an error a sealed one has no end: nobody takes it for whole.
func exportTo(w io.Writer, to *seal.Recipient, export func(io.Writer) error) error {
	if to == nil {
		return export(w)
	}
	sealed, err := seal.NewWriter(w, to)
	if err != nil {
		return err
	}
	if err := export(sealed); err != nil {
		return err
	}
	return sealed.Close()
}

// recipient reads a public key: the text itself, or a file that holds it.
func recipient(text string) (*seal.Recipient, error) {
	if key, err := seal.ParseRecipient(text); err == nil {
		return key, nil
	}
	content, err := os.ReadFile(text)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("--seal-to is neither a public key nor a file: make a pair with `doorward account export-key`")
	}
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseRecipient(string(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	return key, nil
}

// readKey reads a private key.
func readKey(file string) (*seal.Identity, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseIdentity(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

type accountExportKeyCmd struct {
	File string `arg:"" type:"path" help:"New file for the private key, readable by its owner alone."`
}

// Run makes a pair of keys: the private one goes to the file, the public one to standard output.
func (c *accountExportKeyCmd) Run(con console) error {
	key, err := seal.NewIdentity()
	if err != nil {
		return err
	}
	text, err := key.Text()
	if err != nil {
		return err
	}
	err = writeNew(c.File, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, text)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(con.Out, key.Recipient().Text()); err != nil {
		return errors.Join(err, os.Remove(c.File)) // Nobody gets the public half of this one any more.
	}
	return nil
}
