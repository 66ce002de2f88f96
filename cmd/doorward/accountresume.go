package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/doorward/doorward/internal/transfer"
)

// resumeFile remembers beside the imported file how far an import has come. It is there from the beginning to the end of the
// last transaction; a run that finds it goes on behind it. After a run that died between a transaction and the note of it the next
// finds some rows that are there already, and takes them for imported.
type resumeFile struct {
	// name is empty for what is no file and cannot be read a second time: then nothing is remembered.
	name  string
	state resumeState
	// again: there was an earlier run, which ended at from.
	again bool
	from  transfer.Progress
}

// resumeState says which file in which state is imported where: the notes of another are not gone by.
type resumeState struct {
	Site     string            `json:"site"`
	Size     int64             `json:"size"`
	Modified time.Time         `json:"modified"`
	Done     transfer.Progress `json:"done"`
}

// resumeEnding is put behind the name of the imported file.
const resumeEnding = ".resume"

func openResume(file string, info fs.FileInfo, apiKey string) (*resumeFile, error) {
	if !info.Mode().IsRegular() {
		return &resumeFile{}, nil
	}
	r := &resumeFile{name: file + resumeEnding, state: resumeState{Site: apiKey, Size: info.Size(), Modified: info.ModTime().UTC()}}
	text, err := os.ReadFile(r.name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var earlier resumeState
	if err := json.Unmarshal(text, &earlier); err != nil {
		return nil, fmt.Errorf("%s cannot be read: remove it to import the file from its beginning", r.name)
	}
	r.again, r.from = true, earlier.Done
	earlier.Done = transfer.Progress{}
	switch {
	case earlier == r.state:
	case r.from.Rows == 0: // As far as it knows nothing of the other was imported.
		r.again = false
	default:
		return nil, fmt.Errorf("%s is of an import into another site, or of the file before it was changed: remove it to import the file from its beginning (accounts that are there are then refused, or changed with --policy upsert)", r.name)
	}
	return r, nil
}

// note writes down how far the import has come. That it cannot is no reason to stop: a second run then refuses what is
// there already.
func (r *resumeFile) note(done transfer.Progress) {
	r.state.Done = done
	text, err := json.Marshal(r.state)
	if err != nil || r.name == "" {
		return
	}
	temp := r.name + ".new"
	if err = os.WriteFile(temp, append(text, '\n'), 0o600); err == nil {
		err = os.Rename(temp, r.name)
	}
	if err != nil {
		_ = os.Remove(temp) // What cannot be written can often not be removed either.
	}
}

// remove ends the import.
func (r *resumeFile) remove() error {
	if r.name == "" {
		return nil
	}
	if err := os.Remove(r.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
