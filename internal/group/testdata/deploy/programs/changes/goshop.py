"""The Go service of changes.py, and what revision b does to it."""

NAME, BUILD, RUN = "go", ["go", "build", "-mod=mod", "-o", "app", "."], ["./app"]

BASE = {
    "go.mod": "module example.com/shop\n\ngo 1.26\n\nrequire example.com/dep v1.2.0\n",
    "main.go": """package main

import "os"

func main() { serve(os.Args[1]) }

func serve(bug string) { handle(bug) }

func handle(bug string) {
	switch bug {
	case "sku":
		skuOf(find(0))
	case "price":
		priceOf(find(0))
	case "size":
		sizeOf(find(0))
	case "weight":
		weightOf(find(0))
	case "mail":
		mail{}.send(find(1))
	case "sms":
		sms{}.send(find(1))
	case "closure":
		visit(func(o *order) { println(o.owner.name) })
	case "each":
		totalOf(find(1))
	case "parse":
		amountOf("x")
	default:
		checkout(bug)
	}
}

func checkout(bug string) {
	o := find(1)
	switch bug {
	case "owner":
		ownerName(o)
	case "pay":
		pay(o)
	case "charge":
		charge(o)
	case "last":
		lastLine(o)
	}
}
""",
    "store.go": """package main

import "example.com/dep"

type order struct {
	lines []int
	owner *customer
}

type customer struct{ name string }

func find(id int) *order { return map[int]*order{1: {lines: []int{1}}}[id] }

func visit(f func(*order)) { f(find(1)) }

func skuOf(o *order) int { return o.lines[0] }

func priceOf(o *order) int { return o.lines[0] }

func sizeOf(o *order) int { return required(o) }

func weightOf(o *order) int { return required(o) }

func required(o *order) int { return o.lines[0] }

type mail struct{}

func (mail) send(o *order) { println(o.owner.name) }

type sms struct{}

func (sms) send(o *order) { println(o.owner.name) }

func totalOf(o *order) { dep.Each(o.lines, func(int) { println(o.owner.name) }) }

func amountOf(s string) int { return dep.Parse(s) }
""",
    "billing.go": """package main

import (
	"fmt"
	"os"
)

type declined struct{ order int }

func (d declined) Error() string { return fmt.Sprintf("the card of order %d was declined", d.order) }

func ownerName(o *order) string { return o.owner.name }

func pay(o *order) { println(o.owner.name) }

func charge(o *order) { panic(declined{os.Getpid()}) }

func lastLine(o *order) int { return o.lines[len(o.lines)] }
""",
}

DEPENDENCY = {
    "1.2.0": """package dep

func Each(ids []int, f func(int)) {
	for _, id := range ids {
		f(id)
	}
}

func Parse(s string) int { return digits(s) }

func digits(s string) int { panic("dep: not a number: " + s) }
""",
    "1.3.0": """package dep

type iterator struct{ ids []int }

func Each(ids []int, f func(int)) { iterator{ids}.walk(f) }

func (i iterator) walk(f func(int)) { i.step(0, f) }

func (i iterator) step(n int, f func(int)) { f(i.ids[n]) }

func Parse(s string) int { return newParser(s).number() }

type parser struct{ s string }

func newParser(s string) parser { return parser{s} }

func (p parser) number() int { panic("dep: not a number: " + p.s) }
""",
}

BILLING = BASE["billing.go"]
CHANGES = {
    # kind: (bugs that the change touches, edits); an edit replaces text in a file or, with two elements, the file
    "move": ("owner pay charge last", [("billing.go", None), ("payments.go", BILLING)]),
    "package": ("owner pay charge last", [
        ("billing.go", None),
        ("payments/payments.go", BILLING.replace("package main", "package payments").replace("*order", "*Order").replace("o.lines", "o.Lines").replace("o.owner.name", "o.Owner.Name")
            .replace("type declined", "type Customer struct{ Name string }\n\ntype Order struct {\n\tLines []int\n\tOwner *Customer\n}\n\ntype declined")
            + "\nfunc Run(bug string, o *Order) {\n\tmap[string]func(*Order){\"owner\": func(o *Order) { ownerName(o) }, \"charge\": charge, \"pay\": pay, \"last\": func(o *Order) { lastLine(o) }}[bug](o)\n}\n"),
        ("store.go", "type order struct {\n\tlines []int\n\towner *customer\n}\n\ntype customer struct{ name string }", "type order = payments.Order"),
        ("store.go", 'import "example.com/dep"', 'import (\n\t"example.com/dep"\n\t"example.com/shop/payments"\n)'),
        ("store.go", "{lines:", "{Lines:"), ("store.go", "o.lines", "o.Lines"), ("store.go", "o.owner.name", "o.Owner.Name"),
        ("main.go", "o.owner.name", "o.Owner.Name"), ("main.go", 'import "os"', 'import (\n\t"os"\n\n\t"example.com/shop/payments"\n)'),
        ("main.go", "\tswitch bug {\n\tcase \"owner\":\n\t\townerName(o)\n\tcase \"pay\":\n\t\tpay(o)\n\tcase \"charge\":\n\t\tcharge(o)\n\tcase \"last\":\n\t\tlastLine(o)\n\t}\n", "\tpayments.Run(bug, o)\n"),
    ]),
    "wrapper": ("owner pay charge last", [("main.go", "checkout(bug)\n\t}\n}\n", "audited(bug)\n\t}\n}\n\nfunc audited(bug string) { checkout(bug) }\n")]),
    "retry": ("owner pay charge last", [
        ("main.go", "ownerName(o)", "retry(func() { ownerName(o) })"), ("main.go", "pay(o)", "retry(func() { pay(o) })"), ("main.go", "charge(o)", "retry(func() { charge(o) })"), ("main.go", "lastLine(o)", "retry(func() { lastLine(o) })"),
        ("retry.go", "package main\n\nfunc retry(f func()) {\n\tfor range 3 {\n\t\tf()\n\t}\n}\n"),
    ]),
    "dependency": ("each parse", [("go.mod", "v1.2.0", "v1.3.0")]),
    "rename": ("owner charge last", [
        ("billing.go", "ownerName", "nameOfOwner"), ("billing.go", "charge(", "debit("), ("billing.go", "lastLine", "finalLine"),
        ("main.go", "ownerName", "nameOfOwner"), ("main.go", "charge(", "debit("), ("main.go", "lastLine", "finalLine"),
    ]),
    "caller": ("owner pay charge last", [("main.go", "checkout(", "complete(")]),
    "hop": ("owner pay charge last", [("main.go", "\t\tcheckout(bug)\n", "\t\tdone := make(chan bool)\n\t\tgo func() { checkout(bug); done <- true }()\n\t\t<-done\n")]),
    "closure": ("closure each", [
        ("main.go", "func handle(bug string) {\n", "func handle(bug string) {\n\tfirst := func() { println() }\n\tdefer first()\n"),
        ("store.go", "func totalOf(o *order) {", "func totalOf(o *order) {\n\tdep.Each(nil, func(int) {})\n\t"),
    ]),
    "named": ("closure", [("main.go", "visit(func(o *order) { println(o.owner.name) })", "visit(printOwner)"), ("store.go", "func skuOf", "func printOwner(o *order) { println(o.owner.name) }\n\nfunc skuOf")]),
}
