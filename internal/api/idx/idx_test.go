package idx_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/acl"
	"github.com/doorward/doorward/internal/api/apitest"
	"github.com/doorward/doorward/internal/api/idx"
	"github.com/doorward/doorward/internal/audit"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/site"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

const (
	testKey  = apitest.Key
	otherKey = "3_OtherApiKey-123456789_abcdefghijklmnopqrstuvwxyzABCDEFGH"
)

var testTime = time.Date(2026, 3, 2, 10, 15, 30, 123_000_000, time.UTC)

// house is a store with two sites and the methods over it. Ids are drawn from numbers that count up.
type house struct {
	*apitest.House
	t *testing.T
}

// counting is a source of bytes: sixteen times 1, sixteen times 2, and so on.
type counting struct{ drawn int }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c.drawn/16 + 1)
		c.drawn++
	}
	return len(p), nil
}

// id is the one that is drawn as the nth.
func id(n byte) string { return fmt.Sprintf("%x", bytes.Repeat([]byte{n}, 16)) }

func newHouse(t *testing.T) *house {
	t.Helper()
	in := apitest.New(t, testTime, testKey, otherKey)
	in.Methods = method.NewTable(idx.Methods(idx.Deps{
		Store: in.Store, Config: siteconfig.New(in.Store, in.Sites, in.Sealer, in.Clock), Tokens: in.Tokens, Rand: &counting{},
	})...)
	return &house{in, t}
}

// call makes a call of the partner and returns the members of the answer, or the code and the details of the error.
func (h *house) call(name string, params ...string) string {
	h.t.Helper()
	return h.callAt(testKey, apitest.Server(), name, params...)
}

func (h *house) callAt(apiKey string, by *caller.Caller, name string, params ...string) string {
	h.t.Helper()
	answer, _, err := h.Call(apitest.Call{APIKey: apiKey, By: by, Method: name, Params: params})
	switch {
	case err != nil:
		h.t.Fatalf("%s: %v", name, err)
	case answer.Err != nil:
		return strings.TrimSpace(fmt.Sprintf("%d %s", answer.Err.Code, answer.Err.Details))
	}
	return string(answer.Members)
}

// expect makes calls and compares their answers: a method, its parameters, and the answer.
func (h *house) expect(steps ...[]string) {
	h.t.Helper()
	for i, s := range steps {
		last := len(s) - 1
		if got := h.call(s[0], s[1:last]...); got != s[last] {
			h.t.Errorf("step %d, %s:\n got %s\nwant %s", i, strings.Join(s[:last], " "), got, s[last])
		}
	}
}

// flow is one that a tool reads on another site and writes here, with what that site said of it.
const flow = `{"apiKey":"elsewhere","siteId":12345,"id":"df2","name":"nightly","status":"published","description":"sftp > import",` +
	`"steps":[{"id":"read","type":"datasource.read.sftp","params":{"host":"sftp.example.com","username":"ann","password":"pass-phrase-1","port":22},"next":["import"]},` +
	`{"id":"import","type":"datasource.write.gigya.generic","params":{"apiMethod":"accounts.importLiteAccount","apiKey":"4_other","userKey":"AKey","secret":"shared-secret-2",` +
	`"apiParams":[{"paramName":"email","sourceField":"email","value":""},{"paramName":"secretToken","value":"constant-3"}]},"next":[]}],` +
	`"custom":{"a":1.50},"version":4,"createTime":"2023-05-12T08:50:59.434Z","updateTime":"2023-05-12T10:05:24.786Z","updatedByName":"N","updatedByEmail":"n@example.com"}`

