package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/setup"
)

// exportCmd writes configuration to files. There is no flag to write secrets: whoever wants them in another installation takes a backup
// or a copy, which hold them sealed.
type exportCmd struct {
	configured
	Folder  string   `arg:"" type:"path" placeholder:"DIR" help:"New or empty folder."`
	Site    []string `placeholder:"APIKEY" help:"Sites to write; default: all sites and partners."`
	Replace bool     `help:"Write into a folder with an earlier export, in place of its files. Accounts (*.ndjson), notes (*.md) and hidden files stay."`
}

// Run writes the files.
func (c *exportCmd) Run(ctx context.Context, con console) error {
	return c.with(ctx, false, func(cfg *config.Config, inst *setup.Installation) error {
		b, err := newBlueprint(ctx, cfg, inst)
		if err != nil {
			return err
		}
		tree, err := b.Export(ctx, blueprint.Selection{Sites: c.Site})
		if err != nil {
			return err
		}
		files, err := tree.Files()
		if err != nil {
			return err
		}
		if err := c.write(ctx, tree, files); err != nil {
			return err
		}
		fmt.Fprintf(con.Err, "%d files in %s; accounts and secrets are not among them\n", len(files), c.Folder)
		return nil
	})
}

// Folders of an export that is going on, within the folder that it writes into and hidden from whoever reads that.
const (
	// stagingFolder takes the files while they are written.
	stagingFolder = ".doorward-export"
	// movingFolder is the staging folder with all of its files, of which some may have moved to their places already.
	movingFolder = ".doorward-export-moving"
)

// write makes the folder and puts the files into it, in place of those of an earlier export. Until all of them are written nothing else
// is touched: an export that is interrupted leaves what was there. Links in the folder lead nowhere outside.
func (c exportCmd) write(ctx context.Context, tree *blueprint.Tree, files blueprint.Files) (err error) {
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	lock, err := root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // It was read alone.
	if !lockFile(lock) {
		return fmt.Errorf("another export into %s is under way: wait for its end", c.Folder)
	}
	old, err := c.replaced(root, tree)
	if err != nil {
		return err
	}
	if err := stage(ctx, root, files); err != nil {
		return errors.Join(err, root.RemoveAll(stagingFolder))
	}
	if err := root.RemoveAll(movingFolder); err != nil {
		return err
	}
	if err := root.Rename(stagingFolder, movingFolder); err != nil {
		return err
	}
	return settle(root, files, old)
}

// stage writes the files into the staging folder.
func stage(ctx context.Context, root *os.Root, files blueprint.Files) error {
	if err := root.RemoveAll(stagingFolder); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		staged := path.Join(stagingFolder, name)
		if err := root.MkdirAll(path.Dir(staged), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(staged, files[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// settle puts the staged files into the places of the old ones. The file that says what the folder is comes first: whatever happens then,
// the export can be written anew.
func settle(root *os.Root, files blueprint.Files, old replaced) error {
	move := func(name string) error { return root.Rename(path.Join(movingFolder, name), name) }
	if err := move(blueprint.FormatFile); err != nil {
		return err
	}
	for _, name := range old.files {
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	for _, name := range slices.Backward(old.folders) {
		_ = root.Remove(name) // One that is not empty stays.
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == blueprint.FormatFile {
			continue
		}
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if err := move(name); err != nil {
			return err
		}
	}
	return root.RemoveAll(movingFolder)
}

// replaced are the files of an earlier export, and the folders that may be empty without them.
type replaced struct{ files, folders []string }

// replaced finds what is about to be written anew: with all sites and partners also the folders of those that are gone.
func (c exportCmd) replaced(root *os.Root, tree *blueprint.Tree) (old replaced, err error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == stagingFolder || e.Name() == movingFolder })
	switch {
	case err != nil || len(entries) == 0:
		return old, err
	case !c.Replace:
		return old, fmt.Errorf("%s is not empty: name a new folder, or write an earlier export anew with --replace", c.Folder)
	}
	if _, err := root.Stat(blueprint.FormatFile); err != nil {
		return old, fmt.Errorf("%s is not the folder of an export, and nothing in it is replaced: it has no %s", c.Folder, blueprint.FormatFile)
	}
	folders := blueprint.OwnerFolders
	if len(c.Site) > 0 {
		folders = nil
		for _, owner := range tree.Owners {
			folders = append(folders, owner.Folder)
		}
	}
	for _, folder := range folders {
		if err := old.add(root, folder); err != nil {
			return old, err
		}
	}
	return old, nil
}

// add adds the files of configuration in a folder, and its folders, outer ones first.
func (old *replaced) add(root *os.Root, folder string) error {
	return fs.WalkDir(root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == folder:
			return nil
		case err != nil:
			return err
		case entry.IsDir() && blueprint.Foreign(path.Base(name), true):
			return fs.SkipDir
		case entry.IsDir():
			old.folders = append(old.folders, name)
		case !blueprint.Foreign(path.Base(name), false):
			old.files = append(old.files, name)
		}
		return nil
	})
}

// checkWhole refuses a folder that an export has begun to change and not ended.
func checkWhole(root *os.Root, folder string) error {
	if _, err := root.Lstat(movingFolder); err == nil {
		return fmt.Errorf("an export into %s was interrupted, and some of its files are old and some new: run doorward export --replace %s again", folder, folder)
	}
	return nil
}
