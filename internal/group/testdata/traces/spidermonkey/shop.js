// For SpiderMonkey, the engine of Firefox, and JavaScriptCore, the engine of Safari: both print error.stack as it is.
const report = typeof print === "function" ? print : console.log;
const bug = typeof ARGV !== "undefined" ? ARGV[0] : this.arguments[0];

class Checkout {
  constructor(order) { this.order = order; }
  total() { return this.order.lines.reduce((sum, line) => sum + line.price); }
  async pay() { await null; return this.order.payment.charge(); }
}

function ownerName(order) { return order.owner.name; }

function visit(order) { [1].forEach((line) => order.lines[line].price); }

function logged(order) {
  try {
    ownerName(order);
  } catch (failure) {
    report(`ERROR cannot show the order: ${failure}\n${failure.stack}`);
  }
}

const order = { lines: [], owner: null };
const bugs = {
  owner: () => ownerName(order),
  total: () => new Checkout(order).total(),
  closure: () => visit(order),
  pay: () => new Checkout(order).pay().catch((failure) => report(`${failure}\n${failure.stack}`)),
  logged: () => logged(order),
};

bugs[bug]();
