"""The Node service of changes.py, and what revision b does to it."""

NAME, BUILD, RUN = "node", None, ["node", "main.js"]

BASE = {
    "main.js": """const { checkout } = require("./checkout");
const store = require("./store");

function handle(bug) {
  switch (bug) {
    case "sku": return store.skuOf(store.find(1));
    case "price": return store.priceOf(store.find(1));
    case "size": return store.sizeOf(store.find(1));
    case "weight": return store.weightOf(store.find(1));
    case "mail": return new store.Mail().send(store.find(1));
    case "sms": return new store.Sms().send(store.find(1));
    case "closure": return store.visit((order) => order.owner.name);
    case "each": return store.totalOf(store.find(1));
    case "parse": return store.amountOf("x");
    default: return checkout(bug);
  }
}

function serve(bug) {
  return handle(bug);
}

serve(process.argv[2]);
""",
    "checkout.js": """const billing = require("./billing");
const store = require("./store");

class NotReady extends Error {
  name = "NotReady";
}

function checkout(bug) {
  const order = store.find(1);
  switch (bug) {
    case "owner": return billing.ownerName(order);
    case "pay": return billing.pay(order);
    case "charge": return billing.charge(order);
    case "last": return billing.lastLine(order);
    case "chained":
      try {
        return billing.charge(order);
      } catch (failure) {
        throw new NotReady("the order is not ready", { cause: failure });
      }
  }
}

module.exports = { checkout };
""",
    "store.js": """const dep = require("dep");

function find(id) {
  return new Map([[1, { lines: [1], owner: null }]]).get(id);
}

function visit(f) {
  f(find(1));
}

function skuOf(order) {
  return order.sku.name;
}

function priceOf(order) {
  return order.sku.name;
}

function sizeOf(order) {
  return required(order.size);
}

function weightOf(order) {
  return required(order.size);
}

function required(value) {
  return value.amount;
}

class Mail {
  send(order) {
    console.log(order.owner.name);
  }
}

class Sms {
  send(order) {
    console.log(order.owner.name);
  }
}

function totalOf(order) {
  dep.each(order.lines, (line) => order.prices[line]);
}

function amountOf(text) {
  return dep.parse(text);
}

module.exports = { find, visit, skuOf, priceOf, sizeOf, weightOf, Mail, Sms, totalOf, amountOf };
""",
    "billing.js": """class Declined extends Error {
  name = "Declined";
}

function ownerName(order) {
  return order.owner.name;
}

function pay(order) {
  return order.owner.name;
}

function charge(order) {
  throw new Declined(`the card of order ${process.pid} was declined`);
}

function lastLine(order) {
  return order.lines[order.lines.length].price;
}

module.exports = { ownerName, pay, charge, lastLine };
""",
}

DEPENDENCY = {
    "1.2.0": """exports.each = function each(items, f) {
  for (const item of items) f(item);
};

function digits(text) {
  throw new SyntaxError("dep: not a number: " + text);
}

exports.parse = (text) => digits(text);
""",
    "1.3.0": """class Iterator {
  constructor(items) { this.items = items; }
  walk(f) { this.step(0, f); }
  step(n, f) { f(this.items[n]); }
}

exports.each = (items, f) => new Iterator(items).walk(f);

class Parser {
  constructor(text) { this.text = text; }
  number() { throw new SyntaxError("dep: not a number: " + this.text); }
}

exports.parse = function parse(text) { return new Parser(text).number(); };
""",
}

PAID = "owner pay charge last chained"
RENAMED = "owner charge last chained"
BILLING = BASE["billing.js"]
RETRY = """const retry = (f) => function again(...args) {
  for (let n = 0; n < 3; n++) return f(...args);
};

"""


def module(text):
    """The text as an ECMAScript module."""
    import re
    text = re.sub(r'const (\{[^}]*\}|\w+) = require\("\./(\w+)"\);', lambda m: f'import {m[1] if m[1][0] == "{" else "* as " + m[1]} from "./{m[2]}.mjs";', text)
    text = text.replace('const dep = require("dep");', 'import dep from "dep";')
    return re.sub(r"module\.exports = (\{.*\});", r"export \1;", text)


CHANGES = {
    "move": (PAID, [("billing.js", None), ("payments.js", BILLING), ("checkout.js", "./billing", "./payments")]),
    "package": (PAID, [("billing.js", None), ("payments/cards.js", BILLING), ("checkout.js", "./billing", "./payments/cards")]),
    "esm": (PAID + " closure each parse", [(name, None) for name in BASE if name != "main.js"] + [(name.replace(".js", ".mjs"), module(text)) for name, text in BASE.items()]
            + [("main.js", BASE["main.js"], 'import("./main.mjs");\n')]),
    "wrapper": (PAID, [("main.js", "default: return checkout(bug);\n  }\n}\n", "default: return audited(bug);\n  }\n}\n\nfunction audited(bug) {\n  return checkout(bug);\n}\n")]),
    "retry": (PAID, [("billing.js", "class Declined", RETRY + "class Declined"), ("billing.js", "module.exports = { ownerName, pay, charge, lastLine }",
              "module.exports = { ownerName: retry(ownerName), pay: retry(pay), charge: retry(charge), lastLine: retry(lastLine) }")]),
    "dependency": ("each parse", []),
    "rename": (RENAMED, [("billing.js", "ownerName", "nameOfOwner"), ("billing.js", "charge", "debit"), ("billing.js", "lastLine", "finalLine"),
                      ("checkout.js", "ownerName", "nameOfOwner"), ("checkout.js", "billing.charge", "billing.debit"), ("checkout.js", "lastLine", "finalLine")]),
    "caller": (PAID, [("main.js", "{ checkout }", "{ complete }"), ("main.js", "return checkout(", "return complete("), ("checkout.js", "function checkout", "function complete"), ("checkout.js", "{ checkout }", "{ complete }")]),
    "hop": (PAID, [("main.js", "return checkout(bug)", "return setImmediate(checkout, bug)")]),
    "async": (PAID, [("main.js", "function handle", "async function handle"), ("main.js", "return checkout(bug)", "await null; return await checkout(bug)"),
                     ("main.js", "function serve(bug) {\n  return", "async function serve(bug) {\n  return await")]),
    "closure": ("closure each", [("main.js", "function handle(bug) {\n", "function handle(bug) {\n  const first = () => null;\n  first();\n"),
                                 ("store.js", "  dep.each(order", "  dep.each([0], (line) => null);\n  dep.each(order")]),
    "named": ("closure", [("main.js", "(order) => order.owner.name", "store.printOwner"), ("store.js", "function skuOf", "function printOwner(order) {\n  return order.owner.name;\n}\n\nfunction skuOf"),
                          ("store.js", "{ find,", "{ find, printOwner,")]),
}
