package accounts

import (
	"context"
	"encoding/json"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/siteconfig"
)

// getTopicSettings serves accounts.communication.getTopicSettings: the pairs of topic and channel, by their ids. It is the older
// form of accounts.communications.settings.search over the same objects.
//
// Servers may call. dependsOn are the fields that the pair's channel needs; a pair is active unless it was switched off.
//
// Source: SAP's toolkit up to 1.7.0, with its recorded answers.
func getTopicSettings(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.communication.getTopicSettings",
		Summary: "Returns topics of communication, in an older form.",
		Callers: caller.Server,
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[method.None]) (json.RawMessage, error) {
		pairs, err := d.Config.List(ctx, c.Site, topicKind)
		if err != nil {
			return nil, err
		}
		owner, err := d.parentOf(ctx, c.Site)
		if err != nil {
			return nil, err
		}
		channels, err := d.Config.List(ctx, owner, channelKind)
		if err != nil {
			return nil, err
		}
		needs := map[string]document.Value{}
		for _, e := range channels {
			if needs[e.Name], err = fieldsNeeded(e.Document); err != nil {
				return nil, err
			}
		}
		return topicSettings(pairs, needs)
	})
}

// topicSettings is the answer: the pairs with what their channels need.
func topicSettings(pairs []siteconfig.Entry, needs map[string]document.Value) (json.RawMessage, error) {
	settings := &document.Object{}
	for _, e := range pairs {
		pair, err := document.ParseObject(e.Document)
		if err != nil {
			return nil, err
		}
		shown := &document.Object{}
		shown.Set("isActive", document.Boolean(true))
		for _, name := range []string{"isActive", "description", "lastModified", "channel", "topic"} {
			if v, ok := pair.Get(name); ok {
				shown.Set(name, v)
			}
		}
		channel, _ := pair.Get("channel")
		if fields, ok := needs[channel.Str()]; ok {
			shown.Set("dependsOn", fields)
		} else {
			shown.Set("dependsOn", document.ArrayOf())
		}
		if v, ok := pair.Get("schema"); ok {
			shown.Set("schema", v)
		}
		settings.Set(e.Name, document.FromObject(shown))
	}
	return member("CommunicationSettings", settings).JSON(), nil
}

// fieldsNeeded are the names of the fields that the channel depends on.
func fieldsNeeded(channel json.RawMessage) (document.Value, error) {
	doc, err := document.ParseObject(channel)
	if err != nil {
		return document.Value{}, err
	}
	list, _ := doc.Get("dependsOn")
	var fields []document.Value
	for _, need := range list.Items() {
		if id, ok := need.Object().Get("fieldID"); ok {
			fields = append(fields, id)
		}
	}
	return document.ArrayOf(fields...), nil
}
