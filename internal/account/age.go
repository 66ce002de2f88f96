package account

import (
	"strconv"
	"time"

	"github.com/doorward/doorward/internal/document"
	"github.com/doorward/doorward/internal/store"
)

// birthday is what a profile says of the day of birth; 0: nothing.
type birthday struct{ year, month, day int }

// note takes the member in if it is one of the three.
func (b *birthday) note(name string, value []byte) {
	switch name {
	case "birthYear":
		b.year = number(value)
	case "birthMonth":
		b.month = number(value)
	case "birthDay":
		b.day = number(value)
	}
}

func number(value []byte) int {
	n, err := strconv.Atoi(string(value))
	if err != nil {
		return 0
	}
	return n
}

// age returns the full years at now. Without a month it is the difference of the years. A year that is not one of a
// person alive gives no age.
func (b birthday) age(now time.Time) (int, bool) {
	age := now.Year() - b.year
	if b.year <= 0 || age < 0 || age > 150 {
		return 0, false
	}
	month := time.Month(b.month)
	if month >= time.January && month <= time.December &&
		(now.Month() < month || now.Month() == month && b.day >= 1 && b.day <= 31 && now.Day() < b.day) {
		age--
	}
	return max(age, 0), true
}

// coppaAge is the age below which the policy enforceCoppa keeps people out (the law's).
const coppaAge = 13

// Underage tells whether the account's profile says that the person is too young. A profile without a birth year says
// nothing.
func Underage(a *store.Account, now time.Time) bool {
	var b birthday
	// The stored text was written by package document: it cannot fail to be read.
	_ = document.Members(a.Profile, func(name string, value []byte) bool {
		b.note(name, value)
		return true
	})
	age, ok := b.age(now)
	return ok && age < coppaAge
}
