package repair

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfheal/internal/git"
	"selfheal/internal/redact"
)

var plainFile = git.TreeEntry{Mode: "100644", ID: "a"}

// testGuards are those of the defaults.
func testGuards() Guards {
	return Guards{
		MaxLines: DefaultMaxLines, MaxFiles: DefaultMaxFiles, Redact: redact.New().String,
		Commands: []string{"cd x && sh ./scripts/smoke.sh", "make test"},
	}
}

// changed, created and removed make edits of plain files.
func changed(path, old, new string) edit {
	return edit{path: path, before: plainFile, after: plainFile, old: []byte(old), new: []byte(new), lines: 2}
}

func created(path, text string) edit {
	e := changed(path, "", text)
	e.before = git.TreeEntry{}
	return e
}

func removed(path, text string) edit {
	e := changed(path, text, "")
	e.after = git.TreeEntry{}
	return e
}

// places are refusals without their reasons: "guard path:line", with - before a line of the old text.
func places(all []Refusal) []string {
	var short []string
	for _, r := range all {
		line := ""
		if r.Line > 0 {
			line = fmt.Sprintf(":%d", r.Line)
		}
		if r.Old {
			line = ":-" + line[1:]
		}
		if r.Why == "" {
			line += " without a reason"
		}
		short = append(short, strings.TrimSpace(r.Guard+" "+r.Path+line))
	}
	return short
}

