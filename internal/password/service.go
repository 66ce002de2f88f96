package password

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// ErrUnavailable says that the service which makes the hashes of an account gave none. Nothing is known of the password, and
// the call may be repeated later.
var ErrUnavailable = errors.New("the service that hashes passwords is not available")

// ServicesSetting is the name of the setting that lists [Options.Services], for texts that tell an operator what to change.
const ServicesSetting = "password.services"

// Bounds of asking a service.
const (
	// asks is the number of questions at the same time. They wait for a network and have slots of their own: a service that
	// is slow must not take those of the hashes that everybody else logs in by.
	asks = 16
	// askTime is what one question may take with its wait for a slot, so that none waits longer.
	askTime = 4 * time.Second
	// maxServiceAnswer is in bytes, maxServiceHead those of the headers.
	maxServiceAnswer = 4 << 10
	maxServiceHead   = 16 << 10
)

// NewTransport returns what carries the questions of a server: directly, through no proxy, and never more connections to a
// service than there are questions at a time.
func NewTransport() http.RoundTripper {
	return &http.Transport{
		MaxConnsPerHost: asks, MaxIdleConnsPerHost: asks, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: askTime, ResponseHeaderTimeout: askTime, MaxResponseHeaderBytes: maxServiceHead,
		DisableCompression: true, ForceAttemptHTTP2: true,
	}
}

// question is what a service is sent, with POST. The hash is not in it: a service cannot say yes.
type question struct {
	Password string          `json:"password"`
	Settings serviceSettings `json:"hashSettings"`
}

type serviceSettings struct {
	Algorithm    string `json:"algorithm"`
	Rounds       int64  `json:"rounds,omitempty"`
	Salt         string `json:"salt,omitempty"`
	Format       string `json:"format,omitempty"`
	BinaryFormat string `json:"binaryFormat,omitempty"`
	URL          string `json:"URL"`
}

// Permit returns a *[SettingError] if the stored text is a hash of a service that may not be asked, so that nobody could
// ever log in by it.
func (h *Hasher) Permit(encoded string) error {
	if algorithm(encoded) != customName {
		return nil
	}
	c, err := readCustom(encoded)
	if err != nil {
		return err
	}
	if !slices.Contains(h.services, c.settings.URL) {
		return refuse("URL", "this server may not send passwords to it: the setting "+ServicesSetting+" must list it, letter for letter")
	}
	return nil
}

// Prove is [Hasher.Verify] for somebody who proves with a password who he is: of a hash that a service made, the service is
// asked. If it gives no answer the error is [ErrUnavailable]; the time that a refused password and a silent service
// take is never less than that of [Hasher.Pretend].
func (h *Hasher) Prove(ctx context.Context, encoded, password string) (ok, rehash bool, err error) {
	if algorithm(encoded) != customName || len(password) > MaxLength {
		return h.Verify(ctx, encoded, password)
	}
	c, err := readCustom(encoded)
	if err != nil {
		return false, false, fmt.Errorf("checking a password: %w", err)
	}
	var asked error
	// JSON has no form for such a text: others would become the same.
	if utf8.ValidString(password) {
		answer, err := h.ask(ctx, c, password)
		if err == nil && c.made(answer) {
			return true, true, nil
		}
		asked = err
	}
	if err := h.Pretend(ctx, password); err != nil {
		return false, false, err
	}
	return false, false, asked
}

// ask returns the hash that the service makes of the password. The error is the context's, or [ErrUnavailable] with a
// cause that has neither password nor answer in it.
func (h *Hasher) ask(ctx context.Context, c *custom, password string) (string, error) {
	if h.transport == nil || !slices.Contains(h.services, c.settings.URL) {
		return "", unavailable(errors.New("the setting " + ServicesSetting + " does not list it"))
	}
	within, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if err := h.asking.acquire(within); err != nil {
		return "", h.unanswered(ctx, err)
	}
	defer h.asking.release()
	answer, err := exchange(within, h.transport, c.settings, password)
	if err != nil {
		return "", h.unanswered(ctx, err)
	}
	return answer, nil
}

// unanswered tells a call that is over from a service that gives no answer.
func (h *Hasher) unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("asking for a hash: %w", ctx.Err())
	}
	return unavailable(err)
}

// unavailable keeps the cause as a text alone: what it wraps (a full queue, a deadline) is not the caller's.
func unavailable(cause error) error { return fmt.Errorf("%w: %v", ErrUnavailable, cause) }

// broken is what an operator may be told of an exchange that failed. Texts of the transport quote answers that it cannot read, and
// a program that is no service may have said again what it was sent.
func broken(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &network), errors.As(err, &certificate):
		return err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errors.New("it does not answer in time")
	}
	return errors.New("its answer is cut short, or none of HTTP")
}

// exchange sends the question and reads the answer. A transport follows no redirects: whatever is not 200 is no answer.
func exchange(ctx context.Context, transport http.RoundTripper, s Settings, password string) (string, error) {
	body, err := json.Marshal(question{password, serviceSettings(s)})
	if err != nil {
		return "", errors.New("the question cannot be written")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("its URL cannot be read")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "doorward")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", broken(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("it answers with status %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxServiceAnswer+1))
	if err != nil {
		return "", broken(err)
	}
	var answer struct {
		HashedPassword string `json:"hashedPassword"`
	}
	switch {
	case len(text) > maxServiceAnswer:
		return "", fmt.Errorf("its answer has more than %d bytes", maxServiceAnswer)
	case json.Unmarshal(text, &answer) != nil:
		return "", errors.New("its answer is not JSON with hashedPassword, a text")
	case answer.HashedPassword == "":
		return "", errors.New("its answer has no hashedPassword")
	}
	return answer.HashedPassword, nil
}
