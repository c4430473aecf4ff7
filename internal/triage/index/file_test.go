package index

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scanned reads functions and all literals.
func scanned(path, content string) *File {
	lang := LanguageOf(path)
	f := lang.scan([]byte(content), scanTokens(content, lang.syntax))
	f.sort()
	return f
}

// outline renders functions as "name start-end".
func outline(s *File) []string {
	var out []string
	for _, f := range s.Functions {
		if !f.Declaration {
			out = append(out, fmt.Sprintf("%s %d-%d", f.Name, f.Start, f.End))
		}
	}
	return out
}

func texts(s *File) []string {
	var out []string
	for _, l := range s.Literals {
		out = append(out, fmt.Sprintf("%d:%s", l.Start, l.Text))
	}
	return out
}

func TestScanLanguages(t *testing.T) {
	t.Parallel()
	f := func(path, content string, functions, literals []string) {
		t.Helper()
		s := scanned(path, content)
		if diff := cmp.Diff(functions, outline(s)); diff != "" {
			t.Errorf("%s: functions:\n%s", path, diff)
		}
		if diff := cmp.Diff(literals, texts(s)); diff != "" {
			t.Errorf("%s: literals:\n%s", path, diff)
		}
	}
	f("a.go", "package a\n\nimport \"fmt\"\n\nvar e = \"top\"\n\nfunc (t *T) A(x int) error {\n\treturn fmt.Errorf(`b%d`+\n\t\t\"c\\n\", x)\n}\n",
		[]string{"A 7-10"}, []string{"5:top", "8:b%d", "9:c\n"})
	f("broken.go", "package a\nfunc A() {\n\tx(\"lit\"\n", []string{"A 2-4"}, []string{"3:lit"})
	f("a.py", "import os\n\nclass A:\n    \"\"\"Doc\n    string.\"\"\"\n\n    def one(self,\n            x):\n        raise E('bad')\n\n    async def two(self):\n        def inner():\n            return f\"x {1}\"\n        return inner\n\ny = 'end'  # 'no'\n",
		[]string{"one 7-9", "two 11-14", "inner 12-13"}, []string{"4:Doc\n    string.", "9:bad", "13:x {1}", "16:end"})
	f("a.js", "// 'no'\nfunction one(a) {\n  if (a) { log('x \\'y\\''); }\n}\nconst two = async (b) => {\n  return `t ${b}\n  u`;\n};\nclass C {\n  three(x) {\n    return /a\"b/.test(x) ? \"q\" : x / 2;\n  }\n}\nmodule.exports = { four: function() { return 1; } };\n",
		[]string{"one 2-4", "two 5-8", "three 10-12", "four 14-14"}, []string{"3:x 'y'", "6:t ${b}\n  u", "11:q"})
	f("A.java", "package a;\n/* \"no\" */\npublic class A {\n    @Override\n    public int get(String k) throws E {\n        for (int i = 0; i < 3; i++) {\n            throw new E(\"bad \" + k);\n        }\n    }\n}\n",
		[]string{"get 5-9"}, []string{"7:bad "})
	f("a.rs", "impl A {\n    pub fn run<'a>(&'a self) -> Result<(), E> {\n        bail!(\"no {}\", 1)\n    }\n}\n", []string{"run 2-4"}, []string{"3:no {}"})
	f("a.php", "<?php\nfunction load($x) {\n    throw new E(\"no $x\");\n}\n", []string{"load 2-4"}, []string{"3:no $x"})
	f("A.cs", "class A {\n    public async Task<int> Get(int x)\n    {\n        throw new E($\"no {x}\");\n    }\n}\n", []string{"Get 2-5"}, []string{"4:no {x}"})
	f("a.rb", "class A\n  def self.run(x)\n    raise \"bad #{x}\" if x\n  end\n\n  def ok?\n    true\n  end\nend\n", []string{"run 2-4", "ok? 6-8"}, []string{"3:bad #{x}"})
}

func TestCallsAreKnownByName(t *testing.T) {
	t.Parallel()
	f := func(path, content, function string, want ...string) {
		t.Helper()
		s := scanned(path, content)
		found := s.FunctionsNamed(function)
		if len(found) != 1 {
			t.Fatalf("%s: %d functions named %s", path, len(found), function)
		}
		for _, name := range want {
			if !found[0].Mentions(name) {
				t.Errorf("%s: %s does not use %s: %v", path, function, name, found[0].Uses)
			}
		}
	}
	f("a.go", "package a\nfunc A() { b(); c.Dee(errGone) }\n", "A", "Dee", "errGone")
	f("a.py", "def a():\n    return load(x.find(1))\n", "a", "load", "find")
	f("a.ts", "export const a = (x: number): string => {\n  return load(this.find(x));\n}\n", "a", "load", "find")
}

func TestFunctionAtPrefersTheInnermost(t *testing.T) {
	t.Parallel()
	s := scanned("a.py", "class A:\n    x = 1\n    def f(self):\n        def g():\n            pass\n        return g\n")
	f := func(line int, want string) {
		t.Helper()
		got := ""
		if function := s.FunctionAt(line); function != nil {
			got = function.Name
		}
		if got != want {
			t.Errorf("FunctionAt(%d) = %q, want %q", line, got, want)
		}
	}
	f(2, "A")
	f(3, "f")
	f(5, "g")
	f(6, "f")
	f(9, "")
}

func TestIsComment(t *testing.T) {
	t.Parallel()
	f := func(path, line string, want bool) {
		t.Helper()
		if got := LanguageOf(path).IsComment(line); got != want {
			t.Errorf("%s: IsComment(%q) = %v", path, line, got)
		}
	}
	f("a.go", "  // x", true)
	f("a.go", "", true)
	f("a.go", "//go:embed x", false)
	f("a.go", "*p = 1", false)
	f("a.java", " * x", true)
	f("a.py", "# x", true)
	f("a.py", "#!/usr/bin/python", false)
	f("a.py", "x = 1  # y", false)
	f("a.yaml", "# x", false)
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"package a\nfunc A() { x(\"y\") }", "def a():\n  '''x", "function a() { /* `", "class A\n def b\n end\nend", "}}}}{{{{", "'\\", "\"\"\"\\\"\"\"", "/[/", "`\\",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		lines := strings.Count(content, "\n") + 1
		for _, path := range []string{"a.go", "a.py", "a.js", "a.rb", "a.php"} {
			s := scanned(path, content)
			for _, function := range s.Functions {
				if function.Start < 1 || function.End < function.Start || function.End > lines+1 {
					t.Fatalf("%s: %s has lines %d-%d of %d", path, function.Name, function.Start, function.End, lines)
				}
			}
			for _, l := range s.Literals {
				if l.Start < 1 || l.End < l.Start || l.End > lines+1 {
					t.Fatalf("%s: literal at %d-%d of %d", path, l.Start, l.End, lines)
				}
			}
		}
	})
}
