package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

type healthcheckCmd struct {
	configured
	URL string `placeholder:"URL" help:"Address to ask; default: /readyz on the setting listen.ops."`
}

// Run asks /readyz and fails unless the answer is 200.
func (c *healthcheckCmd) Run(ctx context.Context, con console) error {
	target, err := c.target()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	// No proxy: the answer must be this server's own.
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return fmt.Errorf("no server answers: %w; is it running, and is this its listen.ops (the same settings, or --url)?", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", target, resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(con.Out, "ready")
	return err
}

// target is the address to ask.
func (c healthcheckCmd) target() (string, error) {
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", usagef("--url %q is not a URL such as http://127.0.0.1:9464/readyz", c.URL)
		}
		if u.Path == "" || u.Path == "/" {
			u.Path = "/readyz"
		}
		return u.String(), nil
	}
	cfg, _, err := c.load()
	if err != nil {
		return "", err
	}
	if cfg.Ops == "" {
		return "", errors.New("listen.ops is empty, so there is nothing to ask: set it, or pass --url")
	}
	host, port, err := net.SplitHostPort(cfg.Ops)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz", nil
}
