package modules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tree is a small repository: content by path.
type tree map[string]string

// files lists them in an order that differs from run to run.
func (t tree) files() []File {
	var files []File
	for name, text := range t {
		files = append(files, File{Path: name, Size: int64(len(text))})
	}
	return files
}

func (t tree) read(paths []string, limit int64, f func(string, []byte)) error {
	for _, name := range paths {
		if text, ok := t[name]; ok && int64(len(text)) <= limit {
			f(name, []byte(text))
		}
	}
	return nil
}

func (t tree) find(tb testing.TB) []string {
	tb.Helper()
	found, err := Find(t.files(), t.read)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

const (
	ownPOM      = "<project><groupId>com.acme</groupId><artifactId>shop</artifactId></project>"
	childPOM    = "<project><parent><groupId>com.acme</groupId></parent><artifactId>store</artifactId></project>"
	springPOM   = "<project><parent><groupId>org.springframework.boot</groupId></parent><artifactId>shop</artifactId></project>"
	propertyPOM = "<project><properties><owner>com.acme</owner></properties><groupId>${owner}</groupId></project>"
	project     = `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>`
)

func TestFind(t *testing.T) {
	t.Parallel()
	f := func(name string, repository tree, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, repository.find(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	f("nothing", tree{"README.md": "module x"})
	f("go", tree{"go.mod": "module example.com/shop // ours\n\ngo 1.26\n", "tools/go.mod": "module \"example.com/tools\"\n", "main.go": "package main"},
		"example.com/shop", "example.com/tools")
	f("go, other people's", tree{"go.mod": "module example.com/shop", "vendor/x/go.mod": "module x", "a/testdata/go.mod": "module y", "third_party/z/go.mod": "module z"},
		"example.com/shop")
	f("go, nested modules", tree{"go.mod": "module example.com/shop", "api/go.mod": "module example.com/shop/api", "x/go.mod": "module example.com/shopping"},
		"example.com/shop", "example.com/shopping")

	f("maven", tree{"pom.xml": ownPOM, "src/main/java/com/acme/shop/Main.java": "package com.acme.shop;"}, "com.acme")
	f("maven, no sources seen", tree{"pom.xml": ownPOM}, "com.acme")
	f("maven, the parent's group", tree{"pom.xml": childPOM, "src/main/java/com/acme/shop/Main.java": "package com.acme.shop;"}, "com.acme")
	f("maven, a framework for a parent", tree{"pom.xml": springPOM, "src/main/java/com/acme/shop/Main.java": "package com.acme.shop;"}, "com.acme.shop")
	f("maven, a framework for a parent, no sources seen", tree{"pom.xml": springPOM})
	f("maven, a property", tree{"pom.xml": propertyPOM}, "com.acme")
	f("maven, a group that is no package", tree{"pom.xml": ownPOM, "src/main/java/io/acme/shop/Main.java": "package io.acme.shop;"}, "io.acme.shop")
	f("maven, several modules", tree{
		"pom.xml": ownPOM, "store/pom.xml": childPOM, "legacy/pom.xml": "<project><groupId>net.oldshop.core</groupId></project>",
		"store/src/main/java/com/acme/store/Store.java":  "package com.acme.store;",
		"legacy/src/main/java/net/oldshop/core/Old.java": "package net.oldshop.core;",
		"legacy/src/main/java/net/oldshop/mail/M.java":   "package net.oldshop.mail;",
	}, "com.acme", "net.oldshop.core", "net.oldshop.mail")
	f("gradle", tree{"build.gradle": "plugins { id 'java' }\n\ngroup = 'com.acme'\nversion = '1'\n", "app/src/main/java/com/acme/A.java": "package com.acme;"}, "com.acme")
	f("gradle, other spellings", tree{"a/build.gradle.kts": "allprojects {\n  group = \"com.acme\"\n}", "b/build.gradle": "group 'net.acme'", "gradle.properties": "group=org.acme\n"}, "com.acme", "net.acme", "org.acme")
	f("gradle, the group of a task", tree{"build.gradle": "tasks.register('x') {\n  group = 'build'\n  groupId = 'a.b'\n  group = project.name\n}"})
	f("packages alone", tree{
		"src/main/kotlin/shop/Main.kt":         "/*\n * package not.this\n */\n@file:JvmName(\"Main\")\n\npackage com.acme.shop.`in`\n",
		"src/main/scala/com/acme/shop/S.scala": "package com.acme.shop.store {\n}",
		"src/main/java/com/acme/shop/J.java":   "// (c)\npackage com.acme.shop ;\n",
		"src/test/java/org/checks/T.java":      "package org.checks;",
	}, "com.acme.shop")
	f("packages of hosts", tree{"a/A.java": "package io.github.ann.shop;", "b/B.java": "package io.github.ben.mail;"}, "io.github.ann.shop", "io.github.ben.mail")
	f("patched classes of a library", tree{
		"a/A.java": "package com.acme.shop.a;", "b/B.java": "package com.acme.shop.b;", "c/C.java": "package com.acme.shop.c;",
		"p/P.java": "package org.apache.http;", "q/Q.java": "package org.apache.poi;", "r/R.java": "package java.util;",
	}, "com.acme.shop", "org.apache.http", "org.apache.poi")
	f("no package", tree{"A.java": "class A {}", "b/B.java": "package io;"})

	f("dotnet", tree{"Shop.Api/Shop.Api.csproj": project}, "Shop.Api")
	f("dotnet, named namespaces", tree{
		"a/a.csproj": `<Project><PropertyGroup><RootNamespace>Acme.Shop</RootNamespace><AssemblyName>x</AssemblyName></PropertyGroup></Project>`,
		"b/b.csproj": `<Project><PropertyGroup><AssemblyName>Acme.Mail</AssemblyName></PropertyGroup></Project>`,
		"c/c.csproj": `<Project><PropertyGroup><RootNamespace>Acme.$(MSBuildProjectName)</RootNamespace></PropertyGroup></Project>`,
		"d/d.fsproj": `<Project><PropertyGroup><RootNamespace>$(Company).D</RootNamespace></PropertyGroup></Project>`,
	}, "Acme.Mail", "Acme.Shop", "Acme.c", "d")
	f("dotnet, sources have the last word", tree{
		"api/api.csproj": project, "api/Program.cs": "using System;\n\nConsole.WriteLine();\n",
		"api/Controllers/Pay.cs": "\ufeffusing System;\n\nnamespace Acme.Shop.Api.Controllers;\n\nclass Pay {}",
		"api/Start/Extend.cs":    "namespace Microsoft.Extensions.DependencyInjection\n{\n}",
		"api/Stock/Stock.fs":     "namespace rec Acme.Shop.Stock\n",
		"api/Store/Store.cs":     "namespace Acme.Shop.Api.Store { }",
	}, "Acme.Shop.Api")

	f("elixir", tree{"mix.exs": "defmodule Shop.MixProject do\n  def project, do: [app: :shop_floor, deps: deps()]\nend"}, "ShopFloor")
	f("elixir, an umbrella", tree{
		"apps/shop/mix.exs":             "[app: :shop]\n[{:phoenix, \"~> 1.7\"}]",
		"apps/shop_web/mix.exs":         "[app: :shop_web]\n[{:shop, in_umbrella: true}, {:ex_aws, \">= 0\"}]",
		"apps/shop/lib/shop/store.ex":   "# it\ndefmodule Shop.Store do\nend",
		"apps/shop_web/lib/router.ex":   "defmodule ShopWeb.Router do\nend",
		"apps/shop_web/lib/socket.ex":   "defmodule Phoenix.Socket.Ours do\nend",
		"apps/shop_web/lib/aws.ex":      "defmodule ExAws.Ours do\nend",
		"apps/shop/lib/mix/tasks/x.ex":  "defmodule Mix.Tasks.X do\nend",
		"apps/shop/lib/acme/mail.ex":    "defmodule Acme.Mail, do: nil",
		"apps/shop/src/shop_lexer.erl":  "-module(shop_lexer).",
		"apps/shop/lib/shop/nothing.ex": "import Config",
	}, "Acme", "Shop", "ShopWeb")

	f("php", tree{"composer.json": `{"autoload":{"psr-4":{"Acme\\Shop\\":"src/","":"fallback/","App\\":["a","b"]}},"autoload-dev":{"psr-4":{"Tests\\":"tests/"}}}`,
		"vendor/a/composer.json": `{"autoload":{"psr-4":{"Monolog\\":"src"}}}`}, `Acme\Shop`, "App")
	f("dart", tree{"pubspec.yaml": "# our shop\nname: shop_app # short\ndependencies:\n  name: x\n"}, "shop_app")

	f("judged by their paths", tree{"package.json": `{"name":"net"}`, "pyproject.toml": "[project]\nname = \"app\"", "Cargo.toml": "[package]\nname = \"io\"", "app/__init__.py": ""})
	f("several languages", tree{"go.mod": "module example.com/shop", "web/pom.xml": ownPOM}, "com.acme", "example.com/shop")
	f("go without a module", tree{"main.go": "", "b/b.go": "", "pom.xml": ownPOM, "A.java": "package com.acme;"})
	f("a little go without a module", tree{"tool.go": "", "pom.xml": ownPOM, "A.java": "package com.acme;", "b/B.java": "package com.acme.b;"}, "com.acme")
}

// TestFindIsBounded: of a repository that is made to be large a part is read.
func TestFindIsBounded(t *testing.T) {
	t.Parallel()
	var files []File
	for i := range 20_000 {
		files = append(files, File{Path: fmt.Sprintf("m%d/pom.xml", i), Size: 100}, File{Path: fmt.Sprintf("m%d/A.java", i), Size: 100},
			File{Path: fmt.Sprintf("large/L%d.java", i), Size: 1 << 30}, File{Path: fmt.Sprintf("one/O%d.java", i)})
	}
	asked := 0
	found, err := Find(files, func(paths []string, limit int64, f func(string, []byte)) error {
		asked = len(paths)
		if limit > 1<<20 {
			t.Errorf("files of %d bytes are read", limit)
		}
		for i, name := range paths {
			text := fmt.Sprintf("<project><groupId>g%d.acme</groupId></project>", i)
			if strings.HasSuffix(name, ".java") {
				text = fmt.Sprintf("package p%d.acme.x%d;", i, i)
			}
			f(name, []byte(text))
		}
		return nil
	})
	if err != nil || asked > maxBuildFiles+maxSources || len(found) != maxModules {
		t.Errorf("%d files were read, %d modules found: %v", asked, len(found), err)
	}
}

func TestFindReportsWhatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := Find(nil, func([]string, int64, func(string, []byte)) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestEveryDeclaredNameIsOwn: whatever packages a repository has, each lies in a
// module (or its frames would vanish beside those of others), and no order of
// files matters.
func TestEveryDeclaredNameIsOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.SampledFrom([]string{"com", "acme", "shop", "io", "github", "ann", "store", "apache"})
		names := rapid.SliceOfN(rapid.SliceOfN(label, 2, 5), 1, 20).Draw(t, "packages")
		group := strings.Join(rapid.SliceOfN(label, 2, 3).Draw(t, "group"), ".")
		repository := tree{"pom.xml": "<project><groupId>" + group + "</groupId></project>"}
		for i, labels := range names {
			repository[fmt.Sprintf("src/main/java/%d/A.java", i)] = "package " + strings.Join(labels, ".") + ";"
		}
		files := repository.files()
		found, err := Find(files, repository.read)
		if err != nil {
			t.Fatal(err)
		}
		for _, labels := range names {
			if name := strings.Join(labels, "."); !withinAny(name, found) {
				t.Fatalf("%s is in none of %v", name, found)
			}
		}
		again, err := Find(rapid.Permutation(files).Draw(t, "order"), repository.read)
		if diff := cmp.Diff(found, again); diff != "" || err != nil {
			t.Fatalf("the order matters: %v\n%s", err, diff)
		}
	})
}
