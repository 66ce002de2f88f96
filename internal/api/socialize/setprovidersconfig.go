package socialize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
	"github.com/doorward/doorward/internal/store"
)

// SetProvidersConfigParams are the parameters of socialize.setProvidersConfig. The text undefined is as none: SAP's toolkit sends it
// for what the site that it copies from has not.
type SetProvidersConfigParams struct {
	// Providers is a JSON object of providers by their names.
	Providers    string `param:"providers,len=1048576"`
	Settings     string `param:"settings,len=16384"`
	Capabilities string `param:"capabilities,len=16384"`
}

// setProvidersConfig serves socialize.setProvidersConfig: sets the credentials and options of social providers.
//
// Servers may call. Providers that are not sent stay, and so do members of app and settings that are not: what was read without
// secrets can be sent back. null takes a member away. A provider that is sent as it is already is not stored, so that a member of a
// site group goes on inheriting it. Either all of it is stored or none: text that is no JSON object is 400004, an unknown provider
// without an authorizeEndpoint, one that is there in two spellings, more than 200 and a wrong member 400006.
//
// Sources: SAP's toolkit, which sends what it read.
//
// Differs: a provider that the original does not know can be set up by its endpoints.
func setProvidersConfig(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.setProvidersConfig",
		Summary: "Sets the credentials and options of the social providers.",
		Callers: caller.Server,
		Write:   true,
		Partial: "stored; social logins come later",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[SetProvidersConfigParams]) (method.None, error) {
		p := &c.Params
		providers, err := readProviders(p.Providers)
		if err != nil {
			return method.None{}, err
		}
		may, err := d.maySet(ctx, c.Invocation, false)
		if err != nil {
			return method.None{}, err
		}
		return method.None{}, d.Store.Change(ctx, func(tx store.Tx) error {
			batch := d.Config.Batch(tx, c.Site, providerKind)
			for name, v := range providers.All() {
				if err := d.setProvider(tx, c.Invocation, batch, may, name, v); err != nil {
					return err
				}
			}
			if err := d.setSwitches(tx, c.Invocation, p); err != nil {
				return err
			}
			return c.Succeed(tx)
		})
	})
}

// readProviders reads the parameter: providers by the names that they are stored under. Two spellings of one name are refused, for one of
// them would be lost.
func readProviders(text string) (*document.Object, error) {
	providers := &document.Object{}
	if !sent(text) {
		return providers, nil
	}
	said, err := document.ParseObject([]byte(text))
	if err != nil {
		return nil, gigya.InvalidFormat("providers", "want a JSON object: "+err.Error())
	}
	if said.Len() > maxProviders {
		return nil, gigya.InvalidArgumentBecause("providers", fmt.Sprintf("at most %d", maxProviders))
	}
	for as, v := range said.All() {
		name, err := providerName(as)
		if err != nil {
			return nil, err
		}
		if _, twice := providers.Get(name); twice {
			return nil, gigya.InvalidArgumentBecause("providers."+as, "is there twice")
		}
		providers.Set(name, v)
	}
	return providers, nil
}

// sent tells whether the parameter has a value.
func sent(text string) bool { return text != "" && text != "undefined" }

// setProvider stores one provider. may: the caller may see the secrets that the site inherits.
func (d Deps) setProvider(tx store.Tx, c *method.Invocation, batch *siteconfig.Batch, may bool, name string, v document.Value) error {
	path := "providers." + name
	if v.Kind() != document.KindObject {
		return gigya.InvalidArgumentBecause(path, "must be an object")
	}
	patch := v.Object().Clone()
	for _, group := range []string{"app", "settings"} {
		if g, _ := patch.Get(group); !g.IsNull() && g.Kind() != document.KindObject {
			return gigya.InvalidArgumentBecause(path+"."+group, "must be an object")
		}
	}
	normalSecret(name, patch)
	effective, err := d.Config.GetIn(tx, c.Site, providerKind, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	unchanged, err := mergeProvider(effective, patch)
	if err != nil {
		return err
	}
	if string(unchanged) == string(effective) {
		return nil
	}
	base, err := d.providerBase(tx, c, may, name, patch, effective)
	if err != nil {
		return err
	}
	doc, err := mergeProvider(base, patch)
	if err != nil {
		return err
	}
	if err := checkProvider(path, name, doc); err != nil {
		return err
	}
	return batch.Put(name, doc)
}

// providerBase returns what a change is laid over: what the site has stored, else what every site begins with. A change that leaves
// the application alone is one of what is in force: the site then keeps what it inherited, which takes the right to its secrets (403007).
func (d Deps) providerBase(
	tx store.Tx, c *method.Invocation, may bool, name string, patch *document.Object, effective json.RawMessage,
) (json.RawMessage, error) {
	own, err := d.Config.OwnIn(tx, c.Site, providerKind, name)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return own, err
	}
	if app, _ := patch.Get("app"); app.Object().Len() > 0 {
		return defaultProviders(nil)[name], nil
	}
	if !may && string(providerKind.WithoutSecrets(effective)) != string(effective) {
		return nil, caller.Denied(c.Method.Spec.Name)
	}
	return effective, nil
}