// shownFlow is how it is answered: %s is its id, %d its version, %s the time of its update.
const shownFlow = `{"apiKey":"` + testKey + `","siteId":1,"id":"%s","name":"nightly","status":"published","description":"sftp > import",` +
	`"steps":[{"id":"read","type":"datasource.read.sftp","params":{"host":"sftp.example.com","username":"ann","password":"********","port":22},"next":["import"]},` +
	`{"id":"import","type":"datasource.write.gigya.generic","params":{"apiMethod":"accounts.importLiteAccount","apiKey":"4_other","userKey":"AKey","secret":"********",` +
	`"apiParams":[{"paramName":"email","sourceField":"email","value":""},{"paramName":"secretToken","value":"********"}]},"next":[]}],` +
	`"custom":{"a":1.50},"version":%d,"createTime":"2026-03-02T10:15:30.123Z","updateTime":"%s"}`

// plain are the secrets of flow.
var plain = []string{"pass-phrase-1", "shared-secret-2", "constant-3"}

func TestADataflowIsStoredAsItIsAndItsSecretsAreMasked(t *testing.T) {
	h := newHouse(t)
	first := fmt.Sprintf(shownFlow, id(1), 1, "2026-03-02T10:15:30.123Z")
	h.expect(
		[]string{"idx.search", "query", "SELECT * FROM dataflow", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.createDataflow", "data", flow, `{"id":"` + id(1) + `"}`},
		[]string{"idx.getDataflow", "id", id(1), `{"dataflow":` + first + `}`},
		[]string{"idx.search", "query", "SELECT * FROM dataflow", `{"result":[` + first + `],"resultCount":1,"totalCount":1}`},
		[]string{"idx.search", "query", "SELECT * FROM dataflow_draft", `{"resultCount":0,"totalCount":0}`},
		// A condition sees no more than an answer.
		[]string{"idx.search", "query", "SELECT id FROM dataflow WHERE steps.params.password = 'pass-phrase-1'", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.getDataflow", "id", id(9), "404000 There is no dataflow " + id(9)},
	)
	if got := h.callAt(otherKey, apitest.Server(), "idx.getDataflow", "id", id(1)); !strings.HasPrefix(got, "404000") {
		t.Errorf("another site reads it: %s", got)
	}
	records, err := h.Store.ConfigObjects(t.Context(), testKey, "dataflow")
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	for _, secret := range plain {
		if strings.Contains(string(records[0].Document), secret) || strings.Contains(string(records[0].Secrets), secret) {
			t.Errorf("%s lies open: %s", secret, records[0].Document)
		}
	}
}

func TestASecretThatIsSentBackMaskedStays(t *testing.T) {
	h := newHouse(t)
	h.call("idx.createDataflow", "data", flow)
	read := apitest.Field(h.call("idx.getDataflow", "id", id(1)), "dataflow")
	changed := strings.Replace(read, `"port":22`, `"port":23`, 1)
	h.Clock.Advance(time.Minute)
	h.expect(
		[]string{"idx.setDataflow", "data", read, "403200 dataflow has not changed"},
		[]string{"idx.setDataflow", "data", changed, `{"version":2}`},
		[]string{"idx.setDataflow", "data", changed, "403200 dataflow has not changed"},
		[]string{"idx.getDataflow", "id", id(1), `{"dataflow":` + strings.Replace(fmt.Sprintf(shownFlow, id(1), 2, "2026-03-02T10:16:30.123Z"), `"port":22`, `"port":23`, 1) + `}`},
	)
	if got := h.stored(id(1)); !strings.Contains(got, `"password":"pass-phrase-1"`) || !strings.Contains(got, `"value":"constant-3"`) {
		t.Errorf("secrets are gone: %s", got)
	}
	// What is left out is lost: a replacement is whole. A step of a new id has no secret to keep.
	h.expect([]string{"idx.setDataflow", "data", `{"id":"` + id(1) + `","name":"n","steps":[{"id":"new","type":"t","params":{"password":"********"}}]}`, `{"version":3}`})
	if got, want := h.stored(id(1)), `{"name":"n","steps":[{"id":"new","type":"t","params":{"password":"********"}}],"version":3}`; got != want {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
}

// stored returns a dataflow with its secrets.
func (h *house) stored(id string) string {
	h.t.Helper()
	at, err := h.Sites.Site(h.t.Context(), testKey)
	if err != nil {
		h.t.Fatal(err)
	}
	doc, err := siteconfig.New(h.Store, h.Sites, h.Sealer, h.Clock).Own(h.t.Context(), at, idx.Kinds()[0], id)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(doc)
}

func TestASecretStaysWithTheNameThatItIsPassedOnUnder(t *testing.T) {
	h := newHouse(t)
	step := func(params string) string {
		return `{"id":"` + id(1) + `","name":"n","steps":[{"id":"s","type":"t","params":{"urlParams":[` + params + `]}}]`
	}
	const a, b, again = `{"paramName":"tokenA","value":"one"}`, `{"paramName":"tokenB","value":"two"}`, `{"paramName":"tokenB","value":"three"}`
	h.call("idx.createDataflow", "data", step(a+","+b+","+again)+"}")
	records, err := h.Store.ConfigObjects(t.Context(), testKey, "dataflow")
	if err != nil || len(records) != 1 || !strings.Contains(string(records[0].Document), `"urlParams":[{"paramName":"tokenA","value":null},`) {
		t.Errorf("lies open: %d records, %v", len(records), err)
	}
	const maskedB, maskedC = `{"paramName":"tokenB","value":"********"}`, `{"paramName":"tokenC","value":"********"}`
	if got := h.call("idx.setDataflow", "data", step(maskedB+","+maskedC+","+maskedB)+"}"); got != `{"version":2}` {
		t.Fatal(got)
	}
	if got, want := h.stored(id(1)), `[`+b+`,`+maskedC+`,`+again+`]`; !strings.Contains(got, want) {
		t.Errorf("stored %s\nwant   %s", got, want)
	}
}

func TestTheLongestDataflowIsStored(t *testing.T) {
	h := newHouse(t)
	const steps = 500
	list := strings.Repeat(`,"499"`, 180)[1:]
	var b strings.Builder
	for i := range steps {
		fmt.Fprintf(&b, `,{"id":"%03d","type":"t","next":[%s],"error":[%s]}`, i, list[:len(list)/2/6*6-1], list[:len(list)/2/6*6-1])
	}
	if got := h.call("idx.createDataflow", "data", `{"name":"n","steps":[`+b.String()[1:]+`]}`); got != `{"id":"`+id(1)+`"}` {
		t.Fatal(got)
	}
	b.WriteString(`,{"id":"one too many","type":"t"}`)
	if got, want := h.call("idx.createDataflow", "data", `{"name":"n","steps":[`+b.String()[1:]+`]}`), "400006 Invalid argument: data.steps: must be an array of at most 500 elements"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatAnswersMaskTheAuditLogMasks(t *testing.T) {
	for _, name := range idx.SecretNames() {
		for _, form := range []string{name, "x" + name + "Y1"} {
			form = strings.ReplaceAll(form, "*", "Z")
			if strings.HasPrefix(name, "sas") {
				form = strings.TrimPrefix(form, "x")
			}
			data := `{"name":"n","steps":[{"id":"s","type":"t","params":{"list":[{"paramName":"` + form + `","value":"hunter2"}],"deep":{"` + form + `":"hunter2"}}}]}`
			record := audit.Call{Method: "idx.createDataflow", Params: gigya.NewParams(gigya.Param{Name: "data", Value: data})}.Record()
			if strings.Contains(string(record.Record), "hunter2") {
				t.Errorf("%s: %s", form, record.Record)
			}
		}
	}
}

func TestWhichParametersAreSecrets(t *testing.T) {
	h := newHouse(t)
	for step, want := range map[string]string{
		`"type":"file.x","params":{"Password":"a","clientSecret":"b","privateKeyText":"c","accountKey":"d","sasToken":"e","accessToken":"f","passphrase":"g"}`: `{"Password":"********","clientSecret":"********","privateKeyText":"********","accountKey":"********","sasToken":"********","accessToken":"********","passphrase":"********"}`,
		`"type":"datasource.write.mailchimp","params":{"apiKey":"a","list":"b"}`:                                                                               `{"apiKey":"********","list":"b"}`,
		`"type":"datasource.read.gigya.account","params":{"apiKey":"4_a","userKey":"b","where":"c"}`:                                                           `{"apiKey":"4_a","userKey":"b","where":"c"}`,
		`"type":"datasource.read.amazon.s3","params":{"accessKey":"AKIA","secretKey":"b","deep":[{"password":"c"}]}`:                                           `{"accessKey":"AKIA","secretKey":"********","deep":[{"password":"********"}]}`,
		`"type":"x","params":{"password":"","secret":null,"usePassword":true,"token":5,"secrets":{"inner":"a"},"**":{"secret":"kept"}}`:                        `{"password":"","secret":null,"usePassword":true,"token":"********","secrets":"********","**":{"secret":"********"}}`,
	} {
		made := apitest.Field(h.call("idx.createDataflow", "data", `{"name":"n","steps":[{"id":"s",`+step+`}]}`), "id")
		steps := apitest.Field(h.call("idx.getDataflow", "id", made), "dataflow", "steps")
		if !strings.Contains(steps, `"params":`+want+`}`) {
			t.Errorf("%s\nis shown as %s", step, steps)
		}
		if got := h.stored(made); !strings.Contains(got, step) {
			t.Errorf("%s\nis stored as %s", step, got)
		}
	}
}

func TestDraftsAreBeside(t *testing.T) {
	h := newHouse(t)
	draft := `{"name":"nightly","status":"draft","steps":[]}`
	shown := fmt.Sprintf(`{"apiKey":"%s","siteId":1,"id":"%s","name":"nightly","status":"draft","steps":[],"version":1,"createTime":"2026-03-02T10:15:30.123Z","updateTime":"2026-03-02T10:15:30.123Z"}`, testKey, id(2))
	h.expect(
		[]string{"idx.createDataflow", "data", flow, `{"id":"` + id(1) + `"}`},
		[]string{"idx.createDataflowDraft", "data", draft, `{"id":"` + id(2) + `"}`},
		[]string{"idx.search", "query", "SELECT * FROM dataflow_draft", `{"result":[` + shown + `],"resultCount":1,"totalCount":1}`},
		[]string{"idx.getDataflow", "id", id(2), `{"dataflow":` + shown + `}`},
		// Each set method knows its own kind.
		[]string{"idx.setDataflow", "data", `{"id":"` + id(2) + `","name":"x","steps":[]}`, "404000 There is no dataflow " + id(2)},
		[]string{"idx.setDataflowDraft", "data", `{"id":"` + id(1) + `","name":"x","steps":[]}`, "404000 There is no dataflow " + id(1)},
		[]string{"idx.setDataflowDraft", "data", shown, "403200 dataflow has not changed"},
		[]string{"idx.setDataflowDraft", "data", strings.Replace(shown, `"steps":[]`, `"steps":[],"description":"d"`, 1), `{"version":2}`},
		[]string{"idx.createDataflowDraft", "data", `{"name":"other","steps":[]}`, `{"id":"` + id(3) + `"}`},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"` + id(1) + `","frequencyType":"once"}`, `{"id":"` + id(4) + `"}`},
		// With a dataflow go its drafts and schedulings, and nothing else.
		[]string{"idx.deleteDataflow", "id", id(1), `{}`},
		[]string{"idx.search", "query", "SELECT id FROM dataflow", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.search", "query", "SELECT id FROM dataflow_draft", `{"result":[{"id":"` + id(3) + `"}],"resultCount":1,"totalCount":1}`},
		[]string{"idx.search", "query", "SELECT id FROM scheduling", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.deleteDataflow", "id", id(3), `{}`},
		[]string{"idx.deleteDataflow", "id", id(3), "404000 There is no dataflow " + id(3)},
	)
}

func TestWhatIsNoDataflow(t *testing.T) {
	h := newHouse(t)
	for data, want := range map[string]string{
		``:                                  "400002 Missing required parameter : data",
		`[]`:                                "400004 Invalid argument: data: want a JSON object: offset 0: an object was expected",
		`{}`:                                "400006 Invalid argument: data.name: is missing",
		`{"name":5}`:                        "400006 Invalid argument: data.steps: is missing",
		`{"name":5,"steps":[]}`:             "400006 Invalid argument: data.name: must be a string of 1 to 256 bytes",
		`{"name":"n","steps":{}}`:           "400006 Invalid argument: data.steps: must be an array of at most 500 elements",
		`{"name":"n","steps":[{"id":"a"}]}`: "400006 Invalid argument: data.steps[0].type: is missing",
		`{"name":"n","steps":[{"id":"a","type":"t","params":[]}]}`:                                     "400006 Invalid argument: data.steps[0].params: must be an object of at most 524288 bytes",
		`{"name":"n","steps":[{"id":"a","type":"t"},{"id":"a","type":"t"}]}`:                           "400006 Invalid argument: data.steps[1].id: is there twice",
		`{"name":"n","steps":[{"id":"a","type":"t","next":["b"]}]}`:                                    "400006 Invalid argument: data.steps[0].next[0]: is the id of no step",
		`{"name":"n","steps":[{"id":"a","type":"t","next":["a"],"error":["a","c"]}]}`:                  "400006 Invalid argument: data.steps[0].error[1]: is the id of no step",
		`{"name":"n","steps":[{"id":"a","type":"t","next":"a"}]}`:                                      "400006 Invalid argument: data.steps[0].next: must be an array of at most 200 elements",
		`{"name":"n","steps":[{"id":"a","type":"never.heard.of.it","params":{"x":{}}}],"unknown":[1]}`: `{"id":"` + id(1) + `"}`,
	} {
		if got := h.call("idx.createDataflow", "data", data); got != want {
			t.Errorf("%s\n got %s\nwant %s", data, got, want)
		}
	}
	h.expect(
		[]string{"idx.setDataflow", "data", `{"name":"n","steps":[]}`, "400006 Invalid argument: data.id: is missing"},
		[]string{"idx.setDataflow", "data", `{"id":5,"name":"n","steps":[]}`, "400006 Invalid argument: data.id: is missing"},
		[]string{"idx.setDataflow", "data", `{"id":"x","name":"n"}`, "400006 Invalid argument: data.steps: is missing"},
	)
}

func TestSchedulings(t *testing.T) {
	h := newHouse(t)
	h.call("idx.createDataflow", "data", flow)
	// Every member, null for most, and a text where the id will be: scripts send it so.
	full := `{"name":"run","dataflowId":"` + id(1) + `","frequencyType":"hour","frequencyInterval":"2","daysOfWeek":null,"nextJobStartTime":"2021-12-01T10:03:14.607Z",` +
		`"currentJobStartTime":null,"successEmails":null,"limit":null,"fullExtract":true,"enabled":true,"id":"Will be generated upon creation","logLevel":"info"}`
	shown := `{"id":"` + id(2) + `","name":"run","dataflowId":"` + id(1) + `","frequencyType":"hour","frequencyInterval":"2","daysOfWeek":null,"nextJobStartTime":"2021-12-01T10:03:14.607Z",` +
		`"successEmails":null,"limit":null,"fullExtract":true,"enabled":true,"logLevel":"info"}`
	once := `{"name":"once","dataflowId":"` + id(1) + `","frequencyType":"once","fullExtract":true}`
	shownOnce := `{"id":"` + id(3) + `","name":"once","dataflowId":"` + id(1) + `","frequencyType":"once","fullExtract":true,"enabled":true,"nextJobStartTime":"2026-03-02T10:15:30.123Z"}`
	stopped := `{"id":"` + id(3) + `","name":"once","dataflowId":"` + id(1) + `","frequencyType":"once","enabled":false,"nextJobStartTime":"2026-03-02 10:00:00"}`
	h.expect(
		[]string{"idx.createScheduling", "data", full, `{"id":"` + id(2) + `"}`},
		[]string{"idx.getScheduling", "id", id(2), `{"scheduling":` + shown + `}`},
		[]string{"idx.createScheduling", "data", once, `{"id":"` + id(3) + `"}`},
		[]string{"idx.search", "query", "SELECT * FROM scheduling WHERE dataflowId='" + id(1) + "' AND enabled = true ORDER BY nextJobStartTime DESC LIMIT 5",
			`{"result":[` + shownOnce + `,` + strings.NewReplacer(`"daysOfWeek":null,`, "", `"successEmails":null,"limit":null,`, "").Replace(shown) + `],"resultCount":2,"totalCount":2}`},
		[]string{"idx.setScheduling", "data", stopped, `{}`},
		[]string{"idx.getScheduling", "id", id(3), `{"scheduling":` + stopped + `}`},
		[]string{"idx.deleteScheduling", "id", id(3), `{}`},
		[]string{"idx.deleteScheduling", "id", id(3), "404000 There is no scheduling " + id(3)},
		[]string{"idx.getScheduling", "id", id(3), "404000 There is no scheduling " + id(3)},
		[]string{"idx.setScheduling", "data", stopped, "404000 There is no scheduling " + id(3)},
		[]string{"idx.setScheduling", "data", strings.Replace(shown, id(1), "gone", 1), "404000 There is no dataflow gone"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"gone","frequencyType":"once"}`, "404000 There is no dataflow gone"},
		[]string{"idx.createScheduling", "data", `{"dataflowId":"d","frequencyType":"once"}`, "400006 Invalid argument: data.name: is missing"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"d","frequencyType":"yearly"}`,
			"400006 Invalid argument: data.frequencyType: must be one of once, minute, hour, day, week, month"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"d","frequencyType":"hour","frequencyInterval":"soon"}`,
			"400006 Invalid argument: data.frequencyInterval: must be a whole number from 1"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"d","frequencyType":"hour","frequencyInterval":0}`,
			"400006 Invalid argument: data.frequencyInterval: must be a whole number from 1"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"d","frequencyType":"once","nextJobStartTime":"tomorrow"}`,
			"400006 Invalid argument: data.nextJobStartTime: must be a time such as 2024-01-31 23:59:59"},
		[]string{"idx.createScheduling", "data", `{"name":"s","dataflowId":"d","frequencyType":"once","logLevel":"all"}`,
			"400006 Invalid argument: data.logLevel: must be one of info, error, debug"},
	)
}

