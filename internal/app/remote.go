package app

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
	"selfheal/internal/report"
	"selfheal/internal/server"
)

// DeployRequest is a deploy that is reported to a running selfheal serve.
type DeployRequest struct {
	Server, Token        string
	Service, Environment string
	Revision, Previous   string
	Time                 time.Time // zero: now, as the server sees it
	Phase                selfheal.Phase
	By, URL              string
}

func (r DeployRequest) validate() error {
	switch {
	case r.Server == "":
		return selfheal.Usagef("e.g. --server https://selfheal.example.com", "--server is missing")
	case r.Token == "":
		return selfheal.Usagef("make one with selfheal token, and set SELFHEAL_TOKEN", "there is no token")
	case r.Service == "" || r.Environment == "" || r.Revision == "":
		return selfheal.Usagef("see --help for an example", "--service, --environment and --revision are all needed")
	}
	return nil
}

func (r DeployRequest) client() (*httpx.Client, error) {
	return httpx.New(httpx.Config{
		Base: r.Server, Name: "selfheal serve",
		Authorize: func(_ context.Context, h http.Header) error { h.Set("Authorization", "Bearer "+r.Token); return nil },
	})
}

// ReportDeploy reports a deploy.
func ReportDeploy(ctx context.Context, r DeployRequest) (server.Received, error) {
	var received server.Received
	if err := r.validate(); err != nil {
		return received, err
	}
	client, err := r.client()
	if err != nil {
		return received, err
	}
	body := map[string]any{"service": r.Service, "environment": r.Environment, "revision": r.Revision}
	for name, value := range map[string]string{"previous": r.Previous, "phase": string(r.Phase), "by": r.By, "url": r.URL} {
		if value != "" {
			body[name] = value
		}
	}
	if !r.Time.IsZero() {
		body["time"] = r.Time.UTC().Format(time.RFC3339Nano)
	}
	_, err = client.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: "/api/v1/deploys", Body: body, Repeatable: true}, &received)
	return received, err
}

// FollowDeploy reports a deploy and waits until the server's watch of it has ended;
// see is told now and then how it stands. The token needs the scopes ingest and read.
func FollowDeploy(ctx context.Context, r DeployRequest, every time.Duration, see func(server.Watched)) (report.Report, error) {
	received, err := ReportDeploy(ctx, r)
	if err != nil {
		return report.Report{}, err
	}
	client, err := r.client()
	if err != nil {
		return report.Report{}, err
	}
	for {
		watched, err := watchedAt(ctx, client, received)
		if err != nil {
			return report.Report{}, err
		}
		if watched.Ended != nil {
			return endedReport(ctx, client, watched)
		}
		see(watched)
		if err := pause(ctx, every); err != nil {
			return report.Report{}, err
		}
	}
}

func watchedAt(ctx context.Context, client *httpx.Client, received server.Received) (server.Watched, error) {
	var all []server.Watched
	query := url.Values{"limit": {"200"}}
	if _, err := client.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: "/api/v1/deploys", Query: query}, &all); err != nil {
		return server.Watched{}, err
	}
	for _, w := range all {
		if w.Key == received.Deploy {
			return w, nil
		}
	}
	reason := received.Reason
	if reason == "" {
		reason = "the server does not know the deploy " + received.Deploy
	}
	return server.Watched{}, selfheal.NotFoundf("", "nothing is watched: %s", reason)
}

// endedReport is what the server found; where it found nothing to journal, only how it ended.
func endedReport(ctx context.Context, client *httpx.Client, w server.Watched) (report.Report, error) {
	var segments []string
	for part := range strings.SplitSeq(w.Key, "/") {
		segments = append(segments, url.PathEscape(part))
	}
	response, err := client.Do(ctx, httpx.Request{Method: http.MethodGet, Path: "/api/v1/deploys/" + strings.Join(segments, "/")})
	if selfheal.CodeOf(err) == selfheal.CodeNotFound {
		return report.Report{}, &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the watch ended without an answer: " + w.Ended.Reason}
	}
	if err != nil {
		return report.Report{}, err
	}
	var r report.Report
	if err := json.Unmarshal(response.Body, &r); err != nil {
		return r, &selfheal.Error{Code: selfheal.CodeUnavailable, Message: "the server answered with something else than a report", Err: err}
	}
	return r, nil
}
