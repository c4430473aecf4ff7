package pipeline_test

import (
	"fmt"
	"strings"
)

// repairCase is a repository with a bug that a deploy brought.
type repairCase struct {
	name, language string
	function       string // that fails
	file           string // with one %s: the line that the culprit changes
	good, bad      string // the line before the culprit, and after
	fixed          string // the line as the good agent writes it
	usual, failing string // calls of the function, the second fails with the bad line
	message        string // of the exception, as the runtime prints it
	migration      bool   // the culprit holds one: a revert is not right
}

// repairCases are four each in Go, Python and JavaScript.
func repairCases() []repairCase {
	return []repairCase{
		{name: "index behind the end", language: "go", function: "Last", good: "return list[len(list)-1]", bad: "return list[len(list)]", fixed: "return list[len(list)-1] // the last one",
			file: "package shop\n\n// Last gives the newest price.\nfunc Last(list []int) int {\n\tif len(list) < 2 {\n\t\treturn 0\n\t}\n\t%s\n}\n", usual: "Last(nil)", failing: "Last([]int{1, 2})", message: "panic: runtime error: index out of range [2] with length 2"},
		{name: "nil map", language: "go", function: "Count", good: "seen := map[string]int{}", bad: "var seen map[string]int", fixed: "seen := make(map[string]int)",
			file: "package shop\n\n// Count counts words.\nfunc Count(words []string) int {\n\t%s\n\tfor _, w := range words {\n\t\tseen[w]++\n\t}\n\treturn len(seen)\n}\n", usual: "Count(nil)", failing: "Count([]string{\"a\"})", message: "panic: assignment to entry in nil map"},
		{name: "nil pointer", language: "go", function: "Total", good: "if o == nil || o.Price == nil {", bad: "if o == nil {", fixed: "if o == nil || o.Price == nil { // no price yet",
			file: "package shop\n\n// Order may have no price yet.\ntype Order struct{ Price *int }\n\n// Total gives what is to be paid.\nfunc Total(o *Order) int {\n\t%s\n\t\treturn 0\n\t}\n\treturn *o.Price\n}\n", usual: "Total(nil)", failing: "Total(&Order{})", message: "panic: runtime error: invalid memory address or nil pointer dereference"},
		{name: "division by zero", language: "go", function: "Share", good: "if parts <= 0 {", bad: "if parts < 0 {", fixed: "if parts < 1 {", migration: true,
			file: "package shop\n\n// Share divides a sum.\nfunc Share(sum, parts int) int {\n\t%s\n\t\treturn 0\n\t}\n\treturn sum / parts\n}\n", usual: "Share(4, 2)", failing: "Share(4, 0)", message: "panic: runtime error: integer divide by zero"},

		{name: "empty number", language: "python", function: "quantity", good: "return int(text or 0)", bad: "return int(text)", fixed: "return int(text) if text else 0",
			file: "def quantity(text):\n    %s\n", usual: "quantity('2')", failing: "quantity('')", message: "ValueError: invalid literal for int() with base 10: ''"},
		{name: "division by zero", language: "python", function: "average", good: "return sum(values) / max(len(values), 1)", bad: "return sum(values) / len(values)", fixed: "return sum(values) / (len(values) or 1)",
			file: "def average(values):\n    %s\n", usual: "average([1])", failing: "average([])", message: "ZeroDivisionError: division by zero"},
		{name: "none", language: "python", function: "greeting", good: "return 'hello ' + (name or 'you')", bad: "return 'hello ' + name", fixed: "return 'hello ' + (name if name else 'you')",
			file: "def greeting(name):\n    %s\n", usual: "greeting('ada')", failing: "greeting(None)", message: "TypeError: can only concatenate str (not \"NoneType\") to str"},
		{name: "index out of range", language: "python", function: "newest", good: "return orders[-1] if orders else None", bad: "return orders[-1]", fixed: "return orders[-1] if len(orders) > 0 else None", migration: true,
			file: "def newest(orders):\n    %s\n", usual: "newest([1])", failing: "newest([])", message: "IndexError: list index out of range"},

		{name: "property of undefined", language: "javascript", function: "city", good: "return user.address ? user.address.city : ''", bad: "return user.address.city", fixed: "return user.address?.city ?? ''",
			file: "function city(user) {\n  %s\n}\nmodule.exports = { city }\n", usual: "city({ address: { city: 'x' } })", failing: "city({})", message: "TypeError: Cannot read properties of undefined (reading 'city')"},
		{name: "not a function", language: "javascript", function: "titled", good: "return String(name).toUpperCase()", bad: "return name.toUpperCase()", fixed: "return `${name}`.toUpperCase()",
			file: "function titled(name) {\n  %s\n}\nmodule.exports = { titled }\n", usual: "titled('a')", failing: "titled(5)", message: "TypeError: name.toUpperCase is not a function"},
		{name: "invalid length", language: "javascript", function: "stars", good: "return '*'.repeat(Math.max(n, 0))", bad: "return '*'.repeat(n)", fixed: "return '*'.repeat(n > 0 ? n : 0)",
			file: "function stars(n) {\n  %s\n}\nmodule.exports = { stars }\n", usual: "stars(2)", failing: "stars(-1)", message: "RangeError: Invalid count value: -1"},
		{name: "bad json", language: "javascript", function: "parsed", good: "return text ? JSON.parse(text) : null", bad: "return JSON.parse(text)", fixed: "return text === '' ? null : JSON.parse(text)", migration: true,
			file: "function parsed(text) {\n  %s\n}\nmodule.exports = { parsed }\n", usual: "parsed('1')", failing: "parsed('')", message: "SyntaxError: Unexpected end of JSON input"},
	}
}

