package config_test

import (
	"bytes"
	"strings"
	"testing"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/channeltest"
	"selfheal/internal/config"
)

const everyChannel = `
channels:
  - {name: console, kind: terminal, notices: [regression, healed]}
  - {name: pager, kind: webhook, url: "https://pager.example.com/in", secret: "${env:PAGER_SECRET}", severity: error, burst: 5, per: 1h}
  - {name: deploys, kind: slack, token: "${env:SLACK_TOKEN}", channel: C0123456789, signing_secret: "${env:SLACK_SIGNING_SECRET}", snooze: 2h}
  - {name: mail, kind: email, server: smtp.example.com, username: selfheal, password: "${env:SMTP_PASSWORD}", from: "selfheal <selfheal@example.com>", to: [ops@example.com], services: [shop], environments: ["prod*"]}
  - {name: discord, kind: chat, address: "${env:CHAT_ADDRESS}"}
`

func TestChannels(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("selfheal.yaml", []byte(everyChannel))
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	getenv := func(name string) string {
		if name == "CHAT_ADDRESS" {
			return "discord://0123456789-token@123456789012345678"
		}
		return environment(name)
	}
	routes, err := c.Routes(config.Surroundings{Getenv: getenv, Terminal: &screen})
	if err != nil || len(routes) != 5 {
		t.Fatalf("%d routes, %v", len(routes), err)
	}
	if r := routes[1]; r.Least != selfheal.SeverityError || r.Burst != 5 || r.Per.String() != "1h0m0s" {
		t.Errorf("%+v", r)
	}
	router, err := channel.New(routes[:1], channel.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range channeltest.Notices() {
		router.Deliver(t.Context(), n)
	}
	if text := screen.String(); strings.Count(text, "REGRESSION FOUND") != 1 || !strings.Contains(text, "HEALED") || strings.Contains(text, "PULL REQUEST READY") {
		t.Errorf("told:\n%s", text)
	}
	if secrets, err := c.SlackSigningSecrets(getenv); err != nil || len(secrets) != 1 {
		t.Errorf("%d signing secrets, %v", len(secrets), err)
	}
	if _, err := c.Routes(config.Surroundings{Getenv: func(string) string { return "" }}); err == nil || !strings.Contains(err.Error(), "channels[1]: secret refers to PAGER_SECRET, which is not set") {
		t.Errorf("unset: %v", err)
	}
}

func TestChannelsAreChecked(t *testing.T) {
	t.Parallel()
	f := func(channel, want string) { t.Helper(); refuses(t, "channels: [{"+channel+"}]", want) }
	f(`name: x, kind: pigeon`, `no such kind: "pigeon"`)
	f(`kind: terminal`, "has no name")
	f(`name: x, kind: terminal, severity: high`, "no such severity")
	f(`name: x, kind: terminal, notices: [summary]`, "no such notice")
	f(`name: x, kind: terminal, services: ["["]`, "is no pattern")
	f(`name: x, kind: terminal, url: "https://x.example"`, "terminal has no url")
	f(`name: x, kind: terminal, burst: -1`, "negative")
	f(`name: x, kind: webhook, url: "http://x.example", secret: "${env:S}"`, "in clear")
	f(`name: x, kind: webhook, url: "https://x.example"`, "secret is shorter")
	f(`name: x, kind: webhook, url: "https://x.example", secret: whsec_c2VjcmV0`, "something else than ${env:NAME}")
	f(`name: x, kind: slack, channel: C01`, "needs a token")
	f(`name: x, kind: slack, token: "${env:T}"`, "needs a channel")
	f(`name: x, kind: email, server: s, from: a@example.com`, "0 recipients")
	f(`name: x, kind: email, server: s, from: a@example.com, to: [b@example.com], encryption: none`, "in clear")
	f(`name: x, kind: chat`, "no address")
	f(`name: x, kind: chat, address: "discord://token@id"`, "something else than ${env:NAME}")
	refuses(t, `channels: [{name: x, kind: terminal}, {name: x, kind: terminal}]`, "another channel is called x")
}
