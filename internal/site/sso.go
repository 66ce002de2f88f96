package site

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// GroupMember is the member of a site's configuration with its part in a site group: {enableSSO} of a parent, {SSOSegment} of
// every member.
const GroupMember = "siteGroupConfig"

// sign is how a site takes part in the single sign-on of its group.
type sign struct {
	// on is the parent's enableSSO.
	on bool
	// segment names those of the group that share sessions; empty: those that name none.
	segment string
}

// signOn reads it from the stored configuration of the site and of its parent, nil for a site that has none.
func signOn(own json.RawMessage, parent *store.Site) sign {
	decides := own
	if parent != nil {
		decides = parent.Config
	}
	on, _ := document.MemberAt(decides, GroupMember, "enableSSO")
	segment, _ := document.MemberAt(own, GroupMember, "SSOSegment")
	text, _ := document.Text(segment)
	return sign{on: string(on) == "true", segment: text}
}

// SharesSessions tells whether a session of the group that was opened at the site of the API key is good at s: it is the same site,
// or the group has single sign-on and both are in one segment of it. What is asked is how the sites are configured now: a change
// takes hold of sessions that are open. The session of a site that was deleted stays the group's; that of one that left does not.
func (d *Directory) SharesSessions(ctx context.Context, s *Site, opened string) (bool, error) {
	if opened == s.APIKey {
		return true, nil
	}
	if !s.sign.on {
		return false, nil
	}
	other, err := d.Site(ctx, opened)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return other.Group == s.Group && other.sign.segment == s.sign.segment, nil
}
