package accounts

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/method"
)

// SDKConfigurationResult is the answer of accounts.rba.sdkConfiguration.get.
type SDKConfigurationResult struct {
	// Result are the kinds of SDKs that are limited to some versions: none.
	Result []struct{} `json:"result"`
}

// getSDKConfiguration serves accounts.rba.sdkConfiguration.get: which SDKs may be used on the site. None is limited.
//
// Servers may call.
//
// Source: the type definitions of a client.
func getSDKConfiguration(Deps) *method.Method {
	spec := method.Spec{
		Name:    "accounts.rba.sdkConfiguration.get",
		Summary: "Tells which SDKs are limited to some versions: none.",
		Callers: caller.Server,
	}
	return method.New(spec, func(context.Context, *method.Call[method.None]) (SDKConfigurationResult, error) {
		return SDKConfigurationResult{Result: []struct{}{}}, nil
	})
}
