-- The sessions that end by time, in the order of their ends: what a sweep looks for. Sessions without an end, and those
-- whose end only their site knows, are not in it and pay nothing for it.
CREATE INDEX sessions_end ON sessions (expires) WHERE dynamic = 0 AND expires > 0;
