package accounts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// screenDesign is screens.json: what the default screen-sets show. The markup around it is in the pieces below; class names, ids
// and the names of texts, which the web SDK looks for, follow from the names of screens and fields.
type screenDesign struct {
	// Fields are those of the account that forms ask for, by the name of their parameter.
	Fields map[string]screenField `json:"fields"`
	// Shared are screens that several sets have.
	Shared []screen    `json:"shared"`
	Sets   []screenSet `json:"sets"`
}

// screenField is a field of forms: the type of its input, its label, and whether it must be filled in.
type screenField struct {
	Type         string `json:"type"`
	Text         string `json:"text"`
	Required     bool   `json:"required"`
	Autocomplete string `json:"autocomplete"`
}

// screenSet is a screen-set. Its first screen is the one that it begins with.
type screenSet struct {
	ID   string `json:"id"`
	Desc string `json:"desc"`
	// On says which screen follows what a call may answer.
	On []struct {
		When string `json:"when"`
		Show string `json:"show"`
	} `json:"on"`
	Screens []screen `json:"screens"`
}

// screen is a screen by its short name (login: gigya-login-screen), or a shared one with more rows.
type screen struct {
	Shared string `json:"shared"`
	Name   string `json:"screen"`
	// Caption is the title; Header what stands above the rows, empty: the title.
	Caption string `json:"caption"`
	Header  string `json:"header"`
	// Form is what the form does, by the short name of its class; empty: the screen has none. Then is the screen that follows,
	// empty: the end.
	Form string      `json:"form"`
	Then string      `json:"then"`
	Rows []screenRow `json:"rows"`
}

// screenRow is a row of a screen: a text, a field of the design, the button of a form, a link to another screen, or a widget
// that the web SDK draws.
type screenRow struct {
	Label  string `json:"label"`
	Field  string `json:"field"`
	Submit string `json:"submit"`
	Link   string `json:"link"`
	Widget string `json:"widget"`
	// Text is that of a link, or of a field instead of its usual one, like Autocomplete.
	Text         string `json:"text"`
	Autocomplete string `json:"autocomplete"`
	// Mode is the login mode of social login; Attributes are those of other widgets.
	Mode       string            `json:"mode"`
	Attributes map[string]string `json:"attributes"`
}

// inputKinds are the kinds of controls and the ends of their inputs' class names, by the type of the input.
var inputKinds = map[string]struct{ control, class string }{
	"text": {"textbox", "text"}, "email": {"textbox", "text"}, "password": {"password", "password"}, "checkbox": {"checkbox", "checkbox"},
}

// The pieces that all markup is made of, as deep as they lie in a set; {name} is what differs.
const (
	setPiece = `<div class="gigya-screen-set" id="{id}" data-responsive="true" data-start-screen="{start}"{on}>
{screens}</div>
`
	screenPiece = `  <div class="gigya-screen portrait" id="{id}" data-width="auto" data-caption="{caption}" data-translation-key="{key}">
    <{tag}>
{rows}    </{end}>
  </div>
`
	rowPiece = `      <div class="gigya-layout-row">
        <div class="gigya-layout-cell">
{control}        </div>
      </div>
`
	headerPiece = `          <h2 class="gigya-composite-control gigya-composite-control-header" data-translation-key="{key}">{text}</h2>
`
	labelPiece = `          <div class="gigya-composite-control gigya-composite-control-label" data-translation-key="{key}">{text}</div>
`
	fieldPiece = `          <div class="gigya-composite-control gigya-composite-control-{kind}">
{before}            <label class="gigya-label">
              <span class="gigya-label-text" data-translation-key="{key}">{text}</span>
              <label class="gigya-required-display" data-bound-to="{name}"></label>
            </label>
{after}            <span class="gigya-error-msg" data-bound-to="{name}"></span>
          </div>
`
	inputPiece = `            <input type="{type}" name="{name}" class="gigya-input-{class}"{attributes}>
`
	submitPiece = `          <div class="gigya-composite-control gigya-composite-control-submit">
            <input type="submit" class="gigya-input-submit" value="{text}" data-translation-key="{key}">
          </div>
`
	errorPiece = `          <div class="gigya-composite-control gigya-composite-control-form-error"><div class="gigya-error-display gigya-form-error-msg" data-bound-to="{form}"></div></div>
`
	linkPiece = `          <a class="gigya-composite-control gigya-composite-control-link" data-translation-key="{key}" href="#" data-switch-screen="{screen}">{text}</a>
`
	widgetPiece = `          <div class="gigya-composite-control gigya-{widget}"{attributes}>{inside}</div>
`
)

