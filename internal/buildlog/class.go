package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

// condition is a way in which programs say that something is wrong with where they run.
type condition struct {
	class   selfheal.BuildClass
	marks   []string // in lower case; a text holds one of them where pattern matches
	pattern *regexp.Regexp
}

// exhausted are the conditions that even a compiler reports as its own error.
var exhausted = []condition{
	{selfheal.BuildDisk, []string{"no space", "enospc", "quota", "enough"}, regexp.MustCompile(`(?i)no space left on device|\bENOSPC\b|disk quota exceeded|not enough space on the disk|not enough free space`)},
	{selfheal.BuildMemory, []string{"memory", "enomem", "oom"}, regexp.MustCompile(`(?i)\bout of memory\b|OutOfMemoryError|cannot allocate memory|\bENOMEM\b|heap out of memory|virtual memory exhausted|memory allocation of \d+ bytes failed|\boom-?kill|OOMKilled|insufficient memory for the Java Runtime`)},
	{selfheal.BuildKilled, []string{"kill", "sigterm", "signal"}, regexp.MustCompile(`(?i)signal: killed|\bKilled signal\b|Killed \(program|^Killed$|signal: 9, SIGKILL|signal SIGKILL|received signal (?:SIG)?TERM|signal: terminated`)},
}

// unreachable are the conditions in which what is fetched from elsewhere does not come.
var unreachable = []condition{
	{selfheal.BuildRateLimit, []string{"toomany", "too many", "limit", "429"}, regexp.MustCompile(`(?i)toomanyrequests|too many requests|rate.?limit|(?:status|code|HTTP|error:?|response)\D{0,12}\b429\b|\b429\b Too`)},
	{selfheal.BuildRegistry, []string{" 5", ":5", "hash sum", "auth", "401", "unauthorized", "unavailable", "gateway", "server error", "registry"}, regexp.MustCompile(`(?i)\b50[0234] (?:internal server|bad gateway|service unavailable|gateway time)|(?:status|status code|HTTP(?:/\d(?:\.\d)?)?(?: error)?|returned error|server response|unexpected status|\bERR!|npm error)[:=]?\s(?:code |from \w+ request to \S+ )?:?\s?5\d\d\b|hash sum mismatch|authentication required|no basic auth credentials|\b401\b|unauthorized|service unavailable|bad gateway|internal server error|registry is (?:down|offline|unavailable)`)},
	{selfheal.BuildTimeout, []string{"time", "deadline"}, regexp.MustCompile(`(?i)i/o timeout|\btimed? ?out\b|ETIMEDOUT|ESOCKETTIMEDOUT|deadline exceeded|handshake timeout|gateway time-?out`)},
	{selfheal.BuildNetwork, []string{"host", "resolve", "bad address", "temporary", "not known", "enotfound", "eai_again", "getaddrinfo", "resolution", "connect", "econnre", "unreach", "route", "hang up", "eof", "tls", "certificate", "ssl", "pipe", "could not", "fetch", "request"}, regexp.MustCompile(`(?i)no such host|could ?n[o']t resolve (?:host|proxy|'[\w.-]+'$)|unable to resolve host|bad address|temporary failure|name or service not known|\bENOTFOUND\b|EAI_AGAIN|getaddrinfo|name resolution|connection (?:was )?(?:refused|reset|broken|aborted|closed)|ECONNRE(?:FUSED|SET)|network is unreachable|ENETUNREACH|no route to host|EHOSTUNREACH|socket hang up|unexpected EOF|\bTLS\b|certificate|SSL(?:Error|_|:)|broken pipe|EPIPE\b|failed to establish a new connection|unknown ?host|could not (?:connect|transfer)|failed to connect|unable to connect|failed to fetch|error during connect|cannot connect to the docker daemon|proxyconnect|failed to do request|early EOF|client connection lost|temporary error`)},
}

// absent are the ways of saying that a file, or the right to it, is missing.
var absent = []condition{
	{selfheal.BuildPermission, []string{"denied", "eacces", "not permitted", "eperm"}, regexp.MustCompile(`(?i)permission denied|\bEACCES\b|operation not permitted|\bEPERM\b|access is denied`)},
	{selfheal.BuildMissingFile, []string{"no such", "enoent", "not found", "cannot find", "not exist", "can't open", "cannot stat"}, regexp.MustCompile(`(?i)no such file or directory|\bENOENT\b|file not found|cannot find the (?:file|path)|does not exist|executable file not found|command not found|: not found$|can't open|cannot stat`)},
}

// classIn gives the class of the first condition that a text speaks of; empty when it speaks of none.
func classIn(text string, lists ...[]condition) selfheal.BuildClass {
	lower := strings.ToLower(text)
	for _, conditions := range lists {
		for _, c := range conditions {
			if hasAny(lower, c.marks) && c.pattern.MatchString(text) {
				return c.class
			}
		}
	}
	return ""
}

// precedence orders the classes by how much they explain: a compiler's error is
// there whatever else was printed, a package that could not be found may follow
// from a network that was not there.
var precedence = []selfheal.BuildClass{
	selfheal.BuildSyntax, selfheal.BuildCompile, selfheal.BuildTest,
	selfheal.BuildDisk, selfheal.BuildMemory, selfheal.BuildRateLimit, selfheal.BuildRegistry, selfheal.BuildNetwork, selfheal.BuildTimeout, selfheal.BuildKilled,
	selfheal.BuildDependency, selfheal.BuildPermission, selfheal.BuildMissingFile,
}
