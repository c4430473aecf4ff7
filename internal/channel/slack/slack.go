// Package slack tells people on Slack: one thread per deploy, with buttons that
// bring back what people decide.
//
// In go notices, out go messages by chat.postMessage; in come the presses of
// buttons ([Interactions]), verified by the signing secret, out come typed actions.
// Text is escaped so that it mentions nobody, links nowhere and formats nothing
// that this package did not write.
package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/markup"
	"selfheal/internal/channel/outbound"
	"selfheal/internal/httpx"
)

// Threads remembers which message began the thread of a deploy.
type Threads interface {
	// Thread gives the timestamp of a thread's first message; empty when there is none yet.
	Thread(ctx context.Context, key string) (string, error)
	// Remember keeps it. What is remembered already stays.
	Remember(ctx context.Context, key, timestamp string) error
}

const defaultURL = "https://slack.com/api"

// Config is what a [Channel] needs.
type Config struct {
	// URL is the root of Slack's API; https://slack.com/api by default.
	URL string
	// Token is a bot token (xoxb-...) with the scope chat:write.
	Token httpx.Secret
	// Channel is the channel's ID (C...) or name.
	Channel string
	Threads Threads // nil remembers within this process only
	// Buttons adds approve, dismiss and snooze to notices of incidents. They need
	// [Interactions] to be reachable for Slack.
	Buttons bool
	Snooze  time.Duration // of the snooze button, 4 h by default
	Client  outbound.Client
}

// Channel posts notices. It is safe for concurrent use.
type Channel struct {
	config Config
	mu     sync.Mutex // two notices of one deploy must not begin two threads
	known  map[string]string
}

var _ selfheal.Channel = (*Channel)(nil)

// New makes a channel.
func New(c Config) (*Channel, error) {
	if c.URL == "" {
		c.URL = defaultURL
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if err := outbound.CheckAddress(c.URL); err != nil {
		return nil, err
	}
	if c.Token == "" || strings.ContainsAny(string(c.Token), "\r\n") {
		return nil, selfheal.Usagef("make a Slack app with the scope chat:write and take its bot token", "slack needs a token")
	}
	if c.Channel == "" {
		return nil, selfheal.Usagef("take the ID from the channel's details, e.g. C0123456789", "slack needs a channel")
	}
	if c.Snooze <= 0 {
		c.Snooze = 4 * time.Hour
	}
	return &Channel{config: c, known: map[string]string{}}, nil
}

// message is a request to chat.postMessage.
type message struct {
	Channel     string  `json:"channel"`
	Text        string  `json:"text"` // what notifications of the system show
	Blocks      []block `json:"blocks"`
	Thread      string  `json:"thread_ts,omitempty"`
	Broadcast   bool    `json:"reply_broadcast,omitempty"`
	UnfurlLinks bool    `json:"unfurl_links"`
	UnfurlMedia bool    `json:"unfurl_media"`
	LinkNames   bool    `json:"link_names"`
	Parse       string  `json:"parse"`
}

// answer is what Slack's API says, mostly under status 200.
type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"`
	TS    string `json:"ts"`
}

