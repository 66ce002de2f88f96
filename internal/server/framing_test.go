package server_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/doorwardtest"
)

// attackFraming sends requests whose end proxies and servers see in different places, with another request behind what
// the server takes for the end. It must never be answered.
func attackFraming(t *testing.T) {
	d := doorwardtest.New(t)
	const smuggled = "GET /accounts.getSmuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	form := "apiKey=" + d.APIKey
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(form), form)
	head := func(lines ...string) string {
		return "POST /accounts.initRegistration " + strings.Join(append(lines, "Host: x", "", ""), "\r\n")
	}
	for name, test := range map[string]struct {
		request string
		// served: the first request is answered as what it is; otherwise it is refused.
		served bool
	}{
		"chunked, and a length that a proxy goes by":     {head("HTTP/1.1", "Content-Length: 1000", "Transfer-Encoding: chunked") + chunked, true},
		"the same the other way round":                   {head("HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 0") + chunked, true},
		"chunked in a folded line":                       {head("HTTP/1.1", "Transfer-Encoding:\r\n chunked") + chunked, true},
		"chunked with nothing else":                      {head("HTTP/1.1", "Transfer-Encoding: chunked") + chunked, true},
		"HTTP/1.0 chunked, kept alive":                   {head("HTTP/1.0", "Connection: keep-alive", "Transfer-Encoding: chunked"), true},
		"HTTP/1.0 with a length and chunked, kept alive": {head("HTTP/1.0", "Connection: keep-alive", "Transfer-Encoding: chunked", fmt.Sprintf("Content-Length: %d", len(form))) + form, true},
		"two lengths":                       {head("HTTP/1.1", "Content-Length: 0", "Content-Length: 5"), false},
		"a list of lengths":                 {head("HTTP/1.1", "Content-Length: 0, 0"), false},
		"a length with a sign":              {head("HTTP/1.1", "Content-Length: +0"), false},
		"a length with a blank":             {head("HTTP/1.1", "Content-Length: 0 0"), false},
		"a length that is none, and chunks": {head("HTTP/1.1", "Content-Length: x", "Transfer-Encoding: chunked") + chunked, false},
		"an unknown encoding":               {head("HTTP/1.1", "Transfer-Encoding: xchunked"), false},
		"two encodings":                     {head("HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), false},
		"a list of encodings":               {head("HTTP/1.1", "Transfer-Encoding: identity, chunked"), false},
		"a blank before the colon":          {head("HTTP/1.1", "Transfer-Encoding : chunked"), false},
		"a control character":               {head("HTTP/1.1", "Transfer-Encoding: \x0bchunked"), false},
		"a return within a line":            {head("HTTP/1.1", "X: y\rTransfer-Encoding: chunked"), false},
		"two hosts":                         {head("HTTP/1.1", "Host: y"), false},
		"chunks that are none":              {head("HTTP/1.1", "Transfer-Encoding: chunked") + "zz\r\n", true},
		"an extension with a line end":      {head("HTTP/1.1", "Transfer-Encoding: chunked") + "2;\nxx\r\nab\r\n0\r\n\r\n", true},
	} {
		for _, secure := range []bool{false, true} {
			answers := speak(t, d, secure, test.request+smuggled)
			if strings.Contains(answers, "getSmuggled") || strings.Count(answers, "HTTP/1.") != 1 {
				t.Errorf("%s (TLS %v): more than one answer:\n%s", name, secure, answers)
			}
			status := strings.Fields(answers)[1]
			if test.served && status != "200" || !test.served && status != "400" && status != "501" {
				t.Errorf("%s (TLS %v): status %s:\n%s", name, secure, status, answers)
			}
			if !strings.Contains(answers, "Connection: close") {
				t.Errorf("%s (TLS %v): the connection is not said to end:\n%s", name, secure, answers)
			}
		}
	}
}

// speak sends the text over a connection of its own and returns everything that comes back until the server ends it.
func speak(t *testing.T, d *doorwardtest.Server, secure bool, text string) string {
	t.Helper()
	address := strings.TrimPrefix(d.URL, "http://")
	if secure {
		address = strings.TrimPrefix(d.TLSURL, "https://")
	}
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		connection = tls.Client(connection, &tls.Config{RootCAs: d.Pool, ServerName: "localhost"})
	}
	defer connection.Close()
	// A server that keeps the connection would wait for more: then the time is up, which the answers show.
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	answers, _ := io.ReadAll(connection)
	if len(answers) == 0 {
		t.Fatalf("no answer to\n%s", text)
	}
	return string(answers)
}

func TestConnectionsOfPlainRequestsAreKept(t *testing.T) {
	d := doorwardtest.New(t)
	connection, err := net.Dial("tcp", strings.TrimPrefix(d.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for range 3 {
		form := "apiKey=" + d.APIKey
		fmt.Fprintf(connection, "POST /accounts.initRegistration HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(form), form)
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		if response.Close || response.StatusCode != 200 {
			t.Errorf("status %d, close %v", response.StatusCode, response.Close)
		}
	}
}
