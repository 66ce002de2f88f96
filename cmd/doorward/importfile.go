package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/doorward/doorward/internal/schema"
	"github.com/doorward/doorward/internal/seal"
	"github.com/doorward/doorward/internal/transfer"
)

// sealedFamily is what sealed files of every version begin with.
const sealedFamily = "doorward-sealed-"

// importFile is a file that is imported.
type importFile struct {
	*os.File
	info fs.FileInfo
	// read counts the bytes that were read.
	read atomic.Int64
	// begun: a row was read, so that there may be something of it in the database.
	begun bool
	// ended is what ended the reading before the end of the file.
	ended error
}

// openImport opens the file for one run. Two that go on behind the same note would refuse one another's rows.
func openImport(name string) (*importFile, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	f := &importFile{File: file}
	f.info, err = f.Stat()
	switch {
	case err != nil:
	case f.info.IsDir():
		err = fmt.Errorf("%s is a folder: name a file", name)
	case f.info.Mode().IsRegular() && !lockFile(file):
		err = fmt.Errorf("%s is being imported already: wait for the end of that", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// size is how many bytes there are to read; 0: nobody knows.
func (f *importFile) size() int64 {
	if !f.info.Mode().IsRegular() {
		return 0
	}
	return f.info.Size()
}

// rows reads the file as what its name and its first bytes say it is. That a sealed file is whole is known at its end alone: it is
// read twice, so that nothing is imported of one that is not.
func (f *importFile) rows(ctx context.Context, key string, s *schema.Schema) (transfer.Reader, error) {
	text, sealed, err := f.text(ctx, key)
	if err != nil {
		return nil, err
	}
	name := f.Name()
	if sealed {
		name = strings.TrimSuffix(name, sealedEnding)
	}
	if sealed && f.info.Mode().IsRegular() {
		if _, err := io.Copy(io.Discard, whileRunning{ctx, text}); err != nil {
			return nil, fmt.Errorf("nothing was imported: %w", err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		if text, _, err = f.text(ctx, key); err != nil {
			return nil, err
		}
	}
	rows := transfer.Reader(nil)
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		if rows, err = transfer.NewCSV(text, s); err != nil {
			return nil, err
		}
	} else {
		rows = transfer.NewJSON(text)
	}
	return &watchedRows{rows, &f.begun, &f.ended}, nil
}

// text is what the file holds, opened if it is sealed.
func (f *importFile) text(ctx context.Context, key string) (text io.Reader, sealed bool, err error) {
	f.read.Store(0)
	file := io.Reader(f.File)
	if !f.info.Mode().IsRegular() {
		file = whileRunning{ctx, file}
	}
	buffered := bufio.NewReaderSize(&countingReader{file, &f.read}, 64<<10)
	head, err := buffered.Peek(seal.SealedHead)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, false, err
	case seal.IsSealed(head) && key == "":
		return nil, true, errors.New("it is sealed: give the private key with --key")
	case seal.IsSealed(head):
		opener, err := readKey(key)
		if err != nil {
			return nil, true, err
		}
		opened, err := seal.NewReader(buffered, opener)
		return opened, true, err
	case strings.HasPrefix(string(head), sealedFamily) && len(head) == seal.SealedHead:
		return nil, true, errors.New("it was sealed by another version of this program: import it with that one, or a newer one")
	case strings.EqualFold(filepath.Ext(f.Name()), sealedEnding):
		return nil, false, errors.New("it is called sealed and does not begin as a sealed export does: it is another file, or was cut short")
	case key != "":
		return nil, false, errors.New("it is not sealed: leave --key out")
	}
	return buffered, false, nil
}

// watchedRows remembers how far the reading came.
type watchedRows struct {
	transfer.Reader
	begun *bool
	ended *error
}

// Next implements [transfer.Reader].
func (w *watchedRows) Next() (transfer.Row, error) {
	row, err := w.Reader.Next()
	var refused *transfer.RowError
	switch {
	case err == nil, errors.As(err, &refused):
		*w.begun = true
	case !errors.Is(err, io.EOF):
		*w.ended = err
	}
	return row, err
}

type countingReader struct {
	r io.Reader
	n *atomic.Int64
}

// Read implements [io.Reader].
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
