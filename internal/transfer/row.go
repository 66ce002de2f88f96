package transfer

import (
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/account"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/plain"
)

// maxLine bounds one row of a file, in bytes.
const maxLine = 4 << 20

// A RowError refuses one row; the others are not touched by it.
type RowError struct {
	// Line is that of the row's first character, from 1; in a JSON array the number of the element.
	Line int
	Err  error
}

// Error shows what cannot be printed escaped: names and values of the file stand in it, and it goes to a terminal.
func (e *RowError) Error() string {
	var failure *gigya.Error
	if errors.As(e.Err, &failure) && failure.Code == gigya.ObjectTooLarge && failure.Details == "" {
		return fmt.Sprintf("line %d: a document of the account would be larger than %d bytes", e.Line, account.MaxDocument)
	}
	return plain.Text(fmt.Sprintf("line %d: %v", e.Line, e.Err))
}

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Row is one account of a file.
type Row struct {
	Line int
	// Members are those of the row, dotted names of CSV already nested.
	Members *document.Object
	// Size is about how many bytes of the file it takes: what is kept of it in memory is bounded by it.
	Size int
}

// Reader reads rows until io.EOF. A *RowError says that one row cannot be read and that reading may go on.
type Reader interface {
	Next() (Row, error)
}
