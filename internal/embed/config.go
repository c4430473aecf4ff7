package embed

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// What a zero in a configuration means.
const (
	DefaultTimeout      = 30 * time.Second
	DefaultBatchSize    = 64
	DefaultMaxTexts     = 500
	DefaultMaxTextBytes = 1024
	DefaultMaxClusters  = 10
	DefaultMaxTokens    = 40
)

// The largest values that a configuration may have.
const (
	mostBatchSize    = 2048 // what the API takes in one request
	mostMaxTexts     = 100_000
	mostMaxTextBytes = 8 << 10
	mostMaxClusters  = 1000
	mostMaxTokens    = 1000
	mostTimeout      = 10 * time.Minute
)

// Config of a [Client].
type Config struct {
	URL          string        // base of the API: "http://localhost:11434/v1" for Ollama, "https://api.openai.com/v1"
	Model        string        // as the provider calls it
	APIKey       httpx.Secret  // sent as a bearer token; empty where none is needed
	Timeout      time.Duration // of one request; 0 means DefaultTimeout
	BatchSize    int           // texts in one request; 0 means DefaultBatchSize
	MaxTexts     int           // the budget of a Client: texts sent in its life; 0 means DefaultMaxTexts
	MaxTextBytes int           // longer texts are cut; 0 means DefaultMaxTextBytes
}

// Validate says everything that is wrong, each with a hint.
func (c Config) Validate() error {
	return errors.Join(
		validProvider(c.URL, c.Model, c.APIKey),
		within("timeout", c.Timeout, mostTimeout),
		within("batch_size", c.BatchSize, mostBatchSize),
		within("max_texts", c.MaxTexts, mostMaxTexts),
		within("max_text_bytes", c.MaxTextBytes, mostMaxTextBytes),
	)
}

func (c Config) usable() Config {
	c.Timeout = usable(c.Timeout, DefaultTimeout, mostTimeout)
	c.BatchSize = usable(c.BatchSize, DefaultBatchSize, mostBatchSize)
	c.MaxTexts = usable(c.MaxTexts, DefaultMaxTexts, mostMaxTexts)
	c.MaxTextBytes = usable(c.MaxTextBytes, DefaultMaxTextBytes, mostMaxTextBytes)
	return c
}

// LabelerConfig configures a [Labeler].
type LabelerConfig struct {
	URL         string        // base of the API, as in Config
	Model       string        // as the provider calls it; a small one will do
	APIKey      httpx.Secret  // sent as a bearer token; empty where none is needed
	Timeout     time.Duration // of one request; 0 means DefaultTimeout
	MaxClusters int           // the budget of a Labeler: labels asked for in its life; 0 means DefaultMaxClusters
	MaxTokens   int           // that the model may write for one label; 0 means DefaultMaxTokens
}

// Validate says everything that is wrong, each with a hint.
func (c LabelerConfig) Validate() error {
	return errors.Join(
		validProvider(c.URL, c.Model, c.APIKey),
		within("timeout", c.Timeout, mostTimeout),
		within("max_clusters", c.MaxClusters, mostMaxClusters),
		within("max_tokens", c.MaxTokens, mostMaxTokens),
	)
}

func (c LabelerConfig) usable() LabelerConfig {
	c.Timeout = usable(c.Timeout, DefaultTimeout, mostTimeout)
	c.MaxClusters = usable(c.MaxClusters, DefaultMaxClusters, mostMaxClusters)
	c.MaxTokens = usable(c.MaxTokens, DefaultMaxTokens, mostMaxTokens)
	return c
}

// number is what has a default and a largest value.
type number interface{ ~int | ~int64 }

func within[N number](name string, value, most N) error {
	if value >= 0 && value <= most {
		return nil
	}
	return selfheal.Usagef("leave it out for the default", "%s is %v, not between 0 and %v", name, value, most)
}

func usable[N number](value, usual, most N) N {
	if value <= 0 {
		return usual
	}
	return min(value, most)
}

// validProvider checks who is asked, without ever quoting what may hold a secret.
func validProvider(address, model string, key httpx.Secret) error {
	var wrong []error
	say := func(hint, message string) { wrong = append(wrong, selfheal.Usagef(hint, "%s", message)) }
	const example = "write the base of the API, e.g. http://localhost:11434/v1"
	u, err := url.Parse(address)
	switch {
	case address == "":
		say(example, "url is missing")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		say(example, "url is not an http or https address")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		say("give the key as api_key: ${env:NAME}", "url has a password, a query or a fragment")
	case key != "" && u.Scheme == "http" && !private(u.Hostname()):
		say("use https", "api_key would be sent over the open network in clear")
	}
	if model == "" {
		say("name one that the provider has, e.g. nomic-embed-text", "model is missing")
	}
	if strings.ContainsFunc(string(key), func(c rune) bool { return c <= ' ' || c > '~' }) {
		say("look for a line break or a space in the variable", "api_key has characters that no key has")
	}
	return errors.Join(wrong...)
}

// private tells of a host that is reached without leaving one's own network.
func private(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true // localhost, or the name of a container
	}
	for _, zone := range []string{".localhost", ".local", ".internal", ".lan", ".svc"} {
		if strings.HasSuffix(host, zone) {
			return true
		}
	}
	return false
}
