package site_test

import (
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/doorward/doorward/internal/site"
)

func TestTrustedPages(t *testing.T) {
	for _, c := range []struct {
		pattern, page string
		want          bool
	}{
		{"example.com/*", "https://example.com/a/b?c#d", true},
		{"example.com/*", "http://example.com", true},
		{"example.com/*", "https://www.example.com/", false},
		{"example.com", "https://EXAMPLE.com:8443/x", true},
		{"example.com", "https://example.com./x", true},
		{"*.example.com/*", "https://www.example.com/", true},
		{"*.example.com/*", "https://a.b.example.com/", true},
		{"*.example.com/*", "https://example.com/", false},
		{"*.example.com", "https://evilexample.com/", false},
		{"*.example.com", "https://example.com.evil.net/", false},
		{"*.example.com", "https://www.example.com.evil.net/", false},
		{"*.example.com", "https://.example.com/", false},
		{"example.com", "https://example.com@evil.net/", false},
		{"example.com", "https://user:word@example.com/", false}, // No browser sends that, and no reader takes it for what it is.
		{"example.com", "https://evil.net/example.com", false},
		{"example.com", "https://evil.net?example.com", false},
		{"example.com", "https://evil.net#example.com", false},
		{"example.com", `https://evil.net\@example.com`, false},
		{"example.com", "//example.com/", false},
		{"example.com", "javascript://example.com/%0aalert(1)", false},
		{"example.com", "ftp://example.com/", false},
		{"example.com", "null", false},
		{"example.com", "", false},
		{"https://example.com", "http://example.com/", false},
		{"https://example.com", "https://example.com/", true},
		{"http://example.com:8080", "http://example.com:8080/", true},
		{"http://example.com:8080", "http://example.com/", false},
		{"https://example.com:443", "https://example.com", true},
		{"localhost:*", "http://localhost:3000/", true},
		{"127.0.0.1", "http://127.0.0.1:9/", true},
		{"[::1]:80", "http://[::1]/", true},
		{"app-*.example.com", "https://app-12.example.com/", true},
		{"app-*.example.com", "https://app-1.evil.example.com/", false},
		{"www.*.com", "https://www.evil.example.com/", false},
		{"*", "https://anything.test/", true},
		{"example.com/shop/*", "https://example.com/shop/cart", true},
		{"example.com/shop/*", "https://example.com/blog", false},
		{"example.com/shop/*", "https://example.com", true}, // An origin has no path.
		{"bücher.de", "https://xn--bcher-kva.de/", true},
		{"*.BÜCHER.de", "https://shop.xn--bcher-kva.de/", true},
		{"xn--bcher-kva.de", "https://bücher.de/", true},
		{"例え.テスト", "https://xn--r8jz45g.xn--zckzah/", true},
		{"*.straße.de", "https://www.xn--strae-oqa.de/", true}, // Not strasse.de, which is somebody else's.
		{"straße.de", "https://strasse.de/", false},
		{"bücher.de", "https://BU\u0308CHER.de/", true},
		{"my_shop.example.com", "https://my_shop.example.com/", true},
		{"*.example.com", "https://r3---sn.example.com/", true},
		{"*.example.com", "https://xn--0.example.com/", false}, // No Punycode.
		{"*.example.com", "https://evil。example.com/", true},   // The ideographic stop is a dot.
		{"example.com", "https://example.com\u200b.evil.net/", false},
		{"example.com", "https://ехample.com/", false}, // Cyrillic letters.
		{"example.com", "https://ｅｘａｍｐｌｅ.com/", true},  // Browsers fold full-width letters.
	} {
		p, err := site.ParseTrustedURL(c.pattern)
		if err != nil {
			t.Errorf("pattern %q: %v", c.pattern, err)
			continue
		}
		u, err := url.Parse(c.page)
		if got := err == nil && p.Matches(u); got != c.want {
			t.Errorf("pattern %q, page %q: %v, want %v", c.pattern, c.page, got, c.want)
		}
	}
}

func TestPatternsThatCannotBeReadAreRefused(t *testing.T) {
	for _, pattern := range []string{
		"", "/", "/path", "ftp://example.com", "javascript://x", "example.com:port", "example.com:", "a b.com", "user@example.com",
		"example..com", "xn--0.com", strings.Repeat("a", 2000),
		"[::1", "::1]", "[[::1]]", "::1:80", "a:b:80", "a.example.com,b.example.com", "a.example.com;b.example.com", `"example.com"`,
	} {
		if _, err := site.ParseTrustedURL(pattern); err == nil {
			t.Errorf("%.40q is taken", pattern)
		}
	}
}

func FuzzTrustedURL(f *testing.F) {
	f.Add("*.example.com/*", "https://www.example.com/a")
	f.Add("bücher.de", "https://xn--bcher-kva.de/")
	f.Add("https://*:443/*a*b*", "https://x/aab")
	f.Fuzz(func(t *testing.T, pattern, page string) {
		p, err := site.ParseTrustedURL(pattern)
		if err != nil {
			return
		}
		u, err := url.Parse(page)
		if err != nil {
			return
		}
		if p.Matches(u) && u.Scheme != "http" && u.Scheme != "https" {
			t.Errorf("pattern %q trusts %q", pattern, page)
		}
	})
}

// A browser's Origin and Referer come with every call, and are up to 8 KB here.
func TestAttack(t *testing.T) {
	t.Run("048_a_long_host_name_costs_little", func(t *testing.T) {
		pattern, err := site.ParseTrustedURL("*.example.com/*")
		if err != nil {
			t.Fatal(err)
		}
		for name, host := range map[string]string{
			"labels": strings.Repeat("a.", 4000) + "example.com", "labels beyond ASCII": strings.Repeat("ü.", 2600) + "example.com",
			"the longest that is compared": strings.Repeat("a.", 121) + "example.org",
		} {
			page := &url.URL{Scheme: "https", Host: host}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if pattern.Matches(page) {
				t.Errorf("%s: a page of a name that there cannot be is trusted", name)
			}
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 2<<20 {
				t.Errorf("%s: a comparison took %d KB", name, spent>>10)
			}
		}
	})
}
