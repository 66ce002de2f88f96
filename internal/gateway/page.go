package gateway

import (
	"net/http"
	"strings"
)

// allowPage writes the CORS headers for a page that may read the answer: with credentials for a trusted page of the site,
// for anybody where the answer is the same for all.
func (x *exchange) allowPage(header http.Header) {
	origin := x.request.Header.Get("Origin")
	if origin == "" {
		return
	}
	header.Add("Vary", "Origin")
	switch {
	case x.inv.Site == nil && x.method != nil && x.method.Spec.Anonymous:
		header.Set("Access-Control-Allow-Origin", "*")
	case x.inv.Site != nil && x.inv.Site.Trusts(origin):
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
}

// preflight answers the question that a browser asks before a call that a plain form could not make. It seldom names the
// site, because parameters are in the body to come: then any page may go on without credentials, and the call's own
// answer decides what the page may read.
func (g *Gateway) preflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Allow", allowedVerbs)
	header.Add("Vary", "Origin")
	header.Set("Content-Length", "0")
	if origin := r.Header.Get("Origin"); origin != "" {
		g.allowPreflight(header, r, origin)
	}
	w.WriteHeader(http.StatusOK)
}

func (g *Gateway) allowPreflight(header http.Header, r *http.Request, origin string) {
	var apiKey string
	for name, values := range r.URL.Query() {
		if strings.EqualFold(name, "apiKey") && len(values) > 0 {
			apiKey = values[len(values)-1]
		}
	}
	if apiKey == "" {
		header.Set("Access-Control-Allow-Origin", "*")
	} else {
		s, err := g.Sites.Site(r.Context(), apiKey)
		if err != nil || !s.Trusts(origin) {
			return
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	header.Set("Access-Control-Allow-Methods", "GET, POST")
	header.Set("Access-Control-Allow-Headers", "Content-Type, Authorization, apikey")
	header.Set("Access-Control-Max-Age", "86400")
}
