package postgres

import "context"

// Tidy does at once what a store does each minute.
func Tidy(ctx context.Context, s *Store) error { return s.tidyOnce(ctx) }

// Placements are where the tables are on Citus.
var Placements = placements
