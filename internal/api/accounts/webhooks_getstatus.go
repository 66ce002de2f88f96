package accounts

import (
	"context"

	"github.com/doorward/doorward/gigya"
	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// WebhookStatusParams are the parameters of accounts.webhooks.getStatus.
type WebhookStatusParams struct {
	// URL is that of a webhook, letter by letter.
	URL string `param:"url,required,len=2048"`
}

// WebhookStatusResult is the answer of accounts.webhooks.getStatus.
type WebhookStatusResult struct {
	WebhookStatus WebhookStatus `json:"webhookStatus"`
}

// WebhookStatus is the result of the last delivery.
type WebhookStatus struct {
	// StatusCode is the HTTP status that was answered; 404: nothing was sent yet.
	StatusCode int `json:"statusCode"`
	// Message says what was wrong.
	Message string `json:"message,omitempty"`
}

// getWebhookStatus serves accounts.webhooks.getStatus: the result of the last delivery to a URL.
//
// Callers: server credentials. A URL that no webhook has is 404000.
//
// Source: the REST guide, the message of a webhook that was never called among it.
func getWebhookStatus(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.webhooks.getStatus",
		Summary: "Tells how the last delivery to a webhook went.",
		Callers: caller.Server,
		Partial: "nothing is delivered yet",
	}
	return method.New(spec, func(ctx context.Context, c *method.Call[WebhookStatusParams]) (*WebhookStatusResult, error) {
		entries, err := d.Config.List(ctx, c.Site, webhookKind)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if textOf(e.Document, "url") == c.Params.URL {
				return &WebhookStatusResult{WebhookStatus{StatusCode: 404, Message: "No Webhook activity was found"}}, nil
			}
		}
		return nil, gigya.NewError(gigya.NotFound, "There is no webhook with this URL")
	})
}
