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
func (c exportCmd) Run(ctx context.Context, con console) error {
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
		if err := c.write(tree, files); err != nil {
			return err
		}
		fmt.Fprintf(con.Err, "%d files in %s; accounts and secrets are not among them\n", len(files), c.Folder)
		return nil
	})
}

// write makes the folder and puts the files into it. Links in it lead nowhere outside.
func (c exportCmd) write(tree *blueprint.Tree, files blueprint.Files) (err error) {
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(c.Folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := c.prepare(root, tree); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(name, files[name], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// prepare removes what is about to be written anew: with all sites and partners also the folders of those that are gone.
func (c exportCmd) prepare(root *os.Root, tree *blueprint.Tree) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	switch {
	case err != nil || len(entries) == 0:
		return err
	case !c.Replace:
		return fmt.Errorf("%s is not empty: name a new folder, or write an earlier export anew with --replace", c.Folder)
	}
	if _, err := root.Stat(blueprint.FormatFile); err != nil {
		return fmt.Errorf("%s is not the folder of an export, and nothing in it is replaced: it has no %s", c.Folder, blueprint.FormatFile)
	}
	folders := blueprint.OwnerFolders
	if len(c.Site) > 0 {
		folders = nil
		for _, owner := range tree.Owners {
			folders = append(folders, owner.Folder)
		}
	}
	for _, folder := range folders {
		if err := clearFolder(root, folder); err != nil {
			return err
		}
	}
	return nil
}

// clearFolder removes the files of configuration in a folder, and the folders that are empty then.
func clearFolder(root *os.Root, folder string) error {
	var folders []string
	err := fs.WalkDir(root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == folder:
			return nil
		case err != nil:
			return err
		case entry.IsDir() && blueprint.Foreign(path.Base(name), true):
			return fs.SkipDir
		case entry.IsDir():
			folders = append(folders, name)
			return nil
		case blueprint.Foreign(path.Base(name), false):
			return nil
		}
		return root.Remove(name)
	})
	for _, name := range slices.Backward(folders) {
		_ = root.Remove(name) // One that is not empty stays.
	}
	return err
}