func TestGuards(t *testing.T) {
	t.Parallel()
	f := func(name string, edits []edit, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, places(testGuards().inspect(edits))); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
	one := func(e edit) []edit { return []edit{e} }
	mode := func(e edit, before, after string) []edit {
		e.before.Mode, e.after.Mode = before, after
		return []edit{e}
	}
	huge := changed("a.go", "", "")
	huge.oversized = true
	long := changed("a.go", "x", "y")
	long.lines = DefaultMaxLines + 1

	f("a fix", one(changed("prices/find.go", "a\nb\n", "a\nc\n")))
	f("nothing", nil)
	f("too many lines", one(long), "too-large")
	f("too many files", slices.Repeat(one(created("a.go", "x\n")), DefaultMaxFiles+1), "too-large")
	f("a huge file", one(huge), "too-large a.go")
	f("a huge line", one(changed("a.go", "x\n", strings.Repeat("x", maxGuarded-1)+"\n")))

	for _, path := range []string{
		".github/workflows/ci.yml", ".github/actions/x/action.yml", ".GitHub/Workflows/ci.yml", ".gitlab-ci.yml", ".gitea/workflows/a.yaml", ".forgejo/workflows/a.yaml",
		".circleci/config.yml", ".travis.yml", "Jenkinsfile", "sub/azure-pipelines.yml", ".drone.yml", ".woodpecker/test.yaml", ".buildkite/pipeline.yml", "bitbucket-pipelines.yml", "cloudbuild.yaml",
		"CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS", "selfheal.yaml", "selfheal.yml",
		".githooks/pre-commit", ".husky/pre-push", ".pre-commit-config.yaml", ".gitmodules", ".gitattributes", "x/.git/hooks/post-checkout", "git~1/config",
		".env", "deploy/.env.production", "server.pem", "id_ed25519", ".npmrc",
		"Makefile", "sub/tox.ini", "jest.config.js", "tests/conftest.py", "pytest.ini", "sitecustomize.py", ".mvn/jvm.config", ".rspec", "AGENTS.md", ".claude/settings.json",
		"../outside.go", "/etc/passwd", `..\outside.go`, "a/./b.go", "new\nline.go", "rtl\u202egnp.go",
	} {
		f("path "+path, one(created(path, "x\n")), "forbidden-path "+path)
	}
	f("paths that only look like it", []edit{created("github/workflows.go", "x\n"), created("environment.go", "x\n"), created("docs/makefiles.md", "x\n"), created("codeowners/find.go", "x\n")})
	f("a script of the proof", one(changed("scripts/smoke.sh", "exit 1\n", "exit 0\n")), "forbidden-path scripts/smoke.sh")
	f("another script", one(changed("scripts/other.sh", "a\n", "b\n")))
	f("scripts of a package", one(changed("package.json", `{"scripts": {"test": "jest"}}`, `{"scripts": {"test": "true"}}`)), "forbidden-path package.json")
	f("dependencies of a package", one(changed("package.json", `{"scripts": {"test": "jest"}}`, `{"dependencies": {"x": "1"}, "scripts": {"test":"jest"}}`)))
	f("a package that cannot be read", one(changed("package.json", `{"scripts": {}}`, `{"scripts": `)), "forbidden-path package.json")
	f("tests of a Python project", one(changed("pyproject.toml", "[tool.pytest.ini_options]\nx = 1\n", "[tool.pytest.ini_options]\nx = 1\naddopts = \"-k nothing\"\n")), "forbidden-path pyproject.toml")
	f("dependencies of a Python project", one(changed("pyproject.toml", "[tool.pytest.ini_options]\nx = 1\n", "[project]\ndependencies = [\n\"x\"]\n[tool.pytest.ini_options]\nx = 1\n")))
	f("tests that Maven leaves out", one(changed("pom.xml", "<project/>", "<project><skipTests>true</skipTests></project>")), "forbidden-path pom.xml")
	f("tests that Gradle leaves out", one(changed("app/build.gradle.kts", "x\n", "tasks.test { enabled = false }\n")), "forbidden-path app/build.gradle.kts")
	f("executable", mode(changed("a.sh", "x\n", "x\n"), "100644", "100755"), "forbidden-path a.sh")
	f("was executable", mode(changed("a.sh", "x\n", "y\n"), "100755", "100755"))
	f("submodule", mode(created("lib", ""), "", "160000"), "forbidden-path lib")
	f("link that leaves", mode(created("a/link", "../../secret"), "", "120000"), "forbidden-path a/link")
	f("absolute link", mode(created("link", "/etc/passwd"), "", "120000"), "forbidden-path link")
	f("link into git", mode(created("link", "sub/../.git/hooks"), "", "120000"), "forbidden-path link")
	f("link that stays", mode(created("a/link", "../b"), "", "120000"))
	f("binary", one(changed("logo.png", "\x89PNG\x00a", "\x89PNG\x00b")), "forbidden-path logo.png")

	f("lockfile alone", []edit{changed("go.sum", "a\n", "b\n"), changed("web/package-lock.json", "1", "2")}, "lockfile-only go.sum")
	f("lockfile with its declaration", []edit{changed("go.sum", "a\n", "b\n"), changed("go.mod", "a\n", "b\n")})

	key := "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq9QhX0bq3l2mS0f1W\nq9QhX0bq3l2mS0f1W7bq9QhX0bq3l2mS0f1\n-----END RSA PRIVATE KEY-----\n"
	secret := "password = \"gQ7x" + "Zp2LmN9vTr4\"\n"
	f("a secret", one(changed("a.py", "x = 1\n", "x = 1\n"+secret)), "secret-added a.py:2")
	f("another secret in the place of one", one(changed("a.py", "password = \"aaaaBBBB11112222\"\n", secret)), "secret-added a.py:1")
	f("a secret of several lines", one(created("a.txt", key)), "secret-added a.txt:1")
	f("a secret that was there", one(changed("a.py", secret, secret+"x = 1\n")))

	f("generated by its name", one(changed("api/shop.pb.go", "a\n", "b\n")), "generated-edited api/shop.pb.go")
	f("generated by what it says", one(changed("a.go", "// Code generated by x. DO NOT EDIT.\na\n", "b\n")), "generated-edited a.go")
	f("vendored", one(changed("vendor/x/x.go", "a\n", "b\n")), "generated-edited vendor/x/x.go")
	f("a migration", one(created("db/migrations/0003_x.sql", "DROP TABLE t;\n")), "migration-edited db/migrations/0003_x.sql")
	f("a versioned migration", one(created("V3__drop.sql", "DROP TABLE t;\n")), "migration-edited V3__drop.sql")

	f("code that asks whether it is tested", one(changed("a.go", "x\n", "x\nif testing.Testing() { return nil }\n")), "test-weakened a.go:2")
	f("the same in Python", one(changed("a.py", "x\n", "if 'pytest' in sys.modules:\n")), "test-weakened a.py:1")

	// A rename is a deletion and an addition.
	test := "package a\n\nfunc TestA(t *testing.T) {\n\tif Find() != 1 {\n\t\tt.Fatal()\n\t}\n}\n"
	f("a rename that hides a deletion", []edit{removed("a_test.go", test), created("a_test.go.txt", test)}, "test-deleted a_test.go")
	f("a fixture of a test", one(changed("testdata/want.json", "1\n", "2\n")), "test-weakened testdata/want.json")
	f("a snapshot", one(changed("src/__snapshots__/a.snap", "1\n", "2\n")), "test-weakened src/__snapshots__/a.snap")
	f("a new fixture", one(created("testdata/more.json", "1\n")))
}

