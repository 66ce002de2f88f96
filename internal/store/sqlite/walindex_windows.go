package sqlite

import "os"

// fileKey tells files apart.
type fileKey struct{}

func keyOfFile(string) (fileKey, error) { return fileKey{}, errNotMapped }

// mapFile does not map: Windows does not promise that what is written into a file is seen in its mapped memory.
func mapFile(*os.File, int) ([]byte, error) { return nil, errNotMapped }

func unmapFile([]byte) {}
