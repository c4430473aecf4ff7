"""The Rust service of changes.py, and what revision b does to it."""

NAME, BUILD, RUN = "rust", ["cargo", "build", "--offline", "--quiet"], ["target/debug/shop"]

BASE = {
    "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\ndep = "VERSION"\n',
    "src/main.rs": """mod billing;
mod checkout;
mod store;

fn handle(bug: &str) {
    let order = store::find(1).unwrap();
    match bug {
        "sku" => drop(store::sku_of(&order)),
        "price" => drop(store::price_of(&order)),
        "size" => drop(store::size_of(&order)),
        "weight" => drop(store::weight_of(&order)),
        "mail" => store::Mail.send(&order),
        "sms" => store::Sms.send(&order),
        "closure" => store::visit(|order| println!("{}", order.owner.as_ref().unwrap())),
        "each" => store::total_of(&order),
        "parse" => drop(store::amount_of("x")),
        _ => checkout::checkout(bug, &order),
    }
}

fn serve(bug: &str) {
    handle(bug)
}

fn main() {
    serve(&std::env::args().nth(1).unwrap());
}
""",
    "src/checkout.rs": """use crate::billing;
use crate::store::Order;

pub fn checkout(bug: &str, order: &Order) {
    match bug {
        "owner" => println!("{}", billing::owner_name(order)),
        "pay" => drop(billing::pay(order)),
        "charge" => billing::charge(order),
        "last" => println!("{}", billing::last_line(order)),
        _ => {}
    }
}
""",
    "src/store.rs": """pub struct Order {
    pub lines: Vec<usize>,
    pub owner: Option<String>,
}

pub fn find(id: u32) -> Option<Order> {
    if id == 1 { Some(Order { lines: vec![1], owner: None }) } else { None }
}

pub fn visit(f: impl Fn(&Order)) {
    f(&find(1).unwrap())
}

pub fn sku_of(order: &Order) -> usize {
    order.owner.as_ref().unwrap().len()
}

pub fn price_of(order: &Order) -> usize {
    order.owner.as_ref().unwrap().len()
}

pub fn size_of(order: &Order) -> usize {
    required(order)
}

pub fn weight_of(order: &Order) -> usize {
    required(order)
}

fn required(order: &Order) -> usize {
    order.owner.as_ref().unwrap().len()
}

pub struct Mail;

impl Mail {
    pub fn send(&self, order: &Order) {
        println!("{}", order.owner.as_ref().unwrap())
    }
}

pub struct Sms;

impl Sms {
    pub fn send(&self, order: &Order) {
        println!("{}", order.owner.as_ref().unwrap())
    }
}

pub fn total_of(order: &Order) {
    dep::each(&order.lines, |line| println!("{}", order.lines[line]))
}

pub fn amount_of(text: &str) -> u32 {
    dep::parse(text)
}
""",
    "src/billing.rs": """use crate::store::Order;

pub fn owner_name(order: &Order) -> &str {
    order.owner.as_ref().unwrap()
}

pub fn pay(order: &Order) -> usize {
    order.owner.as_ref().unwrap().len()
}

pub fn charge(_: &Order) {
    panic!("the card of order {} was declined", std::process::id())
}

pub fn last_line(order: &Order) -> usize {
    order.lines[order.lines.len()]
}
""",
}

DEPENDENCY = {
    "1.2.0": """pub fn each(items: &[usize], f: impl Fn(usize)) {
    for item in items {
        f(*item)
    }
}

pub fn parse(text: &str) -> u32 {
    digits(text)
}

fn digits(text: &str) -> u32 {
    panic!("dep: not a number: {text}")
}
""",
    "1.3.0": """struct Iterator<'a>(&'a [usize]);

impl Iterator<'_> {
    fn walk(&self, f: impl Fn(usize)) {
        self.step(0, f)
    }

    fn step(&self, n: usize, f: impl Fn(usize)) {
        f(self.0[n])
    }
}

pub fn each(items: &[usize], f: impl Fn(usize)) {
    Iterator(items).walk(f)
}

struct Parser<'a>(&'a str);

impl Parser<'_> {
    fn number(&self) -> u32 {
        panic!("dep: not a number: {}", self.0)
    }
}

pub fn parse(text: &str) -> u32 {
    Parser(text).number()
}
""",
}

PAID = "owner pay charge last"
RENAMED = "owner charge last"
BILLING = BASE["src/billing.rs"]

CHANGES = {
    "move": (PAID, [("src/billing.rs", None), ("src/payments.rs", BILLING), ("src/main.rs", "mod billing", "mod payments"), ("src/checkout.rs", "billing", "payments")]),
    "package": (PAID, [("src/billing.rs", None), ("src/payments/mod.rs", "pub mod cards;\n"), ("src/payments/cards.rs", BILLING), ("src/main.rs", "mod billing", "mod payments"),
                       ("src/checkout.rs", "use crate::billing", "use crate::payments::cards as billing")]),
    "wrapper": (PAID, [("src/main.rs", "_ => checkout::checkout(bug, &order),\n    }\n}\n", "_ => audited(bug, &order),\n    }\n}\n\nfn audited(bug: &str, order: &store::Order) {\n    checkout::checkout(bug, order)\n}\n")]),
    "retry": (PAID, [("src/checkout.rs", 'println!("{}", billing::owner_name(order))', "retry(|| drop(billing::owner_name(order)))"), ("src/checkout.rs", "drop(billing::pay(order))", "retry(|| drop(billing::pay(order)))"), ("src/checkout.rs", "billing::charge(order)", "retry(|| billing::charge(order))"),
                     ("src/checkout.rs", 'println!("{}", billing::last_line(order))', "retry(|| drop(billing::last_line(order)))"),
                     ("src/checkout.rs", "pub fn checkout", "fn retry(work: impl Fn()) {\n    for _ in 0..3 {\n        work()\n    }\n}\n\npub fn checkout")]),
    "dependency": ("each parse", []),
    "rename": (RENAMED, [("src/billing.rs", "owner_name", "name_of_owner"), ("src/billing.rs", "charge", "debit"), ("src/billing.rs", "last_line", "final_line"),
                      ("src/checkout.rs", "owner_name", "name_of_owner"), ("src/checkout.rs", "billing::charge", "billing::debit"), ("src/checkout.rs", "last_line", "final_line")]),
    "caller": (PAID, [("src/main.rs", "checkout::checkout", "checkout::complete"), ("src/checkout.rs", "fn checkout", "fn complete")]),
    "hop": (PAID, [("src/main.rs", "_ => checkout::checkout(bug, &order),", "_ => std::thread::scope(|s| drop(s.spawn(|| checkout::checkout(bug, &order)).join())),")]),
    "closure": ("closure each", [("src/main.rs", "fn handle(bug: &str) {\n", "fn handle(bug: &str) {\n    let first = || ();\n    first();\n"),
                                 ("src/store.rs", "    dep::each(", "    dep::each(&[0], |_| ());\n    dep::each(")]),
    "named": ("closure", [("src/main.rs", 'store::visit(|order| println!("{}", order.owner.as_ref().unwrap()))', "store::visit(store::print_owner)"),
                          ("src/store.rs", "pub fn sku_of", "pub fn print_owner(order: &Order) {\n    println!(\"{}\", order.owner.as_ref().unwrap())\n}\n\npub fn sku_of")]),
}
