package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/doorward/doorward/internal/store"
)

func TestIndexesAreWorkedOnWhenSomebodySaysSoUntilTheEnd(t *testing.T) {
	begun, ended := make(chan bool), make(chan bool, 2)
	w := store.WatchIndexes(0, func(ctx context.Context) error {
		begun <- true
		if ctx.Err() == nil {
			<-begun
		}
		ended <- true
		return errors.New("which is nobody's")
	})
	w.Wake()
	<-begun
	begun <- true
	w.Wake()
	<-begun // The first one's error has ended nothing.
	go func() { begun <- true }()
	w.Close()
	if len(ended) != 2 {
		t.Errorf("%d of 2 have ended", len(ended))
	}
}

func TestAStoreThatMakesNoIndexesWorksOnNone(t *testing.T) {
	w := store.WatchIndexes(-1, func(context.Context) error {
		t.Error("it worked")
		return nil
	})
	w.Wake()
	w.Close()
}
