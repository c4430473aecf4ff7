// Package embed asks a provider for embeddings of texts, and for labels of
// clusters of texts. It speaks the HTTP API that OpenAI documented and that
// Ollama, vLLM and others speak too.
//
// In go templates of signatures; out come vectors, or a few words. Both are
// optional, and neither decides anything: vectors say what reads alike, labels
// are shown. Whatever leaves the process has been scrubbed of secrets here, so
// that no caller can forget it, and is bounded: a [Client] sends at most a number
// of texts in its life, a [Labeler] asks for at most a number of labels. What
// comes back is checked before it is believed.
package embed