func TestGuardsOfTests(t *testing.T) {
	t.Parallel()
	f := func(name, path, old, new string, want ...string) {
		t.Run(path+" "+name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, places(testGuards().inspect([]edit{changed(path, old, new)}))); diff != "" {
				t.Errorf("refusals (-want +got):\n%s", diff)
			}
		})
	}
	goTest := "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {\n\tif Find(1) != 2 {\n\t\tt.Fatal(\"not 2\")\n\t}\n}\n"
	const goFile = "a_test.go"
	f("a test added", goFile, goTest, goTest+"\nfunc TestB(t *testing.T) {\n\tfor range 3 {\n\t\tt.Fatal()\n\t}\n}\n")
	f("a comment added", goFile, goTest, "// Why.\n"+goTest)
	f("line endings", goFile, goTest, strings.ReplaceAll(goTest, "\n", "\r\n"))
	f("test deleted", goFile, goTest, "package a\n\nimport \"testing\"\n", "test-deleted a_test.go:-5")
	f("test renamed", goFile, goTest, strings.ReplaceAll(goTest, "TestA", "testA"), "test-deleted a_test.go:-5")
	f("test commented out", goFile, goTest, strings.Replace(goTest, "func", "/*\nfunc", 1)+"*/\n", "test-deleted a_test.go:-5")
	f("assertion commented out", goFile, goTest, strings.Replace(goTest, "t.Fatal", "// t.Fatal", 1), "test-weakened a_test.go:-7")
	f("assertion deleted", goFile, goTest, strings.Replace(goTest, "\t\tt.Fatal(\"not 2\")\n", "", 1), "test-weakened a_test.go:-7")
	f("expected value", goFile, goTest, strings.Replace(goTest, "!= 2", "!= 0", 1), "test-weakened a_test.go:6")
	f("skipped", goFile, goTest, strings.Replace(goTest, "\tif", "\tt.Skip()\n\tif", 1), "test-weakened a_test.go:6")
	f("returns before", goFile, goTest, strings.Replace(goTest, "\tif", "\treturn\n\tif", 1), "test-weakened a_test.go:6")
	f("never true", goFile, goTest, strings.Replace(goTest, "\tif", "\tif os.Getenv(\"X\") == \"\" {\n\tif", 1)+"}\n", "test-weakened a_test.go:6")
	f("build tag", goFile, goTest, "//go:build never\n\n"+goTest, "test-weakened a_test.go:1")
	f("TestMain", goFile, goTest, goTest+"func TestMain(m *testing.M) {}\n", "test-weakened a_test.go:10")
	f("huge line", goFile, goTest, goTest+"var x = \""+strings.Repeat("x", 1<<19)+"\"\n")

	pyTest := "import shop\n\n\ndef test_find():\n    want = 2\n    assert shop.find(1) == want\n"
	const pyFile = "tests/test_shop.py"
	f("a test added", pyFile, pyTest, pyTest+"\n\ndef test_more():\n    \"\"\"Several\n    lines.\"\"\"\n    for i in range(3):\n        assert i\n")
	f("test deleted", pyFile, pyTest, "import shop\n", "test-deleted tests/test_shop.py:-4")
	f("xfail", pyFile, pyTest, strings.Replace(pyTest, "def", "@pytest.mark.xfail\ndef", 1), "test-weakened tests/test_shop.py:4")
	f("skip", pyFile, pyTest, strings.Replace(pyTest, "def", "@unittest.skip('flaky')\ndef", 1), "test-weakened tests/test_shop.py:4")
	f("assertion relaxed", pyFile, pyTest, strings.Replace(pyTest, "== want", "is not None", 1), "test-weakened tests/test_shop.py:-6")
	f("expected value in a variable", pyFile, pyTest, strings.Replace(pyTest, "want = 2", "want = 0", 1), "test-weakened tests/test_shop.py:-5")
	f("failure swallowed", pyFile, pyTest, strings.Replace(pyTest, "    assert", "    try:\n        pass\n    except Exception:\n        pass\n    assert", 1), "test-weakened tests/test_shop.py:6", "test-weakened tests/test_shop.py:8")
	f("in a string", pyFile, pyTest, strings.Replace(pyTest, "    assert", "    \"\"\"\n    assert", 1)+"    \"\"\"\n", "test-weakened tests/test_shop.py:-6")

	jsTest := "import { find } from './shop'\n\ndescribe('find', () => {\n  it('finds', () => {\n    expect(find(1)).toBe(2) // http://x\n  })\n})\n"
	const jsFile = "src/shop.test.ts"
	f("a test added", jsFile, jsTest, jsTest+"\nit('finds more', () => {\n  for (const x of [1]) expect(find(x)).toBe(2)\n})\n")
	f("test deleted", jsFile, jsTest, "import { find } from './shop'\n\ndescribe('find', () => {\n})\n", "test-deleted src/shop.test.ts:-4")
	f("only", jsFile, jsTest, jsTest+"it.only('is true', () => {})\n", "test-weakened src/shop.test.ts:8")
	f("skip", jsFile, jsTest, strings.Replace(jsTest, "  it(", "  it.skip(", 1), "test-deleted src/shop.test.ts:-4", "test-weakened src/shop.test.ts:4")
	f("xit", jsFile, jsTest, strings.Replace(jsTest, "  it(", "  xit(", 1), "test-deleted src/shop.test.ts:-4", "test-weakened src/shop.test.ts:4")
	f("assertion relaxed", jsFile, jsTest, strings.Replace(jsTest, "toBe(2)", "toBeDefined()", 1), "test-weakened src/shop.test.ts:-5")
	f("mocked", jsFile, jsTest, "jest.mock('./shop')\n"+jsTest, "test-weakened src/shop.test.ts:1")
	f("early return", jsFile, jsTest, strings.Replace(jsTest, "    expect", "    return\n    expect", 1), "test-weakened src/shop.test.ts:5")

	javaTest := "class ShopTest {\n  @Test\n  void finds() {\n    assertEquals(2, Shop.find(1));\n  }\n}\n"
	const javaFile = "src/test/java/ShopTest.java"
	f("a test added", javaFile, javaTest, strings.TrimSuffix(javaTest, "}\n")+"  @Test\n  void more() {\n    for (;;) { fail(); }\n  }\n}\n")
	f("annotation deleted", javaFile, javaTest, strings.Replace(javaTest, "  @Test\n", "", 1), "test-deleted src/test/java/ShopTest.java:-2")
	f("ignored", javaFile, javaTest, strings.Replace(javaTest, "  @Test\n", "  @Ignore\n  @Test\n", 1), "test-weakened src/test/java/ShopTest.java:2")
	f("disabled", javaFile, javaTest, "@Disabled(\"later\")\n"+javaTest, "test-weakened src/test/java/ShopTest.java:1")
	f("expected value", javaFile, javaTest, strings.Replace(javaTest, "(2,", "(0,", 1), "test-weakened src/test/java/ShopTest.java:-4")

	rubyTest := "describe Shop do\n  it 'finds' do\n    expect(Shop.find(1)).to eq(2)\n  end\nend\n"
	const rubyFile = "spec/shop_spec.rb"
	f("a test added", rubyFile, rubyTest, strings.TrimSuffix(rubyTest, "end\n")+"  it 'finds more' do\n    expect(1).to eq(1) if true\n  end\nend\n")
	f("test deleted", rubyFile, rubyTest, "describe Shop do\nend\n", "test-deleted spec/shop_spec.rb:-2")
	f("pending", rubyFile, rubyTest, strings.Replace(rubyTest, "    expect", "    pending 'x'\n    expect", 1), "test-weakened spec/shop_spec.rb:3")
	f("focus", rubyFile, rubyTest, rubyTest+"fit 'is true' do\nend\n", "test-weakened spec/shop_spec.rb:6")
	f("commented out", rubyFile, rubyTest, "=begin\n"+rubyTest+"=end\n", "test-deleted spec/shop_spec.rb:-2")
	f("expected value", rubyFile, rubyTest, strings.Replace(rubyTest, "eq(2)", "be_truthy", 1), "test-weakened spec/shop_spec.rb:-3")
}

