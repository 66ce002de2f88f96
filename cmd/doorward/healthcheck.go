package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthcheckCmd struct {
	configured
	URL string `placeholder:"URL" help:"Address to ask; default: /readyz on the setting listen.ops."`
}

// Run asks /readyz and fails unless the answer is 200.
func (c healthcheckCmd) Run(ctx context.Context, con console) error {
	url := c.URL
	if url == "" {
		cfg, _, err := c.load(nil)
		if err != nil {
			return err
		}
		if cfg.Ops == "" {
			return fmt.Errorf("listen.ops is empty, so there is nothing to ask: set it, or pass --url")
		}
		host := cfg.Ops
		if strings.HasPrefix(host, ":") {
			host = "127.0.0.1" + host
		}
		url = "http://" + host + "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", url, resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(con.Out, "ready")
	return err
}
