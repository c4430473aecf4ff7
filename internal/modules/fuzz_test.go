package modules

import (
	"strings"
	"testing"
	"unicode"
)

// fuzzReader feeds one reader with files that look like the given ones: it must
// come back, and what it gives must be names.
func fuzzReader(f *testing.F, name string, read func(*names, string, []byte), seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var n names
		read(&n, name, text)
		for _, all := range [][]string{n.built, n.inherited, n.declared, n.packages} {
			for _, got := range all {
				if got == "" || len(got) > 2*maxName || strings.ContainsFunc(got, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
					t.Errorf("%q is no name", got)
				}
			}
		}
	})
}

func FuzzGoMod(f *testing.F) {
	fuzzReader(f, "go.mod", readGoMod, "module example.com/shop\n", "module \"a\" // b", "module (\n\ta\n)")
}

func FuzzPOM(f *testing.F) {
	fuzzReader(f, "pom.xml", readJVM, ownPOM, childPOM, propertyPOM, "<?xml version=\"1.0\" encoding=\"latin1\"?><project><groupId><![CDATA[a.b]]></groupId>", "<a><b></a></b>", `<!DOCTYPE x [<!ENTITY a "b">]><project><groupId>&a;.c</groupId></project>`)
}

func FuzzGradle(f *testing.F) {
	fuzzReader(f, "build.gradle", readJVM, "group = 'com.acme'\n", "group \"a.b\"", "group('a.b'", "group")
}

func FuzzGradleProperties(f *testing.F) {
	fuzzReader(f, "gradle.properties", readJVM, "group=com.acme\nGROUP = a.b", "=", "group")
}

func FuzzPackage(f *testing.F) {
	fuzzReader(f, "A.java", readPackage, "package com.acme.shop;", "/* package a;\n*/ package `in`.b", "package\ta", "/*")
}

func FuzzProject(f *testing.F) {
	fuzzReader(f, "a/Shop Api.csproj", readProject, project, "<Project><PropertyGroup><RootNamespace>A.$(MSBuildProjectName)</RootNamespace></PropertyGroup></Project>")
}

func FuzzNamespace(f *testing.F) {
	fuzzReader(f, "A.cs", readNamespace, "namespace Acme.Shop;", "using X;\nnamespace A { }", "namespace global")
}

func FuzzMix(f *testing.F) {
	fuzzReader(f, "mix.exs", readMix, "[app: :shop, deps: [{:phoenix, \"~> 1\"}, {:a}]]", "app: :_", "{:")
}

func FuzzDefmodule(f *testing.F) {
	fuzzReader(f, "a.ex", readDefmodule, "defmodule Shop.Store do", "defmodule A, do: nil", "defmodule ", "defmodule .")
}

func FuzzComposer(f *testing.F) {
	fuzzReader(f, "composer.json", readComposer, `{"autoload":{"psr-4":{"A\\B\\":"src","":[]},"psr-0":{"C":1}}}`, `{"autoload":[]}`, "[[[")
}

func FuzzPubspec(f *testing.F) {
	fuzzReader(f, "pubspec.yaml", readPubspec, "name: shop\n", "name: 'a' # b", "name:", "\"name\": x")
}
