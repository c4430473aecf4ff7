package template

import "bytes"

// isOrdinary tells, at a glance, of a word that none of the tests below can recognise.
func isOrdinary(w []byte) bool {
	switch n := len(w); n {
	case 8, 16, 32, 40: // perhaps a hash
		if isHexDigit(w[0]) && isHexDigit(w[1]) {
			return false
		}
		if n > 9 {
			return true
		}
	case 1, 2, 3, 4, 5:
		if w[0] >= 'a' {
			return !mayBeValueWord(w)
		}
	default:
		if n > 9 {
			return true
		}
	}
	return w[0] >= 'a' || !mayBeNameWord(w)
}

// isPlain is isOrdinary for most words, without a branch: it looks at the first two
// letters and at the length only. m is padded.
func isPlain(m []byte, i, j int) bool {
	n := j - i
	if n < 2 || n >= len(wordLengths) {
		return false
	}
	return wordStarts[m[i]]>>(m[i+1]&31)&wordLengths[n] == 0
}

const (
	startsWord = 1       // of a word that is not ordinary, for words of up to nine letters
	startsHash = 1 << 32 // for words as long as hashes are
)

// wordLengths says which of the beginnings matter for words of a length.
var wordLengths = makeWordLengths()

func makeWordLengths() (t [64]uint64) {
	for n := range 10 {
		t[n] = startsWord
	}
	for _, n := range [...]int{8, 16, 32, 40} {
		t[n] = startsHash
	}
	return t
}

// wordStarts has, for each first letter, a bit for every second one with which
// isOrdinary says no to a word: of startsWord in the lower half, of startsHash in the upper.
var wordStarts = makeWordStarts()

func makeWordStarts() (t [256]uint64) {
	w := []byte("..xxxxxxx")
	for first := byte('A'); first <= 'z'; first++ { // words of other alphabets are ordinary
		for second := range 256 {
			w[0], w[1] = first, byte(second)
			if classes[w[0]] != letter || classes[w[1]] != letter {
				continue
			}
			for n := 2; n <= len(w); n++ {
				if !isOrdinary(w[:n]) {
					t[first] |= wordLengths[n] << (second & 31)
				}
			}
		}
	}
	return t
}

// mayBeNameWord tells, by two letters, of months, weekdays, time zones, and of the
// units and truth values that begin with a capital.
func mayBeNameWord(w []byte) bool {
	return len(w) == 1 || nameStarts[w[0]&31]>>(w[1]&31)&1 != 0
}

// nameStarts has, for each first letter, a bit for every second one.
var nameStarts = makeNameStarts()

func makeNameStarts() (t [32]uint32) {
	for _, start := range [...]string{
		"Ja", "Fe", "Ma", "Ap", "Ju", "Au", "Se", "Oc", "No", "De", "Mo", "Tu", "We", "Th", "Fr", "Sa", "Su",
		"UT", "GM", "CE", "PS", "PD", "ES", "ED", "CS", "CD", "MS", "MD", "BS", "IS", "JS", "AM", "PM",
		"KB", "MB", "GB", "TB", "Ki", "Mi", "Gi", "Ti", "Tr", "Fa", "TR", "FA", "Nu", "NU",
	} {
		t[start[0]&31] |= 1 << (start[1] & 31)
	}
	return t
}

// mayBeValueWord tells, by two letters, of true, false, null, nil, the units, and
// the one-letter prefixes of quotes.
func mayBeValueWord(w []byte) bool {
	second := byte(0)
	if len(w) > 1 {
		second = w[1]
	}
	switch w[0] {
	case 't':
		return second == 'r'
	case 'f':
		return second == 'a'
	case 'n':
		return second == 'u' || second == 'i' || second == 's'
	case 'k', 'u', 'r':
		return len(w) <= 2
	case 'b':
		return second == 'y' || second == 0
	case 'm':
		return second == 's' || second == 'i'
	case 's':
		return second == 'e' || second == 0
	}
	return false
}

// isCalendarWord tells of an English month or weekday, abbreviated or in full.
// "May" and "march" are words too: callers look at what stands beside them.
func isCalendarWord(w []byte) bool {
	if len(w) < 3 || len(w) > 9 {
		return false
	}
	switch string(w) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
		"January", "February", "March", "April", "June", "July", "August", "September", "October", "November", "December",
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday":
		return true
	}
	return false
}

// isZoneWord tells of what may follow a time of day.
func isZoneWord(w []byte) bool {
	if len(w) < 2 || len(w) > 4 {
		return false
	}
	switch string(w) {
	case "UTC", "GMT", "CET", "CEST", "PST", "PDT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "BST", "IST", "JST", "AM", "PM":
		return true
	}
	return false
}

func isTruthValue(w []byte) bool {
	switch string(w) {
	case "true", "false", "True", "False", "TRUE", "FALSE", "null", "None", "nil", "NULL":
		return true
	}
	return false
}

// isTruth tells of the two words that are values wherever they stand.
func isTruth(w []byte) bool { return string(w) == "true" || string(w) == "false" }