func (c repairCase) source() string {
	return map[string]string{"go": "shop/shop.go", "python": "store/shop.py", "javascript": "store/shop.js"}[c.language]
}

// test is a file of tests that makes one call.
func (c repairCase) test(name, call string) (path, text string) {
	switch c.language {
	case "go":
		return "shop/" + strings.ToLower(name) + "_test.go", fmt.Sprintf("package shop\n\nimport \"testing\"\n\nfunc Test%s(t *testing.T) {\n\tt.Log(%s)\n}\n", name, call)
	case "python":
		return "test_" + strings.ToLower(name) + ".py", fmt.Sprintf("import unittest\n\nfrom store.shop import %s\n\n\nclass %s(unittest.TestCase):\n    def test_call(self):\n        %s\n", c.function, name, call)
	}
	return strings.ToLower(name) + ".test.js", fmt.Sprintf("const test = require('node:test')\nconst { %s } = require('./store/shop.js')\n\ntest('%s', () => {\n  %s\n})\n", c.function, name, call)
}

// dials is a test that tries to reach an address, whatever comes of it.
func (c repairCase) dials(address string) (path, text string) {
	switch c.language {
	case "go":
		return "shop/net_test.go", fmt.Sprintf("package shop\n\nimport (\n\t\"net\"\n\t\"testing\"\n)\n\nfunc TestNet(t *testing.T) {\n\tconnection, err := net.Dial(\"tcp\", %q)\n\tt.Log(connection, err)\n}\n", address)
	case "python":
		host, port, _ := strings.Cut(address, ":")
		return "test_net.py", fmt.Sprintf("import socket\nimport unittest\n\n\nclass Net(unittest.TestCase):\n    def test_net(self):\n        socket.socket().connect_ex(('%s', %s))\n", host, port)
	}
	host, port, _ := strings.Cut(address, ":")
	return "net.test.js", fmt.Sprintf("const test = require('node:test')\n\ntest('net', () => new Promise((done) => {\n  require('node:net').connect(%s, '%s').on('error', done).on('connect', done)\n}))\n", port, host)
}

func (c repairCase) verify() string {
	return map[string]string{"go": "go test ./...", "python": "python3 -m unittest 2>&1", "javascript": "node --test ."}[c.language]
}

// probe is a program that makes the failing call, and the command that runs it.
func (c repairCase) probe() (path, text, command string) {
	switch c.language {
	case "go":
		call := strings.ReplaceAll("shop."+c.failing, "&Order", "&shop.Order")
		return "cmd/probe/main.go", fmt.Sprintf("package main\n\nimport \"example.com/shop/shop\"\n\nfunc main() {\n\tprintln(%s)\n}\n", call), "go run ./cmd/probe"
	case "python":
		return "probe.py", fmt.Sprintf("from store.shop import %s\n\n%s\n", c.function, c.failing), "python3 probe.py"
	}
	return "probe.js", fmt.Sprintf("const { %s } = require('./store/shop.js')\n\n%s\n", c.function, c.failing), "node probe.js"
}

// logged is what the service writes when it fails.
func (c repairCase) logged() string {
	text := fmt.Sprintf(c.file, c.bad)
	line := strings.Count(text[:strings.Index(text, c.bad)], "\n") + 1
	switch c.language {
	case "go":
		return fmt.Sprintf("%s\n\ngoroutine {n} [running]:\nexample.com/shop/shop.%s(...)\n\t/src/shop/shop.go:%d +0x1d\nmain.main()\n\t/src/main.go:11 +0x2b\n", c.message, c.function, line)
	case "python":
		return fmt.Sprintf("Traceback (most recent call last):\n  File \"/srv/main.py\", line 4, in <module>\n  File \"/srv/store/shop.py\", line %d, in %s\n    %s\n%s\n", line, c.function, c.bad, c.message)
	}
	return fmt.Sprintf("%s\n    at %s (/srv/store/shop.js:%d:10)\n    at Object.<anonymous> (/srv/main.js:4:1)\n", c.message, c.function, line)
}
