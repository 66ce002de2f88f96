package server

import "net/http"

// oneRequest ends the connection after every request whose end a proxy before the server may see in another place than
// the server does: what follows there would be somebody else's request, smuggled in behind the proxy's back.
//
// Those are requests with a chunked body, because net/http drops a Content-Length beside Transfer-Encoding without a word,
// and those of HTTP/1.0, where it drops Transfer-Encoding. To process them and close is what RFC 9112, 6.1, asks for; to
// tell them from their honest kin would take a second reader of every header. Clients know the length of what they send,
// and proxies speak HTTP/1.0 without keeping connections, so that hardly anybody pays for a new one.
func oneRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
