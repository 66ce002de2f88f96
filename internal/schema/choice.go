package schema

import "strings"

// HasConsent tells whether the site has the consent: the path of an object of preferences, terms.tos.
func (s *Schema) HasConsent(path string) bool {
	_, ok := s.effective.Lookup([]string{"preferencesSchema", "fields", path})
	return ok
}

// HasSubscription tells whether the site has the subscription: the path of an object of subscriptions, news.email.
func (s *Schema) HasSubscription(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return false
	}
	_, ok := s.effective.Lookup([]string{"subscriptionsSchema", "fields", path[:dot], path[dot+1:]})
	return ok
}
