package pipeline

import (
	"context"

	"selfheal"
)

func (p *Pipeline) prepare(ctx context.Context, i *selfheal.Incident) (step, error) {
	return step{}, nil
}

func (p *Pipeline) prove(ctx context.Context, i *selfheal.Incident) (step, error) {
	return step{}, nil
}

func (p *Pipeline) pullRequest(ctx context.Context, i *selfheal.Incident) (selfheal.PullRequest, string, error) {
	return selfheal.PullRequest{}, "", nil
}