// fill returns the piece with the values, given after their names, in it.
func fill(piece string, values ...string) string {
	for i := 0; i < len(values); i += 2 {
		values[i] = "{" + values[i] + "}"
	}
	return strings.NewReplacer(values...).Replace(piece)
}

// attribute returns an attribute for a tag; nothing if the value is empty.
func attribute(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + `="` + html.EscapeString(value) + `"`
}

// screenID returns the id of the screen of the short name. What the web SDK does by itself, and a screen of another set, have
// their name whole.
func screenID(name string) string {
	if strings.HasPrefix(name, "_") || strings.Contains(name, "/") {
		return name
	}
	return "gigya-" + name + "-screen"
}

// textName is a short name as it is in the names of texts.
func textName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(name, "_"), "-", "_"))
}

// readDesign reads a design. A member that nothing here knows is an error.
func readDesign(text []byte) (*screenDesign, error) {
	design := &screenDesign{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(design); err != nil {
		return nil, fmt.Errorf("reading the design of the screen-sets: %w", err)
	}
	return design, nil
}

// draw returns the markup of the set, and its texts by their names.
func (design *screenDesign) draw(set *screenSet) (markup string, texts *document.Object, err error) {
	var drawn strings.Builder
	texts = &document.Object{}
	start := ""
	for i := range set.Screens {
		s, err := design.whole(&set.Screens[i])
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", set.ID, err)
		}
		if i == 0 {
			start = s.Name
		}
		p := &screenPainter{fields: design.Fields, screen: s, texts: map[string]string{}}
		if err := p.draw(&drawn); err != nil {
			return "", nil, fmt.Errorf("%s: screen %s: %w", set.ID, s.Name, err)
		}
		for _, key := range slices.Sorted(maps.Keys(p.texts)) {
			texts.Set(key, document.String(p.texts[key]))
		}
	}
	on := ""
	for _, event := range set.On {
		on += attribute("data-on-"+event.When+"-screen", screenID(event.Show))
	}
	return fill(setPiece, "id", set.ID, "start", screenID(start), "on", on, "screens", drawn.String()), texts, nil
}

// whole returns the screen, or the shared one that it names with its own rows after that one's.
func (design *screenDesign) whole(s *screen) (*screen, error) {
	if s.Shared == "" {
		return s, nil
	}
	at := slices.IndexFunc(design.Shared, func(shared screen) bool { return shared.Name == s.Shared })
	if at < 0 {
		return nil, fmt.Errorf("there is no shared screen %q", s.Shared)
	}
	whole := design.Shared[at]
	whole.Rows = slices.Concat(whole.Rows, s.Rows)
	return &whole, nil
}

// screenPainter draws one screen and gathers its texts.
type screenPainter struct {
	fields map[string]screenField
	screen *screen
	texts  map[string]string
	labels int
}

