package buildlog

import (
	"regexp"
	"strings"
)

var (
	classicStep   = regexp.MustCompile(`^Step (\d+)/(\d+) : (.*)$`)
	classicNoise  = regexp.MustCompile(`^(?: ---> |Removing intermediate container |Sending build context to Docker daemon)`)
	classicEnd    = regexp.MustCompile(`^The command '.*' returned a non-zero code: \d+`)
	classicError  = regexp.MustCompile(`^(?:(?:COPY|ADD) failed: |(?:ERROR: )?Error response from daemon: |(?:ERROR: )?failed to build: |unable to prepare context: |(?:ERROR: )?Cannot connect to the Docker daemon|error during connect: |failed to register layer: |Error processing tar file)`)
	classicParser = regexp.MustCompile(`^(?:Error response from daemon: )?(?:dockerfile parse error|failed to parse Dockerfile|Dockerfile parse error)`)
	buildahStep   = regexp.MustCompile(`^(?:\[[^\]]*\] )?STEP (\d+)(?:/(\d+))?: (.*)$`)
	buildahEnd    = regexp.MustCompile(`^(?:Error: |time="[^"]*" level=(?:error|fatal) msg=")?(?:error )?building at STEP "(.*?)": (.*)$`)
	buildahError  = regexp.MustCompile(`^(?:Error: |ERRO\[\d+\] ?|time="[^"]*" level=(?:error|fatal) msg=")(.*)$`)
)

// classic reads a line of docker's classic builder: "Step 3/4 : RUN make".
func (r *Reader) classic(l line) bool {
	if m := classicStep.FindStringSubmatch(l.text); m != nil {
		r.begin(builderDocker, "["+m[1]+"/"+m[2]+"] "+m[3], m[3])
		return true
	}
	switch {
	case classicNoise.MatchString(l.text):
		return r.builder == builderDocker || r.builder == ""
	case classicEnd.MatchString(l.text) && r.current != nil,
		classicError.MatchString(l.text), classicParser.MatchString(l.text):
	default:
		return false
	}
	if r.current == nil || r.builder != builderDocker {
		r.verdict = l
		if r.builder == "" {
			r.builder = builderDocker
		}
		return true
	}
	r.fail(r.current, l)
	r.current = nil
	return true
}

// buildah reads a line of buildah or podman: "STEP 3/4: RUN make".
func (r *Reader) buildah(l line) bool {
	if m := buildahStep.FindStringSubmatch(l.text); m != nil {
		number := m[1]
		if m[2] != "" {
			number += "/" + m[2]
		}
		r.begin(builderBuildah, "["+number+"] "+m[3], m[3])
		return true
	}
	if m := buildahEnd.FindStringSubmatch(l.text); m != nil {
		r.builder = builderBuildah
		s := r.current
		if s == nil {
			s = &step{}
		}
		if s.command == "" {
			s.name, s.command = strings.ReplaceAll(m[1], `\"`, `"`), strings.ReplaceAll(m[1], `\"`, `"`)
		}
		r.fail(s, line{m[2], l.number})
		r.current = nil
		return true
	}
	if r.builder == builderBuildah && strings.HasPrefix(l.text, "--> ") {
		return true
	}
	// Anything else that it says at the end, such as an image that cannot be pulled.
	if m := buildahError.FindStringSubmatch(l.text); m != nil && r.builder == builderBuildah && r.current != nil {
		r.current.failure, r.current.at = m[1], l.number
		r.verdict = line{m[1], l.number}
		return true
	}
	return false
}
