package transfer

import "context"

// Prepare is what a goroutine that prepares does with one row: for benchmarks.
func (i *Importer) Prepare(ctx context.Context, row Row) error {
	b := &batch{rows: []item{{row: row}}}
	if err := i.prepareAll(ctx, b); err != nil {
		return err
	}
	return b.rows[0].prepared.err
}
