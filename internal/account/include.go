package account

import "strings"

// Include says which objects of an account an answer shows beside the fields that always come.
type Include uint32

// The words of the parameter include.
const (
	IncludeProfile Include = 1 << iota
	IncludeData
	IncludeEmails
	IncludeLoginIDs
	IncludeSubscriptions
	IncludePreferences
	IncludeIdentitiesActive
	IncludeIdentitiesAll
	IncludeGroups
	IncludePassword
	IncludeLockedOut
	IncludeLocation
	IncludeRegSource
	IncludeIRank
	IncludeRBA
	IncludeUserInfo
	IncludeInternal
	IncludeCustomIdentifiers
	IncludeIDToken
	IncludeMissing
	IncludePhoneNumber
)

// IncludeAccount is the default of methods for which the reference names no other.
const IncludeAccount = IncludeProfile | IncludeData

// ParseInclude reads the words without regard to letter case; unknown ones are ignored, as the original does.
func ParseInclude(words []string) Include {
	var all Include
	for _, word := range words {
		all |= includeWord(strings.ToLower(word))
	}
	return all
}

func includeWord(word string) Include {
	switch word {
	case "profile":
		return IncludeProfile
	case "data":
		return IncludeData
	case "emails":
		return IncludeEmails
	case "loginids":
		return IncludeLoginIDs
	case "subscriptions":
		return IncludeSubscriptions
	case "preferences":
		return IncludePreferences
	case "identities-active":
		return IncludeIdentitiesActive
	case "identities-all", "identities-global":
		return IncludeIdentitiesAll
	case "groups":
		return IncludeGroups
	case "password":
		return IncludePassword
	case "islockedout":
		return IncludeLockedOut
	case "lastloginlocation":
		return IncludeLocation
	case "regsource":
		return IncludeRegSource
	case "irank":
		return IncludeIRank
	case "rba":
		return IncludeRBA
	case "userinfo":
		return IncludeUserInfo
	case "internal":
		return IncludeInternal
	case "customidentifiers":
		return IncludeCustomIdentifiers
	case "id_token":
		return IncludeIDToken
	case "missing-required-fields":
		return IncludeMissing
	case "phonenumber":
		return IncludePhoneNumber
	}
	return 0
}

// Has tells whether some of the words are in the set.
func (i Include) Has(words Include) bool { return i&words != 0 }

// Extra are the fields asked for by extraProfileFields, beyond the short form of the profile.
type Extra []string

// ParseExtra reads the list. Documents say specialties where the schema says specialities: both are understood.
func ParseExtra(words []string) Extra {
	extra := make(Extra, 0, len(words))
	for _, word := range words {
		extra = append(extra, fieldName(word))
	}
	return extra
}

func fieldName(word string) string {
	if strings.EqualFold(word, "specialties") {
		return "specialities"
	}
	return word
}

func (e Extra) has(name string) bool {
	for _, x := range e {
		if strings.EqualFold(x, name) {
			return true
		}
	}
	return false
}

// shortProfile tells whether the field is part of a profile's short form.
func shortProfile(name string) bool {
	switch name {
	case "firstName", "lastName", "nickname", "email", "photoURL", "thumbnailURL", "birthDay", "birthMonth", "birthYear",
		"age", "gender", "country", "state", "city", "zip", "profileURL":
		return true
	}
	return false
}

// longField tells whether a member of an identity is a profile field outside of the short form. All other members of an
// identity (provider, stamps …) are always shown.
func longField(name string) bool {
	switch name {
	case "languages", "address", "phones", "education", "educationLevel", "honors", "publications", "patents",
		"certifications", "professionalHeadline", "bio", "industry", "specialities", "work", "skills", "religion",
		"politicalView", "interestedIn", "relationshipStatus", "hometown", "favorites", "followersCount",
		"followingCount", "username", "name", "locale", "verified", "timezone", "likes", "samlData", "oidcData",
		"activities", "interests":
		return true
	}
	return false
}