// mergeProvider lays the changes over a provider: app and settings member by member, other members whole; null takes one away. What
// holds secrets and is sent as it is shown without them keeps them.
func mergeProvider(base json.RawMessage, patch *document.Object) (json.RawMessage, error) {
	provider := &document.Object{}
	if len(base) > 0 {
		var err error
		if provider, err = document.ParseObject(base); err != nil {
			return nil, err
		}
	}
	if _, ok := provider.Get("app"); !ok {
		provider.Set("app", document.FromObject(&document.Object{}))
	}
	shown := &document.Object{}
	if len(base) > 0 {
		var err error
		if shown, err = document.ParseObject(providerKind.WithoutSecrets(base)); err != nil {
			return nil, err
		}
	}
	for name, v := range patch.All() {
		old, _ := provider.Get(name)
		before, _ := shown.Get(name)
		grouped := name == "app" || name == "settings"
		switch {
		case grouped && v.Kind() == document.KindObject && old.Kind() == document.KindObject:
			for member, value := range v.Object().All() {
				if inner, _ := before.Object().Get(member); !nested(value) || !inner.Equal(value) {
					setOrDelete(old.Object(), member, value)
				}
			}
		case name == "app" && v.IsNull():
			provider.Set("app", document.FromObject(&document.Object{}))
		case !nested(v) || !before.Equal(v):
			setOrDelete(provider, name, v)
		}
	}
	return provider.JSON(), nil
}

// nested tells whether the value may hold others.
func nested(v document.Value) bool {
	return v.Kind() == document.KindObject || v.Kind() == document.KindArray
}

func setOrDelete(o *document.Object, name string, v document.Value) {
	if v.IsNull() {
		o.Delete(name)
		return
	}
	o.Set(name, v.Clone())
}

// normalSecret takes the secret of the provider whose wire name for it is misspelt under the right spelling, too.
func normalSecret(name string, patch *document.Object) {
	app, _ := patch.Get("app")
	secret, ok := app.Object().Get("secretKey")
	if _, both := app.Object().Get("secertKey"); name != "facebook" || !ok || both {
		return
	}
	app.Object().Delete("secretKey")
	app.Object().Set("secertKey", secret)
}

// checkProvider refuses a provider that is not as its kind says, with the path of the parameter.
func checkProvider(path, name string, doc json.RawMessage) error {
	if err := providerKind.Shape.CheckText(path, doc); err != nil {
		return err
	}
	return checkKnown(path, name, doc)
}

// checkKnown refuses a provider that nobody knows how to reach.
func checkKnown(path, name string, doc json.RawMessage) error {
	if _, known := defaultProviders(nil)[name]; known {
		return nil
	}
	if text, _ := document.Member(doc, authorizeEndpoint); len(text) == 0 {
		return gigya.InvalidArgumentBecause(path, "is no known provider; one of your own needs an "+authorizeEndpoint)
	}
	return nil
}

func (d Deps) setSwitches(tx store.Tx, c *method.Invocation, p *SetProvidersConfigParams) error {
	doc, err := d.Config.GetIn(tx, c.Site, switchesKind, "")
	if err != nil {
		return err
	}
	switches, err := document.ParseObject(doc)
	if err != nil {
		return err
	}
	if sent(p.Settings) {
		switches.Set("settings", document.String(p.Settings))
	}
	if sent(p.Capabilities) {
		switches.Set("capabilities", document.String(p.Capabilities))
	}
	if changed := switches.JSON(); string(changed) != string(doc) {
		return d.Config.Put(tx, c.Site, switchesKind, "", changed)
	}
	return nil
}
