package group

import (
	"bytes"

	"selfheal/internal/group/trace"
)

func isGoroutine(line []byte) bool {
	return hasPrefix(line, "goroutine ") && bytes.HasSuffix(line, []byte(":")) && bytes.IndexByte(line, '[') > 0
}

// isGoLine tells of the lines inside a Go crash report.
func isGoLine(line []byte) bool {
	for _, prefix := range []string{"goroutine ", "created by ", "[signal ", "[recovered", "panic: ", "exit status ", "runtime.", "runtime stack:", "runtime: ", "...",
		"fatal error: ", "==================", "PC=0x", "Previous ", "Goroutine ", "Read at ", "Write at ", "Found ", "WARNING: DATA RACE"} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return isGoFunction(line) || isRegister(line)
}

// isGoFunction: "pkg/path.(*T).method(args)", without a space before the arguments.
func isGoFunction(line []byte) bool {
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && bytes.IndexByte(line[:open], ' ') < 0
}

// isRegister: "rax    0x0", as printed on a fatal signal.
func isRegister(line []byte) bool {
	at := bytes.Index(line, []byte(" 0x"))
	return at > 0 && at <= 7 && bytes.IndexByte(bytes.TrimRight(line[:at], " "), ' ') < 0
}

func isPythonLink(line []byte) bool {
	return hasPrefix(line, "During handling of the above exception") || hasPrefix(line, "The above exception was the direct cause")
}

func isAtLine(line []byte) bool {
	for _, prefix := range []string{"Caused by: ", "Suppressed: ", "Wrapped by: ", "... ", "--- End of ", "Node.js v", "Emitted '", "at ", "Thrown at:", "[cause]", "---> ", "Uncaught:", "(Use `node "} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return bytes.Equal(line, []byte("Caused by:")) || bytes.Equal(line, []byte("Stack backtrace:")) // error reports of Rust
}

// isFrameLine tells of frames that stand at the beginning of a line: of Firefox
// and Safari, of Ruby, and of Dart's terse form. It runs for every line without a
// header, so that the last byte decides first.
func isFrameLine(line []byte) bool {
	switch last := line[len(line)-1]; {
	case last == '\'':
		return trace.IsRubyFrame(line) && !trace.IsRubyHead(line)
	case (last == ']' || last >= '0' && last <= '9') && trace.IsSpiderFrame(line):
		return true
	}
	return (line[0] == 'p' || line[0] == 'd' || line[0] == 'f' || line[0] == '/') && trace.IsTerseDart(line)
}

// isRubyLog tells of the lines of Ruby's logger: "E, [2026-11-23T15:20:35.956826 #6482] ERROR -- : ".
func isRubyLog(line []byte) bool {
	return len(line) > 4 && line[1] == ',' && line[2] == ' ' && line[3] == '[' && bytes.IndexByte([]byte("DIWEFA"), line[0]) >= 0
}

// isSignal tells of the line that Go prints first on a fatal signal: "SIGQUIT: quit".
func isSignal(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(": "))
	return ok && len(name) > 3 && len(name) < 12 && hasPrefix(name, "SIG") && len(bytes.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 0
}

// isErlangHeader: "=CRASH REPORT==== 23-Nov-2026::15:20:45.787941 ===".
func isErlangHeader(line []byte) bool {
	return line[0] == '=' && bytes.Contains(line[:min(len(line), 40)], []byte(" REPORT==== "))
}

// isElixirLine tells of what Elixir writes below the frames of a process that crashed.
func isElixirLine(line []byte) bool {
	for _, prefix := range []string{"** (", "Last message", "State: ", "Client ", "Function: ", "Initial Call: ", "Ancestors: ", "Message Queue", "Queued messages: "} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

func isNumberedLine(line []byte) bool {
	for _, prefix := range []string{"#", "Stack trace:", "PHP Stack trace:", "PHP   ", "stack backtrace:", "note: ", "{main}", "thrown in", "Next ", "<asynchronous suspension>"} {
		if hasPrefix(line, prefix) {
			return true
		}
	}
	return false
}

// isClosing tells of a line of closing brackets only.
func isClosing(line []byte) bool { return len(line) <= 8 && len(bytes.Trim(line, "})];,")) == 0 }

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