// isHexWord tells of a hash or bit mask that happens to have no decimal digit.
func isHexWord(w []byte) bool {
	return (len(w) == 8 || len(w) == 16 || len(w) == 32 || len(w) == 40) && allHex(w)
}

// isUnitWord tells of the units that a program chooses by the size of the number before them.
func isUnitWord(w []byte) bool {
	if len(w) > 5 {
		return false
	}
	switch string(w) {
	case "B", "KB", "MB", "GB", "TB", "kB", "KiB", "MiB", "GiB", "TiB", "bytes", "byte", "ns", "us", "ms", "s", "sec", "secs", "min", "mins":
		return true
	}
	return false
}

// isTechnicalWord tells of words that are names although they carry digits.
func (s *Scanner) isTechnicalWord(w []byte) bool {
	if len(w) < 2 || len(w) > 10 {
		return false
	}
	var lower, skeleton [10]byte
	for i, c := range w {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i], skeleton[i] = c, c
		if classes[c] == digit {
			skeleton[i] = '0'
		}
	}
	if !technicalSkeletons[string(skeleton[:len(w)])] {
		return false
	}
	s.exact = true
	return technicalWords[string(lower[:len(w)])]
}

var technicalWords = map[string]bool{
	"utf8": true, "utf-8": true, "utf16": true, "utf-16": true, "ascii7": true, "latin1": true, "base64": true, "base32": true, "ipv4": true,
	"ipv6": true, "ip4": true, "ip6": true, "tcp4": true, "tcp6": true, "udp4": true, "udp6": true, "sha1": true, "sha256": true, "sha512": true,
	"sha-1": true, "sha-256": true, "md5": true, "crc32": true, "hs256": true, "rs256": true, "es256": true, "aes128": true, "aes256": true,
	"x509": true, "x.509": true, "http1": true, "http2": true, "http3": true, "h2": true, "h2c": true, "h3": true, "tls1": true, "tlsv1": true,
	"sslv3": true, "oauth2": true, "oauth1": true, "s3": true, "ec2": true, "k8s": true, "i18n": true, "l10n": true, "x86": true, "x64": true,
	"x86_64": true, "i386": true, "i686": true, "amd64": true, "arm64": true, "win32": true, "win64": true, "int8": true, "int16": true, "int32": true,
	"int64": true, "uint8": true, "uint16": true, "uint32": true, "uint64": true, "float32": true, "float64": true, "log4j": true, "log4j2": true,
	"slf4j": true, "db2": true, "neo4j": true, "ext2": true, "ext3": true, "ext4": true, "mp3": true, "mp4": true, "h264": true, "h265": true,
	"raid0": true, "raid1": true, "raid5": true, "v4": true, "v6": true, "lz4": true, "bzip2": true, "p2p": true, "b2b": true, "e2e": true,
	"a11y": true, "l2": true, "l3": true, "l1": true, "2d": true, "3d": true, "iso8859": true, "iso-8859": true,
}

// technicalSkeletons has the technical words with zeros for their digits.
var technicalSkeletons = makeTechnicalSkeletons()

func makeTechnicalSkeletons() map[string]bool {
	t := make(map[string]bool)
	for w := range technicalWords {
		t[string(AppendSkeleton(nil, []byte(w)))] = true
	}
	return t
}

// isCodeWord tells of words before a number that say that the number names a
// failure, whatever their case, "_" and "-" left out.
func isCodeWord(w []byte) bool {
	if len(w) < 2 || len(w) > 14 || codeWordEnds[w[0]&31]>>(w[len(w)-1]&31)&1 == 0 {
		return false
	}
	var lower [14]byte
	n := 0
	for _, c := range w {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != '_' && c != '-' {
			lower[n] = c
			n++
		}
	}
	return codeWords[string(lower[:n])]
}

var codeWords = map[string]bool{
	"status": true, "statuscode": true, "httpstatus": true, "httpcode": true, "httpstatuscode": true, "http": true, "https": true, "code": true,
	"errorcode": true, "errcode": true, "errno": true, "exit": true, "exitcode": true, "exitstatus": true, "exited": true, "returncode": true,
	"retcode": true, "rc": true, "sqlstate": true, "signal": true, "sqlcode": true, "responsecode": true, "resultcode": true, "respcode": true,
	"replycode": true, "hresult": true, "returned": true, "responded": true, "response": true,
}

// codeWordEnds has, for each first letter of a code word, a bit for every last one.
var codeWordEnds = makeCodeWordEnds()

func makeCodeWordEnds() (t [32]uint32) {
	for w := range codeWords {
		t[w[0]&31] |= 1<<(w[len(w)-1]&31) | 1<<('_'&31) | 1<<('-'&31)
	}
	return t
}

// isFailureKey tells of keys whose value says what failed, or how.
func isFailureKey(w []byte) bool {
	if isCodeWord(w) || isStatusName(w) {
		return true
	}
	if last := lastPart(w); len(last) < len(w) && isFailureNoun(last) {
		return true
	}
	switch string(w) {
	case "err", "error", "Error", "reason", "Reason", "cause", "type", "kind", "state", "level", "op", "operation", "method", "action", "event", "result",
		"exception", "msg", "message", "desc", "description", "detail", "failure", "condition", "phase", "step", "severity", "class", "errno", "syscall", "goos", "driver", "protocol",
		"errors", "reasons", "causes", "failures", "exceptions", "codes":
		return true
	}
	return false
}