// Notify posts one notice into the thread of its deploy; the first begins it.
func (c *Channel) Notify(ctx context.Context, n selfheal.Notice) (retry bool, err error) {
	key := c.thread(n)
	if key == "" {
		_, retry, err = c.post(ctx, n, "")
		return retry, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	thread, err := c.find(ctx, key)
	if err != nil {
		return true, fmt.Errorf("find the thread: %w", err)
	}
	timestamp, retry, err := c.post(ctx, n, thread)
	if err != nil || thread != "" {
		return retry, err
	}
	c.keep(ctx, key, timestamp)
	return false, nil
}

// thread is the key of a deploy's thread; empty for what is about no deploy.
func (c *Channel) thread(n selfheal.Notice) string {
	if n.Deploy.Revision == "" {
		return ""
	}
	return "slack/" + c.config.Channel + "/" + n.Deploy.Key()
}

const maxKnown = 1000 // threads that are remembered within the process

func (c *Channel) find(ctx context.Context, key string) (string, error) {
	if thread := c.known[key]; thread != "" || c.config.Threads == nil {
		return thread, nil
	}
	return c.config.Threads.Thread(ctx, key)
}

// keep remembers a thread. The message is out: where it cannot be remembered for
// longer than the process lives, the worst is a second thread, while a failure
// would bring the same message again.
func (c *Channel) keep(ctx context.Context, key, timestamp string) {
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[key] = timestamp
	if c.config.Threads != nil {
		_ = c.config.Threads.Remember(context.WithoutCancel(ctx), key, timestamp)
	}
}

func (c *Channel) post(ctx context.Context, n selfheal.Notice, thread string) (timestamp string, retry bool, err error) {
	body, err := json.Marshal(c.render(n, thread))
	if err != nil {
		return "", false, fmt.Errorf("encode notice: %w", err)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Authorization", "Bearer "+string(c.config.Token))
	said, retry, err := c.config.Client.Post(ctx, httpx.Secret(c.config.URL+"/chat.postMessage"), header, body)
	if err != nil {
		return "", retry, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "post to slack", Message: "slack did not take the notice", Err: err}
	}
	var a answer
	if err := json.Unmarshal(said.Body, &a); err != nil {
		return "", false, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "post to slack", Message: "the answer is not Slack's", Hint: "check the url of the channel"}
	}
	if !a.OK {
		return "", passing[a.Error], refused(a.Error)
	}
	return a.TS, false, nil
}

// passing are errors of Slack that another attempt may not meet.
var passing = map[string]bool{
	"ratelimited": true, "rate_limited": true, "internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true,
}

// hints are for the errors that people can do something about.
var hints = map[string]string{
	"not_in_channel":    "invite the app: /invite @selfheal in the channel",
	"channel_not_found": "use the channel's ID; a private channel must have the app invited",
	"is_archived":       "the channel is archived: choose another",
	"invalid_auth":      "the token is wrong: take the bot token of the app's page",
	"account_inactive":  "the token was revoked: install the app again",
	"token_revoked":     "the token was revoked: install the app again",
	"missing_scope":     "give the app the scope chat:write, and install it again",
}

func refused(code string) error {
	return &selfheal.Error{
		Code: selfheal.CodeUnavailable, Op: "post to slack", Message: "slack refused the notice",
		Hint: hints[code], Err: errors.New(markup.OneLine(code, 100)),
	}
}

// render makes the message of a notice.
func (c *Channel) render(n selfheal.Notice, thread string) message {
	m := message{Channel: c.config.Channel, Thread: thread, Parse: "none", Text: clip(markup.SlackText(channel.Headline(n)), maxSection)}
	// What people must not miss is shown in the channel too, not in the thread alone.
	m.Broadcast = thread != "" && n.Severity >= selfheal.SeverityError
	m.Blocks = append(m.Blocks, header(icons[n.Kind]+" "+capital(channel.Occasion(n))))
	if title := channel.Title(n); title != "" {
		m.Blocks = append(m.Blocks, section("*"+markup.SlackText(title)+"*"))
	}
	m.Blocks = append(m.Blocks, body(markup.Slack(n.Text))...)
	if facts := factLine(n); facts != "" {
		m.Blocks = append(m.Blocks, note(facts))
	}
	if buttons := c.buttons(n); len(buttons.Elements) > 0 {
		m.Blocks = append(m.Blocks, buttons)
	}
	return m
}

var icons = map[selfheal.NoticeKind]string{
	selfheal.NoticeRegression: "🔴", selfheal.NoticePullRequest: "🔵", selfheal.NoticeRolledBack: "↩️", selfheal.NoticeHealed: "🟢",
	selfheal.NoticeCannotObserve: "⚪", selfheal.NoticeInconclusive: "🟡", selfheal.NoticeSummary: "📬",
}

func capital(words string) string {
	if words == "" {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func factLine(n selfheal.Notice) string {
	var parts []string
	for _, f := range channel.Facts(n) {
		parts = append(parts, markup.SlackText(f.Name+": "+f.Value))
	}
	return strings.Join(parts, "  |  ")
}
