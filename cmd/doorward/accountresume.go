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

// resumeFile remembers beside the imported file how far an import has come. It is there from the first transaction to the
// end of the last; a run that finds it goes on behind it. A run that died between a transaction and the note of it finds
// some rows that are there already, and takes them for imported.
type resumeFile struct {
	name  string
	state resumeState
	// from is where the earlier run ended; zero: there was none.
	from transfer.Progress
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
	r.from = earlier.Done
	if earlier.Done = (transfer.Progress{}); earlier != r.state {
		return nil, fmt.Errorf("%s is of an import into another site, or of the file before it was changed: remove it to import the file from its beginning", r.name)
	}
	return r, nil
}

// note writes down how far the import has come. That it cannot is no reason to stop: a second run then refuses what is
// there already.
func (r *resumeFile) note(done transfer.Progress) {
	r.state.Done = done
	text, err := json.Marshal(r.state)
	if err != nil {
		return
	}
	temp := r.name + ".new"
	if os.WriteFile(temp, append(text, '\n'), 0o600) == nil {
		_ = os.Rename(temp, r.name)
	}
}

// remove ends the import.
func (r *resumeFile) remove() error {
	if err := os.Remove(r.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
