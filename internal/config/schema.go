package config

import _ "embed"

// Schema is the JSON Schema of selfheal.yaml, generated from the types of this
// package by its test (make generate).
//
//go:embed selfheal.schema.json
var Schema []byte
