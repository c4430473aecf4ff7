class Declined extends Error {
  constructor(order) {
    super(`the card of order ${order} was declined`);
    this.name = "Declined";
    this.order = order;
  }
}

function ownerName(order) {
  return order.owner.name;
}

async function load(id) {
  await null;
  return ownerName({ id });
}

async function checkout(id) {
  await load(id);
}

async function pay(id) {
  await Promise.any([load(id), Promise.reject(new Declined(id))]);
}

const bugs = {
  async: () => checkout(process.pid),
  aggregate: () => pay(process.pid),
  value: () => Promise.reject({ code: 7, message: "no error at all" }),
  properties: () => { throw new Declined(process.pid); },
  system: () => require("fs").readFileSync("/srv/none"),
  timer: () => setTimeout(() => ownerName({}), 1),
  event: () => new (require("events"))().emit("error", new Declined(7)),
  logged: () => checkout(7).catch((failure) => console.error("cannot check out:", failure)),
  nested: () => console.error(new Error("outer", { cause: new Error("middle", { cause: new Declined(7) }) })),
  string: () => { throw "no error at all"; },
  multiline: () => { throw new Error("first line\nsecond line\nthird line"); },
  eval: () => eval("ownerName({})"),
  syntax: () => require("vm").runInThisContext("let = 1 2", { filename: "/srv/shop/broken.js" }),
};

bugs[process.argv[2]]();
