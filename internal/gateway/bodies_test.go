package gateway_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorward/doorward/doorwardtest"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/gateway"
	"github.com/doorward/doorward/internal/method"
	"github.com/doorward/doorward/internal/server"
)

func TestABodyThatFindsNoRoomIsToldToComeAgain(t *testing.T) {
	entered, leave := make(chan struct{}, 2), make(chan struct{})
	hold := method.New(method.Spec{Name: "test.hold", Callers: caller.Public},
		func(context.Context, *method.Call[method.None]) (method.None, error) {
			entered <- struct{}{}
			<-leave
			return method.None{}, nil
		})
	d := front(t, doorwardtest.WithServer(func(o *server.Options) {
		o.Methods, o.BodyMemory = append(testMethods(), hold), gateway.LeastBodyMemory
	}))
	// What a quarter of the room holds is in the hands of two calls from one address.
	large := strings.Repeat("a", gateway.DefaultBodyLimit-1000)
	done := make(chan struct{})
	for range 2 {
		go func() {
			serve(d, post("/test.hold", "apiKey", d.APIKey, "text", large))
			done <- struct{}{}
		}()
		<-entered
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, body := serve(d, post("/test.echo", "apiKey", d.APIKey, "text", strings.Repeat("a", 10000)).WithContext(ctx))
	// How to answer stands in the body too, which was not read.
	want := failure("503001", "Service unavailable", "Service unavailable", "503", "Service Unavailable")
	if diff := cmp.Diff(want, normal(d, body)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(d.Log(), "no room for the body") {
		t.Error("the log does not say why")
	}
	elsewhere := post("/test.echo", "apiKey", d.APIKey)
	elsewhere.RemoteAddr = "198.51.100.7:1234"
	if _, body := serve(d, elsewhere); normal(d, body) != success(publicVia) {
		t.Errorf("another address: %s", body)
	}
	if _, body := serve(d, get("/test.echo", "apiKey", d.APIKey)); normal(d, body) != success(publicVia) {
		t.Errorf("a call without a body: %s", body)
	}
	close(leave)
	<-done
	<-done
	if _, body := serve(d, post("/test.echo", "apiKey", d.APIKey)); normal(d, body) != success(publicVia) {
		t.Errorf("when there is room again: %s", body)
	}
}
