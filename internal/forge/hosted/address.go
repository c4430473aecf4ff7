package hosted

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"selfheal"
)

// repositoryPath matches owner/name, and for GitLab group/subgroup/name.
var repositoryPath = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$`)

// CheckRepository refuses what is no name of a repository; depth is the most
// parts that it may have, 0 for any number.
func CheckRepository(name string, depth int) error {
	if !repositoryPath.MatchString(name) || strings.Contains(name, "..") || strings.HasSuffix(name, ".git") ||
		depth > 0 && strings.Count(name, "/") >= depth {
		return selfheal.Usagef("write it as owner/name", "not the name of a repository: %q", name)
	}
	return nil
}

// CheckAddress refuses what is no address of a forge. A token goes in clear to
// this machine only.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return selfheal.Usagef("write it as https://host", "not the address of a forge")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return selfheal.Usagef("put the token into forge.token, as ${env:NAME}", "the address of the forge holds more than host and path")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return selfheal.Usagef("use https", "the token would be sent in clear to %s", u.Hostname())
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// WithPrefix adds the words by which a forge knows a draft from its title.
func WithPrefix(prefix, title string, draft bool) string {
	if !draft {
		return title
	}
	return prefix + title
}
