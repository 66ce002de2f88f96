package blueprint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/doorward/doorward/internal/plain"
	"github.com/doorward/doorward/internal/siteconfig"
)

// Bounds of what is read. They are ours: an export of a thousand sites with all screen-sets is below them.
const (
	maxFile  = 16 << 20
	maxFiles = 100_000
	maxBytes = 1 << 30
	// longestObject is how much of an object's name folders may make: a link may lead a folder into itself.
	longestObject = 1024
)

// Faults are all that is wrong with files, each with the file and the path in it.
type Faults []error

// Error returns them, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, err := range f {
		lines[i] = plain.Text(err.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the single errors.
func (f Faults) Unwrap() []error { return f }

// reading is one run of [Blueprint.Read].
type reading struct {
	*Blueprint
	files    fs.FS
	variable func(name string) (string, bool)
	tree     *Tree
	faults   Faults
	// filesLeft and bytesLeft are how much may still be read.
	filesLeft, bytesLeft int
	// used are the files that were read.
	used map[string]bool
	// values are those of the variables that were taken.
	values []taking
}

// taking is a variable of the environment that files have taken.
type taking struct{ name, value string }

// Read reads a folder as [Tree.Files] makes it, or one that a person has written, or the folder of a single owner. variable returns the
// variables of the environment. Files outside the folder are not read, whatever their names say. The error is [Faults] with everything
// that is wrong.
func (b *Blueprint) Read(files fs.FS, variable func(name string) (string, bool)) (*Tree, error) {
	r := &reading{
		Blueprint: b, files: files, variable: variable, tree: &Tree{}, filesLeft: maxFiles, bytesLeft: maxBytes, used: map[string]bool{},
	}
	r.checkFormat()
	for _, name := range []string{partnerSection, siteSection} {
		if _, err := fs.Stat(files, name+".json"); err == nil {
			r.owner(".", name == partnerSection)
		}
	}
	for _, folder := range OwnerFolders {
		if _, err := fs.Stat(files, folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, e := range r.entries(folder) {
			if e.folder {
				r.owner(e.path, folder == partnersFolder)
			} else {
				r.stray(e)
			}
		}
	}
	if len(r.tree.Owners) == 0 && len(r.faults) == 0 {
		r.faults = append(r.faults, errors.New("there is no configuration here: want a folder with sites/NAME/site.json or partners/NAME/partner.json"))
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	r.tree.taken = r.values
	return r.tree, nil
}

// take returns a variable, and notes its value.
func (r *reading) take(name string) (string, bool) {
	value, ok := r.variable(name)
	if t := (taking{name, value}); ok && value != "" && !slices.Contains(r.values, t) {
		r.values = append(r.values, t)
	}
	return value, ok
}

func (r *reading) fault(file string, err error) {
	r.faults = append(r.faults, fmt.Errorf("%s: %w", file, err))
}

// checkFormat refuses files of another form. A folder that a person made need not say its form.
func (r *reading) checkFormat() {
	text, err := r.read(FormatFile)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.fault(FormatFile, err)
		return
	}
	doc, err := parseFile(text)
	if err != nil {
		r.fault(FormatFile, err)
		return
	}
	v, _ := doc.Get("format")
	if n, ok := v.Int64(); !ok || n != format {
		r.fault(FormatFile, fmt.Errorf("format: this version reads %d alone", format))
	}
}

// read returns a file's text. What is no ordinary file is not opened: a pipe would never end.
func (r *reading) read(name string) ([]byte, error) {
	if r.filesLeft--; r.filesLeft < 0 {
		return nil, fmt.Errorf("there are more than %d files", maxFiles)
	}
	info, err := fs.Stat(r.files, name)
	if err != nil {
		return nil, hidePath(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not an ordinary file")
	}
	f, err := r.files.Open(name)
	if err != nil {
		return nil, hidePath(err)
	}
	defer func() { _ = f.Close() }() // It was read alone.
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	r.bytesLeft -= len(text)
	switch {
	case err != nil:
		return nil, hidePath(err)
	case len(text) > maxFile:
		return nil, fmt.Errorf("it has more than %d MiB", maxFile>>20)
	case r.bytesLeft < 0:
		return nil, fmt.Errorf("the files have more than %d MiB together", maxBytes>>20)
	case !utf8.Valid(text):
		return nil, errors.New("it is not UTF-8")
	}
	r.used[name] = true
	return text, nil
}

// hidePath drops the name of the file, which stands before the error already.
func hidePath(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// entry is a file or a folder, or a link to one.
type entry struct {
	name, path string
	folder     bool
}

// entries are those of a folder that are not foreign, by name. Where a link leads decides what it is.
func (r *reading) entries(folder string) []entry {
	listed, err := fs.ReadDir(r.files, folder)
	if err != nil {
		r.fault(folder, hidePath(err))
		return nil
	}
	var list []entry
	for _, d := range listed {
		e := entry{d.Name(), path.Join(folder, d.Name()), d.IsDir()}
		if strings.HasPrefix(e.name, ".") {
			continue
		}
		if d.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(r.files, e.path)
			if err != nil && Foreign(e.name, false) {
				continue
			}
			if err != nil {
				r.fault(e.path, hidePath(err))
				continue
			}
			e.folder = info.IsDir()
		}
		if Foreign(e.name, e.folder) && e.name != accountsFile {
			continue
		}
		list = append(list, e)
	}
	return list
}

// Foreign tells whether a file or folder of the name is none of configuration, wherever it is: notes for people, accounts, and what is
// hidden. A folder may be that of a domain that ends like notes do.
func Foreign(name string, folder bool) bool {
	return strings.HasPrefix(name, ".") || !folder && (strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".ndjson"))
}

// stray notes a file or a folder that means nothing here.
func (r *reading) stray(e entry) { r.tree.Unknown = append(r.tree.Unknown, e.path) }

// unread notes the files that no object has spoken of.
func (r *reading) unread(files []entry) {
	for _, e := range files {
		if !r.used[e.path] {
			r.stray(e)
		}
	}
}

func (r *reading) owner(folder string, partner bool) {
	o := &Owner{Partner: partner, Folder: folder}
	r.tree.Owners = append(r.tree.Owners, o)
	var rest []entry
	for _, e := range r.entries(folder) {
		base, isJSON := strings.CutSuffix(e.name, ".json")
		switch s := r.section(base, o); {
		case e.folder && s != nil && !s.single && !isJSON:
			r.folder(o, s, e.path, "")
		case e.folder && folder == ".": // Those of other owners, and whatever else lies beside.
		case e.folder:
			r.stray(e)
		case isJSON && s != nil && s.single:
			r.object(o, s, "", e.path)
		case folder == "." && e.name != accountsFile && !isJSON || folder == "." && e.name == FormatFile:
		case e.name == accountsFile && !partner:
			o.Accounts = e.path
		case !Foreign(e.name, false):
			rest = append(rest, e)
		}
	}
	r.unread(rest)
}

// section returns the section of the name that owners of this sort have; nil: there is none.
func (r *reading) section(name string, o *Owner) *section {
	of := siteconfig.OfSite
	if o.Partner {
		of = siteconfig.OfPartner
	}
	for _, s := range r.sections {
		if s.name == name && s.of == of {
			return s
		}
	}
	return nil
}

// folder reads the objects of one section whose names begin so. Files that are not JSON are texts of objects.
func (r *reading) folder(o *Owner, s *section, folder, begin string) {
	var rest []entry
	for _, e := range r.entries(folder) {
		base, isJSON := strings.CutSuffix(e.name, ".json")
		if e.folder {
			base, isJSON = strings.CutSuffix(e.name, goesOn)
		}
		if !isJSON {
			rest = append(rest, e)
			continue
		}
		name, err := unescape(base)
		switch {
		case err != nil:
			r.fault(e.path, err)
		case !e.folder:
			r.object(o, s, begin+name, e.path)
		case len(begin+name) > longestObject:
			r.fault(e.path, fmt.Errorf("a name has at most %d bytes", longestObject))
		default:
			r.folder(o, s, e.path, begin+name)
		}
	}
	r.unread(rest)
}

func (r *reading) object(o *Owner, s *section, name, file string) {
	text, err := r.read(file)
	if err != nil {
		r.fault(file, err)
		return
	}
	doc, err := parseFile(text)
	if err != nil {
		r.fault(file, err)
		return
	}
	obj := &object{section: s, name: name, doc: doc, file: file}
	if other := o.get(obj.key()); other != nil {
		r.fault(file, fmt.Errorf("%s is the same object", other.file))
		return
	}
	r.faults = append(r.faults, obj.show(func(name string) (string, error) {
		if name == "" || strings.ContainsAny(name, `/\`) || !fs.ValidPath(name) {
			return "", fmt.Errorf("%q is not the name of a file beside this one", name)
		}
		text, err := r.read(path.Join(path.Dir(file), name))
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return string(text), nil
	}, r.take)...)
	o.put(obj)
}
