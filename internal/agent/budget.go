package agent

import (
	"time"

	"github.com/cloudwego/eino/schema"

	"selfheal"
)

// Estimates. A token is at least three bytes of English or code in every tokenizer
// that these providers use, so that dividing by three errs on the dear side.
const (
	bytesPerToken   = 3
	tokensPerTurn   = 8   // a message's frame
	minOutput       = 256 // tokens with which an answer can be given at all
	timeForLastTurn = 20 * time.Second
)

func timeOf(d selfheal.Duration) time.Duration { return time.Duration(d) }

func tokens(text string) int64 { return int64(len(text)+bytesPerToken-1) / bytesPerToken }

// estimate gives the tokens of a conversation, at least about as many as there are.
func estimate(messages []*schema.Message, tools []*schema.ToolInfo, toolBytes int) int64 {
	sum := int64(toolBytes / bytesPerToken)
	for _, m := range messages {
		sum += tokensPerTurn + tokens(m.Content)
		for _, c := range m.ToolCalls {
			sum += tokensPerTurn + tokens(c.Function.Name) + tokens(c.Function.Arguments)
		}
	}
	return sum + int64(len(tools))*tokensPerTurn
}

// limit completes a task's budget with the configured one. A task may ask for less
// than is configured, and never gets more.
func limit(task, configured selfheal.Budget) selfheal.Budget {
	return selfheal.Budget{
		Turns:     smaller(task.Turns, configured.Turns),
		TokensIn:  smaller(task.TokensIn, configured.TokensIn),
		TokensOut: smaller(task.TokensOut, configured.TokensOut),
		Dollars:   smaller(task.Dollars, configured.Dollars),
		Time:      smaller(task.Time, configured.Time),
	}
}

// smaller gives the smaller of two limits, of which 0 is none.
func smaller[N int | int64 | float64 | selfheal.Duration](a, b N) N {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// plus adds two costs.
func plus(a, b selfheal.Usage) selfheal.Usage {
	return selfheal.Usage{
		Turns: a.Turns + b.Turns, TokensIn: a.TokensIn + b.TokensIn, TokensOut: a.TokensOut + b.TokensOut,
		Dollars: a.Dollars + b.Dollars, Time: a.Time + b.Time, Estimated: a.Estimated || b.Estimated,
	}
}

// allowance is what the budget leaves for the next call.
type allowance struct {
	stop   selfheal.StopReason // it leaves nothing: this limit is reached
	last   selfheal.StopReason // it leaves one turn: this limit is next
	output int64               // tokens that the answer may have
}

// allow says what may be done with what is left. in is the estimate of the next call's input.
func allow(b selfheal.Budget, used selfheal.Usage, in, maxOutput int64, p Prices) allowance {
	a := allowance{output: maxOutput}
	reach := func(reason selfheal.StopReason, over, next bool) {
		if over && a.stop == "" {
			a.stop = reason
		}
		if next && a.last == "" {
			a.last = reason
		}
	}
	if b.Turns > 0 {
		reach(selfheal.StopTurns, used.Turns >= b.Turns, used.Turns+1 >= b.Turns)
	}
	if b.TokensIn > 0 {
		left := b.TokensIn - used.TokensIn
		reach(selfheal.StopTokensIn, in > left, 2*in+maxOutput > left)
	}
	if b.TokensOut > 0 {
		left := b.TokensOut - used.TokensOut
		reach(selfheal.StopTokensOut, left < minOutput, left < maxOutput+minOutput)
		a.output = min(a.output, left)
	}
	if b.Dollars > 0 {
		left := b.Dollars - used.Dollars - p.of(in, 0)
		affordable := maxOutput
		if p.Output > 0 {
			affordable = int64(left / p.Output * 1e6)
		}
		reach(selfheal.StopDollars, left < 0 || affordable < minOutput, left < p.of(in, 2*maxOutput))
		a.output = min(a.output, affordable)
	}
	if b.Time > 0 {
		left := timeOf(b.Time - used.Time)
		reach(selfheal.StopTime, left <= 0, left < min(timeForLastTurn, timeOf(b.Time)/5))
	}
	return a
}