func TestSearches(t *testing.T) {
	h := newHouse(t)
	for n := range 5 {
		h.Clock.Advance(time.Hour)
		h.call("idx.createDataflow", "data", fmt.Sprintf(`{"name":"flow %d","steps":[{"id":"s","type":"t"}]}`, n))
	}
	h.expect(
		[]string{"idx.search", "query", "select name, version from DataFlow where name = 'flow 3'", `{"result":[{"name":"flow 3","version":1}],"resultCount":1,"totalCount":1}`},
		[]string{"idx.search", "query", "SELECT name FROM dataflow WHERE createTime > '2026-03-02T13:30:00Z' ORDER BY name DESC LIMIT 1", `{"result":[{"name":"flow 4"}],"resultCount":1,"totalCount":2}`},
		[]string{"idx.search", "query", "SELECT count(*) FROM dataflow", `{"result":[{"count(*)":5}],"resultCount":1,"totalCount":5}`},
		[]string{"idx.search", "query", "SELECT * FROM idx_job_status WHERE dataflowId='x' ORDER BY updateTime DESC LIMIT 5", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.search", "query", "SELECT * FROM script", `{"resultCount":0,"totalCount":0}`},
		[]string{"idx.search", "query", "SELECT * FROM accounts", `400006 Invalid argument: query: position 15: the source "accounts" is not served; use dataflow, dataflow_draft, scheduling or idx_job_status`},
		[]string{"idx.search", "query", "SELECT FROM dataflow", "400006 Invalid argument: query: position 8: a field was expected; a field named like this keyword must be quoted: `FROM`"},
		[]string{"idx.search", "400002 Missing required parameter : query"},
	)
	h.pages("SELECT name FROM dataflow ORDER BY name LIMIT 2")
	h.pages("SELECT name FROM dataflow LIMIT 2")
}

// pages reads the five dataflows page by page.
func (h *house) pages(query string) {
	h.t.Helper()
	var names []string
	page := h.call("idx.search", "query", query, "openCursor", "true")
	for range 5 {
		for _, part := range strings.Split(apitest.Field(page, "result"), `"name":"`)[1:] {
			names = append(names, part[:6])
		}
		next := apitest.Field(page, "nextCursorId")
		if next == "" {
			break
		}
		page = h.call("idx.search", "cursorId", next)
	}
	if got := strings.Join(names, ","); got != "flow 0,flow 1,flow 2,flow 3,flow 4" {
		h.t.Errorf("pages of %s give %s", query, got)
	}
}

func TestWhoSetADataflowIsShown(t *testing.T) {
	h := newHouse(t)
	byKey := &caller.Caller{Class: caller.Server, Via: "userKey", Key: &site.Key{UserKey: "AKey", Name: "Deployment"}, Rights: acl.All}
	if got := h.callAt(testKey, byKey, "idx.createDataflow", "data", `{"name":"n","steps":[]}`); got != `{"id":"`+id(1)+`"}` {
		t.Fatal(got)
	}
	if got := apitest.Field(h.call("idx.getDataflow", "id", id(1)), "dataflow", "updatedByName"); got != "Deployment" {
		t.Errorf("updatedByName is %q", got)
	}
}

func TestOnlyServersMayCall(t *testing.T) {
	h := newHouse(t)
	for _, m := range h.Methods.Methods() {
		for _, class := range []caller.Class{caller.Public, caller.RegToken, caller.Session} {
			if m.Spec.Callers.Has(class) {
				t.Errorf("%s may be called by class %d", m.Spec.Name, class)
			}
		}
	}
}

func TestNothingOfADataflowThatIsRefusedIsStored(t *testing.T) {
	h := newHouse(t)
	h.call("idx.createDataflow", "data", `{"name":"n","steps":[{"id":"a","type":"t","next":["b"]}]}`)
	h.call("idx.createScheduling", "data", `{"name":"s","dataflowId":"gone","frequencyType":"once"}`)
	var records []*store.ConfigObject
	records, err := h.Store.ConfigObjects(t.Context(), testKey, "")
	if err != nil || len(records) > 0 {
		t.Errorf("%d objects, %v", len(records), err)
	}
}

func FuzzMasksComeBackAsWhatTheyHide(f *testing.F) {
	f.Add(flow)
	f.Add(`{"name":"n","steps":[{"id":"a","type":"t","params":{"l":[{"paramName":"secret","value":"1"},{"value":2},{"paramName":"secret","value":"3"},{"paramName":4,"token":5},{"paramName":null,"token":6}]}}]}`)
	f.Add(`{"name":"n","steps":[{"id":"a","type":"t","params":{"secret":[1,{"token":null}],"x":[[{"Password":"p"}]],"paramName":"password","value":"v"}}]}`)
	f.Fuzz(func(t *testing.T, data string) { idx.CheckMasks(t, data) })
}
