package socialize

import (
	"context"

	"github.com/doorward/doorward/internal/caller"
	"github.com/doorward/doorward/internal/clock"
	"github.com/doorward/doorward/internal/method"
)

// GetSDKConfigParams are the parameters of socialize.getSDKConfig.
type GetSDKConfigParams struct {
	// Include names the parts wanted; all are answered whatever it says.
	Include method.List `param:"include"`
}

// GetSDKConfigResult is the answer of socialize.getSDKConfig, its members in the order of an SDK's fixture.
type GetSDKConfigResult struct {
	ErrorReportRules []struct{} `json:"errorReportRules"`
	// Permissions are the scopes of each provider, AppIDs the ids of their native apps.
	Permissions struct{}  `json:"permissions"`
	AppIDs      struct{}  `json:"appIds"`
	IDs         DeviceIDs `json:"ids"`
}

// DeviceIDs are the ids of a device as socialize.getSDKConfig shows them.
type DeviceIDs struct {
	GMID string `json:"gmid"`
	GCID string `json:"gcid"`
	UCID string `json:"ucid"`
	// RefreshTime is when the client asks again, in Unix milliseconds.
	RefreshTime int64 `json:"refreshTime"`
}

// getSDKConfig serves socialize.getSDKConfig, the first call of older mobile SDKs: the ids of socialize.getIDs.
//
// Anybody may call.
//
// Sources: the Android SDK and its fixtures.
func getSDKConfig(d Deps) *method.Method {
	spec := method.Spec{
		Name:    "socialize.getSDKConfig",
		Summary: "Answers the start call of older mobile SDKs.",
		Callers: caller.Public | caller.RegToken | caller.Session | caller.Server,
		Partial: "permissions and appIds are empty: there are no social providers yet",
	}
	return method.New(spec, func(_ context.Context, c *method.Call[GetSDKConfigParams]) (GetSDKConfigResult, error) {
		ids, err := deviceOf(c.Invocation, d.Rand)
		if err != nil {
			return GetSDKConfigResult{}, err
		}
		ids.setCookies(c.Invocation)
		return GetSDKConfigResult{
			ErrorReportRules: []struct{}{},
			IDs: DeviceIDs{
				GMID: ids.GMID, GCID: ids.GMID, UCID: ids.UCID,
				RefreshTime: int64(clock.FromTime(c.Now.Add(deviceRefresh))),
			},
		}, nil
	})
}
