// Package agent is the harness in which models work on tasks: it implements
// [selfheal.Model] on Eino's ADK, and is the only package that imports Eino.
//
// In comes a task: trusted instructions, hostile evidence, tools, a terminal tool
// that takes the answer, and a budget. Out comes the answer with what it cost and
// why it ended. Between them the harness
//
//   - scrubs and fences everything that the program did not write itself, between
//     marks with a nonce that the text cannot know;
//   - stops at the limits of turns, tokens, money and time, and warns the model one
//     turn before;
//   - tries again where a provider is busy, as it asks for, and then goes on with the
//     next model of the role;
//   - writes a transcript, a line for every turn and every result, flushed to disk: a
//     run that was killed goes on behind the last line and pays nothing twice.
//
// Providers: OpenAI and what speaks its API (Azure, Ollama, vLLM, OpenRouter) by the
// model component of eino-ext, which adds 0.6 MB to the binary. Claude and Gemini by
// thin clients of this package, since their components add 13.4 MB and 5.1 MB with the
// SDKs that they bring. With Eino itself the program grew from 23.7 MB to 36.9 MB
// (measured on linux/amd64, stripped).
// And a script that plays files, for tests and rehearsals.
package agent
