package acl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/internal/document"
)

// The kinds of configuration objects of a partner that rights are made of.
const (
	// KindList are the lists that were set ([Stored]), by their ids.
	KindList = "acl"
	// KindGroup are the permission groups ([Group]), by theirs.
	KindGroup = "permissionGroup"
)

// Owner is the word of a scope for the partner that the group belongs to.
const Owner = "_owner"

// Stored is a list as it is stored: its text byte for byte, and what an administrator says of it.
type Stored struct {
	ACL         json.RawMessage `json:"acl"`
	Description string          `json:"description"`
}

// ReadStored reads the record of a list.
func ReadStored(record json.RawMessage) (Stored, error) {
	var s Stored
	if err := json.Unmarshal(record, &s); err != nil {
		return Stored{}, fmt.Errorf("reading a stored list: %w", err)
	}
	return s, nil
}

// Group is a permission group as it is stored: who, with which rights, where.
type Group struct {
	// ACLID names the list: one of the partner's, or a privilege.
	ACLID string `json:"aclID"`
	Scope Scope  `json:"scope"`
	// Users are user keys.
	Users       []string `json:"users"`
	Description string   `json:"description"`
}

// BuiltInGroups returns the groups that every partner has, with nobody in them: what is stored of them replaces Users
// alone.
func BuiltInGroups() map[string]Group {
	everywhere := Scope{AllowPartners: []string{Owner}, AllowSites: []string{}}
	return map[string]Group{
		Admins:        {ACLID: Admins, Scope: everywhere, Users: []string{}, Description: "Administrators"},
		NoPermissions: {ACLID: NoPermissions, Scope: everywhere, Users: []string{}, Description: "Without rights"},
	}
}

// ReadGroup reads what is stored under the name of a group. What a built-in group has besides its members is built in.
func ReadGroup(name string, stored json.RawMessage) (Group, error) {
	var g Group
	if err := json.Unmarshal(stored, &g); err != nil {
		return Group{}, wrong([]string{name}, "want a group: %v", err)
	}
	if fixed, ok := BuiltInGroups()[name]; ok {
		fixed.Users = g.Users
		return fixed, nil
	}
	return g, nil
}

// Scope is where the rights of a group hold. The zero value holds nowhere.
type Scope struct {
	// AllowPartners with [Owner], or the partner's id, lets the rights hold for the partner itself: for calls that are about no
	// site, and for all its sites, unless AllowSites names some.
	AllowPartners []string `json:"allowPartners"`
	// AllowSites are API keys. That of a group's parent stands for all its members.
	AllowSites []string `json:"allowSites"`
}

// Bounds of a scope.
const maxScope = 10_000

// ParseScope reads a scope. Both members may be missing; others are an error. Whether the sites are there is for the
// caller to check. The error is an [*Error].
func ParseScope(text []byte) (Scope, error) {
	s := Scope{AllowPartners: []string{}, AllowSites: []string{}}
	if err := document.Check(text, document.MaxDepth); err != nil {
		return s, wrong(nil, "want a JSON object: %v", err)
	}
	err := members(nil, text, func(path []string, name string, raw []byte) (err error) {
		var list *[]string
		switch name {
		case "allowPartners":
			list = &s.AllowPartners
		case "allowSites":
			list = &s.AllowSites
		default:
			return wrong(path, "want allowPartners or allowSites")
		}
		if *list, err = texts(path, raw); err == nil && len(*list) > maxScope {
			err = wrong(path, "at most %d of them", maxScope)
		}
		return err
	})
	return s, err
}

// Partner tells whether the scope holds for calls that are about the partner, which has the id, and no site.
func (s Scope) Partner(id int64) bool {
	return slices.Contains(s.AllowPartners, Owner) || slices.Contains(s.AllowPartners, strconv.FormatInt(id, 10))
}

// Site tells whether the scope holds for the site of the partner: group is the API key of the parent of its group, its own
// if it is in none.
func (s Scope) Site(id int64, apiKey, group string) bool {
	if len(s.AllowSites) == 0 {
		return s.Partner(id)
	}
	return slices.Contains(s.AllowSites, apiKey) || slices.Contains(s.AllowSites, group)
}

// maxID bounds the ids of lists and groups, in bytes.
const maxID = 256

// CheckID tells whether the text may be the id of a list or a group that somebody makes: not empty, no control characters,
// no underscore at the beginning (those are built in). The error is an [*Error] without a path.
func CheckID(text string) error {
	switch {
	case text == "" || len(text) > maxID:
		return wrong(nil, "want 1 to %d bytes", maxID)
	case text[0] == '_':
		return wrong(nil, "names with an underscore at the beginning are built in")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return wrong(nil, "want no control characters")
	}
	return nil
}