func TestRefusalNamesGuardPathAndLine(t *testing.T) {
	t.Parallel()
	f := func(r Refusal, want string) {
		t.Helper()
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(Refusal{Guard: GuardTooLarge, Why: "x"}, "too-large: x")
	f(Refusal{Guard: GuardTestDeleted, Path: "a\n`b`", Line: 3, Old: true, Why: "x"}, "test-deleted \"a\\n`b`\" line 3 of the deployed revision: x")
}

// What a command may leave behind is hostile; what only adds is never a deletion.
func FuzzGuards(f *testing.F) {
	for _, path := range []string{"a_test.go", "test_a.py", "a.test.ts", "ATest.java", "a_spec.rb", "a.go", "x\ny"} {
		f.Add(path, []byte("def test_a\n\"\"\"\n/* it('a' */ `\n"), []byte("=begin\r\nreturn\n"))
	}
	f.Fuzz(func(t *testing.T, path string, old, new []byte) {
		g := testGuards()
		for _, r := range g.inspect([]edit{changed(path, string(old), string(new))}) {
			if r.Guard == "" || r.Why == "" {
				t.Errorf("refusal %+v", r)
			}
		}
		for _, r := range g.inspect([]edit{changed(path, string(old), string(old))}) {
			if r.Guard == GuardTestDeleted || r.Guard == GuardSecretAdded {
				t.Errorf("nothing changed, and: %s", r)
			}
		}
	})
}