// IsProgramNoun tells of words before the quoted name of a part of the program or
// of its schema: "column 'x' does not exist" and "column 'y' does not exist" are two errors.
func IsProgramNoun(w string) bool {
	switch w {
	case "property", "attribute", "column", "relation", "table", "field", "method", "function", "procedure", "module", "class", "symbol", "argument",
		"parameter", "variable", "constraint", "index", "reading", "setting", "operator", "keyword", "member", "trait", "interface", "schema":
		return true
	}
	return false
}

// lastPart gives the last part of a name in snake_case, kebab-case or camelCase.
func lastPart(w []byte) []byte {
	for i := len(w) - 1; i > 0; i-- {
		switch c := w[i]; {
		case c == '_' || c == '-':
			return w[i+1:]
		case c >= 'A' && c <= 'Z' && w[i-1] >= 'a' && w[i-1] <= 'z':
			return w[i:]
		}
	}
	return w
}

// isFailureNoun tells of the last part of keys such as "last_error" and "exitReason".
func isFailureNoun(w []byte) bool {
	switch string(w) {
	case "error", "Error", "err", "Err", "reason", "Reason", "cause", "Cause", "exception", "Exception", "failure", "Failure", "code", "Code", "errno":
		return true
	}
	return false
}

// isDurationWord tells of words before "01:07:37" that make it a span of time, not a time of day.
func isDurationWord(w []byte) bool {
	switch string(w) {
	case "lifetime", "took", "elapsed", "duration", "uptime", "downtime", "runtime", "lasted", "within", "in", "for", "after", "age", "ttl", "timeout", "remaining":
		return true
	}
	return false
}

// isLongExtension tells of file name extensions of more than five letters.
func isLongExtension(w []byte) bool {
	switch string(w) {
	case "ndjson", "sqlite", "parquet", "properties", "template", "backup", "service", "socket", "gradle":
		return true
	}
	return false
}

// isDataExtension tells of the file name extensions of data, documents and settings.
func isDataExtension(w []byte) bool {
	switch string(w) {
	case "yaml", "yml", "json", "jsonl", "ndjson", "xml", "csv", "tsv", "txt", "conf", "cfg", "ini", "toml", "properties", "bak", "tmp", "dat",
		"pdf", "png", "jpg", "jpeg", "gif", "svg", "webp", "mp3", "mp4", "mov", "html", "htm", "zip", "gz", "tgz", "tar", "xz", "bz2", "zst", "parquet", "avro", "orc",
		"doc", "docx", "xls", "xlsx", "pem", "crt", "sqlite", "rdb":
		return true
	}
	return false
}

// isSourceExtension tells of file name extensions before ":LINE".
func isSourceExtension(w []byte) bool {
	switch string(w) {
	case "go", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "java", "kt", "kts", "scala", "rb", "rs", "c", "cc", "cpp", "cxx", "h", "hpp",
		"cs", "php", "ex", "exs", "erl", "dart", "swift", "m", "mm", "pl", "lua", "sh", "sql", "vue", "clj", "hs", "ml", "fs", "vb":
		return true
	}
	return false
}

// isNameWithDigit: one short run of digits with letters on both sides, as in
// Base64Decoder or loadS3Object.
func isNameWithDigit(b []byte) bool {
	runs, width, before, after := 0, 0, 0, 0
	for i, c := range b {
		switch {
		case classes[c] == digit:
			if i == 0 || classes[b[i-1]] != digit {
				runs++
			}
			if width++; width > 2 {
				return false
			}
		case classes[c] == letter:
			if runs == 0 {
				before++
			} else {
				after++
			}
		case c == '_' && runs > 0 && classes[b[i-1]] == digit:
			return false // root1_backup
		case c == '_' || c == '.':
		default:
			return false
		}
	}
	return runs == 1 && before >= 2 && after >= 3
}

// isFailure tells of the names of types that wrap what failed.
func isFailure(w []byte) bool {
	for _, ending := range [...]string{"Error", "Exception", "Failure", "Err", "Fault"} {
		if bytes.HasSuffix(w, []byte(ending)) {
			return true
		}
	}
	return string(w) == "Left"
}

// isTopDomain tells of what the names of hosts end in, in public or inside a
// company: the generic domains, those of countries, and what is used in private.
func isTopDomain(w []byte) bool {
	if len(w) == 2 {
		switch string(w) {
		case "id", "is", "in", "to", "at", "my", "no", "so", "me", "by", "it", "or", "ms", "js", "py", "go", "rs", "ts", "sh", "md", "pl", "db":
			return false // words, and extensions of files
		}
		return classes[w[0]] == letter && classes[w[1]] == letter
	}
	switch string(w) {
	case "com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "arpa", "app", "dev", "cloud", "online", "site", "tech", "shop",
		"local", "localdomain", "internal", "intern", "lan", "corp", "home", "intra", "private", "test", "example", "invalid", "svc", "consul":
		return true
	}
	return false
}
