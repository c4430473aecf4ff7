package app

import (
	"net/http"

	"selfheal/internal/embed"
	"selfheal/internal/pipeline"
)

// clusters opens the provider of embeddings, and the model that labels, where the
// configuration names them; else nil. Their budgets are those of one command.
func (a *App) clusters() (*pipeline.Clusters, error) {
	settings := a.config.Related
	if settings.Embeddings == nil {
		return nil, nil
	}
	embeddings, err := settings.Embeddings.Config(a.settings.Getenv)
	if err != nil {
		return nil, err
	}
	client := &http.Client{}
	clusters := &pipeline.Clusters{
		Embedder: embed.New(embeddings, client, a.redactor.String), Space: embeddings.URL + " " + embeddings.Model,
		Similarity: settings.Embeddings.Similarity,
	}
	if settings.Labels != nil {
		labels, err := settings.Labels.Config(a.settings.Getenv)
		if err != nil {
			return nil, err
		}
		clusters.Labeler = embed.NewLabeler(labels, client, a.redactor.String)
	}
	return clusters, nil
}