// draw writes the screen.
func (p *screenPainter) draw(to *strings.Builder) error {
	s := p.screen
	header, tag, end := s.Header, `div class="gigya-screen-content"`, "div"
	if header == "" {
		header = s.Caption
	}
	if s.Form != "" {
		next := s.Then
		if next == "" {
			next = "_finish"
		}
		tag, end = "form"+attribute("class", p.form())+attribute("id", "gigya-"+s.Name+"-form")+attribute("data-on-success-screen", screenID(next)), "form"
	}
	key, caption := p.text("GIGYA", "SCREEN_CAPTION", "", s.Caption)
	rows := p.row(p.texted(headerPiece, "HEADER", "LABEL", "", header))
	for i := range s.Rows {
		control, err := p.control(&s.Rows[i])
		if err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		rows += control
	}
	to.WriteString(fill(screenPiece, "id", screenID(s.Name), "caption", caption, "key", key, "tag", tag, "end", end, "rows", rows))
	return nil
}

// form is the class of the screen's form, by which its errors find it.
func (p *screenPainter) form() string { return "gigya-" + p.screen.Form + "-form" }

// text keeps a text of the screen and returns its name, made of what it is and of whom, and how it stands in markup.
func (p *screenPainter) text(kind, end, of, text string) (key, shown string) {
	key = kind + "_" + textName(p.screen.Name) + "_"
	if of != "" {
		key += textName(of) + "_"
	}
	key += end
	p.texts[key] = text
	return key, html.EscapeString(text)
}

// texted fills a piece that shows one text.
func (p *screenPainter) texted(piece, kind, end, of, text string, values ...string) string {
	key, shown := p.text(kind, end, of, text)
	return fill(piece, append(values, "key", key, "text", shown)...)
}

// row puts a control into a row.
func (p *screenPainter) row(control string) string { return fill(rowPiece, "control", control) }

// control returns the row with what it shows; a button has the errors of its form below.
func (p *screenPainter) control(r *screenRow) (string, error) {
	switch {
	case r.Label != "":
		p.labels++
		return p.row(p.texted(labelPiece, "LABEL", "LABEL", strconv.Itoa(p.labels), r.Label)), nil
	case r.Field != "":
		return p.field(r)
	case r.Submit != "":
		return p.row(p.texted(submitPiece, "SUBMIT", "VALUE", "", r.Submit)) + p.row(fill(errorPiece, "form", p.form())), nil
	case r.Link != "":
		return p.row(p.texted(linkPiece, "LINK", "LABEL", r.Link, r.Text, "screen", screenID(r.Link))), nil
	case r.Widget != "":
		return p.row(widget(r)), nil
	}
	return "", fmt.Errorf("shows nothing")
}

// field returns a row with an input and its label, which stands before it, or after a box to tick.
func (p *screenPainter) field(r *screenRow) (string, error) {
	f, ok := p.fields[r.Field]
	kind, known := inputKinds[f.Type]
	if !ok || !known {
		return "", fmt.Errorf("there is no field %q, or it has no type", r.Field)
	}
	if r.Text != "" {
		f.Text = r.Text
	}
	if r.Autocomplete != "" {
		f.Autocomplete = r.Autocomplete
	}
	attributes := attribute("autocomplete", f.Autocomplete)
	if f.Required {
		attributes = attribute("data-required", "true") + attributes
	}
	before, after := "", fill(inputPiece, "type", f.Type, "name", r.Field, "class", kind.class, "attributes", attributes)
	if f.Type == "checkbox" {
		before, after = after, before
	}
	_, of, nested := strings.Cut(r.Field, ".")
	if !nested {
		of = r.Field
	}
	return p.row(p.texted(fieldPiece, strings.ToUpper(kind.control), "LABEL", of, f.Text, "kind", kind.control, "name", r.Field, "before", before, "after", after)), nil
}

// widget returns what the web SDK draws by itself.
func widget(r *screenRow) string {
	attributes, inside := "", ""
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		attributes += attribute(name, r.Attributes[name])
	}
	if r.Widget == "social-login" {
		for _, param := range [][2]string{{"width", "100%"}, {"buttonsStyle", "fullLogo"}, {"loginMode", r.Mode}} {
			if param[1] != "" {
				inside += "<param" + attribute("name", param[0]) + attribute("value", param[1]) + ">"
			}
		}
	}
	return fill(widgetPiece, "widget", r.Widget, "attributes", attributes, "inside", inside)
}
