package localca

// dataCenters are the api domains of the original's data centers.
var dataCenters = []string{
	"us1.gigya.com", "eu1.gigya.com", "eu2.gigya.com", "au1.gigya.com", "ru1.gigya.com", "il1.gigya.com", "global.gigya.com",
	"cn1.gigya-api.cn", "cn1.sapcdm.cn",
}

// namespaces are the first labels of the hosts that clients build. They are listed for localhost alone: OpenSSL takes no
// wildcard directly below a top-level name, so *.localhost is of no use to the clients that are built on it.
var namespaces = []string{
	"accounts", "socialize", "ds", "gcs", "admin", "fidm", "audit", "idx", "reports", "ids", "gm", "gs", "comments", "permissions",
	"oauth2", "oauth", "mtls", "cdn", "cdns",
}

// Hosts returns the names and addresses that every leaf covers.
func Hosts() []string {
	hosts := []string{"localhost", "*.localhost", "127.0.0.1", "::1", "*.gigya.com", "*.gigya-api.cn", "*.sapcdm.cn"}
	for _, namespace := range namespaces {
		hosts = append(hosts, namespace+".localhost")
	}
	for _, domain := range dataCenters {
		hosts = append(hosts, domain, "*."+domain)
	}
	for _, id := range []string{"us1", "eu1", "eu2", "au1", "ru1", "il1", "cn1", "global"} {
		hosts = append(hosts, "*."+id+".localhost")
	}
	return hosts
}
