"""The Python service of changes.py, and what revision b does to it."""

NAME, BUILD, RUN = "python", None, ["python3", "main.py"]

BASE = {
    "main.py": """import sys

import checkout
import mail
import sms
import store


def handle(bug):
    if bug == "sku":
        store.sku_of(store.find(1))
    elif bug == "price":
        store.price_of(store.find(1))
    elif bug == "size":
        store.size_of(store.find(1))
    elif bug == "weight":
        store.weight_of(store.find(1))
    elif bug == "mail":
        mail.Mail().send(store.find(1))
    elif bug == "sms":
        sms.Sms().send(store.find(1))
    elif bug == "closure":
        store.visit(lambda order: order["owner"]["name"])
    elif bug == "each":
        store.total_of(store.find(1))
    elif bug == "parse":
        store.amount_of("x")
    else:
        checkout.checkout(bug)


def serve(bug):
    handle(bug)


if __name__ == "__main__":
    serve(sys.argv[1])
""",
    "checkout.py": """import billing
import store


class NotReady(Exception):
    pass


def checkout(bug):
    order = store.find(1)
    if bug == "owner":
        billing.owner_name(order)
    elif bug == "pay":
        billing.pay(order)
    elif bug == "charge":
        billing.charge(order)
    elif bug == "last":
        billing.last_line(order)
    elif bug == "chained":
        try:
            billing.charge(order)
        except billing.Declined as failure:
            raise NotReady("the order is not ready") from failure
""",
    "store.py": """import dep


def find(id):
    return {1: {"lines": [1], "owner": None}}.get(id)


def visit(f):
    f(find(1))


def sku_of(order):
    return order["sku"]["name"]


def price_of(order):
    return order["sku"]["name"]


def size_of(order):
    return required(order, "size")


def weight_of(order):
    return required(order, "size")


def required(order, key):
    return order[key]


def total_of(order):
    dep.each(order["lines"], lambda line: order["prices"][line])


def amount_of(text):
    return dep.parse(text)
""",
    "mail.py": """class Mail:
    def send(self, order):
        print(order["owner"]["name"])
""",
    "sms.py": """class Sms:
    def send(self, order):
        print(order["owner"]["name"])
""",
    "billing.py": """import os


class Declined(Exception):
    pass


def owner_name(order):
    return order["owner"]["name"]


def pay(order):
    return order["owner"]["name"]


def charge(order):
    raise Declined(f"the card of order {os.getpid()} was declined")


def last_line(order):
    return order["lines"][len(order["lines"])]
""",
}

DEPENDENCY = {
    "1.2.0": """def each(items, f):
    for item in items:
        f(item)


def parse(text):
    return _digits(text)


def _digits(text):
    return int(text)
""",
    "1.3.0": """class _Iterator:
    def __init__(self, items):
        self.items = items

    def walk(self, f):
        self.step(0, f)

    def step(self, n, f):
        f(self.items[n])


def each(items, f):
    _Iterator(items).walk(f)


class _Parser:
    def __init__(self, text):
        self.text = text

    def number(self):
        return int(self.text)


def parse(text):
    return _Parser(text).number()
""",
}

PAID = "owner pay charge last chained"
RENAMED = "owner charge last chained"
RETRY = """import functools


def retry(f):
    @functools.wraps(f)
    def again(*args):
        for _ in range(3):
            return f(*args)
    return again


"""
BILLING = BASE["billing.py"]

CHANGES = {
    "move": (PAID, [("billing.py", None), ("payments.py", BILLING), ("checkout.py", "billing", "payments")]),
    "package": (PAID, [("billing.py", None), ("payments/__init__.py", ""), ("payments/cards.py", BILLING),
                       ("checkout.py", "import billing", "from payments import cards as billing")]),
    "wrapper": (PAID, [("main.py", "        checkout.checkout(bug)\n", "        audited(bug)\n\n\ndef audited(bug):\n    checkout.checkout(bug)\n")]),
    "retry": (PAID, [("billing.py", "def owner_name", "@retry\ndef owner_name"), ("billing.py", "def pay", "@retry\ndef pay"), ("billing.py", "def charge", "@retry\ndef charge"), ("billing.py", "def last_line", "@retry\ndef last_line"),
                     ("billing.py", "class Declined", RETRY + "class Declined")]),
    "dependency": ("each parse", []),
    "rename": (RENAMED, [("billing.py", "owner_name", "name_of_owner"), ("billing.py", "charge", "debit"), ("billing.py", "last_line", "final_line"),
                      ("checkout.py", "owner_name", "name_of_owner"), ("checkout.py", "billing.charge", "billing.debit"), ("checkout.py", "last_line", "final_line")]),
    "caller": (PAID, [("main.py", "checkout.checkout", "checkout.complete"), ("checkout.py", "def checkout", "def complete")]),
    "hop": (PAID, [("main.py", "        checkout.checkout(bug)\n", "        with ThreadPoolExecutor() as pool:\n            pool.submit(checkout.checkout, bug).result()\n"),
                   ("main.py", "import sys\n", "import sys\nfrom concurrent.futures import ThreadPoolExecutor\n")]),
    "async": (PAID, [("main.py", "        checkout.checkout(bug)\n", "        asyncio.run(asyncio.to_thread(checkout.checkout, bug))\n"), ("main.py", "import sys\n", "import asyncio\nimport sys\n")]),
    "closure": ("closure each", [("main.py", "def handle(bug):\n", "def handle(bug):\n    first = lambda: None\n    first()\n"),
                                 ("store.py", "    dep.each(order", "    dep.each([0], lambda line: None)\n    dep.each(order")]),
    "named": ("closure", [("main.py", "lambda order: order[\"owner\"][\"name\"]", "store.print_owner"),
                          ("store.py", "def sku_of", "def print_owner(order):\n    return order[\"owner\"][\"name\"]\n\n\ndef sku_of")]),
}
