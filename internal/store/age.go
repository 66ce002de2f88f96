package store

import (
	"strconv"
	"time"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/query"
)

// oldest bounds an age: a birth year that makes somebody older is a mistake.
const oldest = 150

// Age computes the full years at now from birthYear, birthMonth and birthDay of the profile. Without a month it is the
// difference of the years. ok is false if the profile has no year of a person alive.
func Age(profile []byte, now time.Time) (age int, ok bool) {
	part := func(name string) int {
		_, raw, _ := document.MemberFold(profile, name)
		n, err := strconv.Atoi(string(raw))
		if err != nil {
			return 0
		}
		return n
	}
	year := part("birthYear")
	age = now.Year() - year
	if year <= 0 || age < 0 || age > oldest {
		return 0, false
	}
	month, day := time.Month(part("birthMonth")), part("birthDay")
	if month >= time.January && month <= time.December &&
		(now.Month() < month || now.Month() == month && day >= 1 && day <= 31 && now.Day() < day) {
		age--
	}
	return max(age, 0), true
}

// ageValue is what profile.age is to a search: the computed age, or else the stored one.
func ageValue(profile []byte, now time.Time) query.Value {
	if age, ok := Age(profile, now); ok {
		return query.Value{Kind: query.Number, Num: strconv.Itoa(age)}
	}
	return query.SortValue(profile, query.Path{"age"})
}
