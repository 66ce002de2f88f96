package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/blueprint"
	"github.com/doorward/doorward/internal/config"
	"github.com/doorward/doorward/internal/server"
	"github.com/doorward/doorward/internal/setup"
)

// filesAsPlanned are the flags of verbs that make an installation what files say.
type filesAsPlanned struct {
	configured
	Folder string `arg:"" type:"existingdir" placeholder:"DIR" help:"Folder with the files, as export writes them."`
	Create bool   `help:"Make partners, sites and keys that are not there."`
	Prune  bool   `help:"Remove objects that have no file; without it they stay. Partners, sites and keys always stay."`
	Strict bool   `help:"Refuse members and files that are not known."`
}

func (c filesAsPlanned) how() blueprint.How {
	return blueprint.How{Create: c.Create, Prune: c.Prune, Strict: c.Strict}
}

// plan reads the files, works out what they change, prints it and hands both over. With create there need not be an installation yet.
func (c filesAsPlanned) plan(ctx context.Context, con console, create bool, do func(b *blueprint.Blueprint, t *blueprint.Tree, p *blueprint.Plan) error) error {
	return c.with(ctx, create, func(cfg *config.Config, inst *setup.Installation) error {
		b, err := newBlueprint(ctx, cfg, inst)
		if err != nil {
			return err
		}
		t, err := readFiles(b, c.Folder)
		if err != nil {
			return fileError(err)
		}
		p, err := b.Plan(ctx, t, c.how())
		if err != nil {
			return fileError(err)
		}
		for _, unknown := range p.Unknown {
			fmt.Fprintf(con.Err, "doorward: %s: is not known\n", unknown)
		}
		if err := p.Print(con.Out); err != nil {
			return err
		}
		return do(b, t, p)
	})
}

// newBlueprint is the configuration of the installation.
func newBlueprint(ctx context.Context, cfg *config.Config, inst *setup.Installation) (*blueprint.Blueprint, error) {
	if err := inst.Store.SealAudits(ctx, inst.Sealer.Key(audit.ChainKey)); err != nil {
		return nil, err
	}
	return blueprint.New(blueprint.Options{
		Store: inst.Store, Factory: inst.Factory(), Clock: inst.Clock, Kinds: server.Kinds(), DataCenter: cfg.DataCenter,
		DataCenters: slices.Sorted(maps.Keys(cfg.DataCenters)),
	})
}

// readFiles reads the folder, and nothing outside of it, whatever links it has.
func readFiles(b *blueprint.Blueprint, folder string) (t *blueprint.Tree, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := checkWhole(root, folder); err != nil {
		return nil, err
	}
	return b.Read(root.FS(), os.LookupEnv)
}

// fileError says of faults what they are, one a line.
func fileError(err error) error {
	var faults blueprint.Faults
	if !errors.As(err, &faults) {
		return err
	}
	return fmt.Errorf("nothing was changed, because of\n  %s", strings.Join(strings.Split(faults.Error(), "\n"), "\n  "))
}
