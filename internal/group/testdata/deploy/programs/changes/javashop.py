"""The Java service of changes.py, and what revision b does to it."""

NAME, BUILD, RUN = "java", ["sh", "-c", "javac -g -d out -cp dep.jar $(find src -name '*.java')"], ["java", "-cp", "out:dep.jar", "com.acme.shop.Main"]

BASE = {
    "pom.xml": """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>com.acme</groupId>
  <artifactId>shop</artifactId>
  <version>1.0.0</version>
  <dependencies>
    <dependency>
      <groupId>org.depot</groupId>
      <artifactId>dep</artifactId>
      <version>1.2.0</version>
    </dependency>
  </dependencies>
</project>
""",
    "src/com/acme/shop/Main.java": """package com.acme.shop;

import com.acme.shop.store.Store;

public class Main {
    static void handle(String bug) throws Exception {
        Store store = new Store();
        switch (bug) {
            case "sku" -> store.skuOf(store.find(1));
            case "price" -> store.priceOf(store.find(1));
            case "size" -> store.sizeOf(store.find(1));
            case "weight" -> store.weightOf(store.find(1));
            case "mail" -> new Mail().send(store.find(1));
            case "sms" -> new Sms().send(store.find(1));
            case "closure" -> store.visit(order -> order.owner.length());
            case "each" -> store.totalOf(store.find(1));
            case "parse" -> store.amountOf("x");
            default -> Checkout.checkout(store, bug);
        }
    }

    static void serve(String bug) throws Exception {
        handle(bug);
    }

    public static void main(String[] args) throws Exception {
        serve(args[0]);
    }
}
""",
    "src/com/acme/shop/Mail.java": """package com.acme.shop;

class Mail {
    void send(com.acme.shop.store.Store.Order order) {
        System.out.println(order.owner.length());
    }
}
""",
    "src/com/acme/shop/Sms.java": """package com.acme.shop;

class Sms {
    void send(com.acme.shop.store.Store.Order order) {
        System.out.println(order.owner.length());
    }
}
""",
    "src/com/acme/shop/Checkout.java": """package com.acme.shop;

import com.acme.shop.billing.Billing;
import com.acme.shop.billing.Declined;
import com.acme.shop.store.Store;

class Checkout {
    static class NotReady extends RuntimeException {
        NotReady(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static void checkout(Store store, String bug) {
        Store.Order order = store.find(1);
        Billing billing = new Billing();
        switch (bug) {
            case "owner" -> billing.ownerLength(order);
            case "pay" -> billing.pay(order);
            case "charge" -> billing.charge(order);
            case "last" -> billing.lastLine(order);
            case "chained" -> {
                try {
                    billing.charge(order);
                } catch (Declined failure) {
                    throw new NotReady("the order is not ready", failure);
                }
            }
        }
    }
}
""",
    "src/com/acme/shop/store/Store.java": """package com.acme.shop.store;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

public class Store {
    public static class Order {
        public final List<Integer> lines = List.of(1);
        public String owner;
        public Integer sku;
        public Map<Integer, Integer> prices;
    }

    public Order find(int id) {
        return Map.of(1, new Order()).get(id);
    }

    public void visit(Consumer<Order> f) {
        f.accept(find(1));
    }

    public int skuOf(Order order) {
        return order.sku.intValue();
    }

    public int priceOf(Order order) {
        return order.sku.intValue();
    }

    public int sizeOf(Order order) {
        return required(order);
    }

    public int weightOf(Order order) {
        return required(order);
    }

    private int required(Order order) {
        return order.sku.intValue();
    }

    public void totalOf(Order order) {
        org.depot.Dep.each(order.lines, line -> order.prices.get(line));
    }

    public int amountOf(String text) {
        return org.depot.Dep.parse(text);
    }
}
""",
    "src/com/acme/shop/billing/Declined.java": """package com.acme.shop.billing;

public class Declined extends RuntimeException {
    public Declined(String message) {
        super(message);
    }
}
""",
    "src/com/acme/shop/billing/Billing.java": """package com.acme.shop.billing;

import com.acme.shop.store.Store.Order;

public class Billing {
    public int ownerLength(Order order) {
        return order.owner.length();
    }

    public int pay(Order order) {
        return order.owner.length();
    }

    public void charge(Order order) {
        throw new Declined("the card of order " + ProcessHandle.current().pid() + " was declined");
    }

    public int lastLine(Order order) {
        return order.lines.get(order.lines.size());
    }
}
""",
}

DEPENDENCY = {
    "1.2.0": """package org.depot;

import java.util.List;
import java.util.function.Consumer;

public class Dep {
    public static void each(List<Integer> items, Consumer<Integer> f) {
        for (Integer item : items) {
            f.accept(item);
        }
    }

    public static int parse(String text) {
        return digits(text);
    }

    private static int digits(String text) {
        throw new IllegalArgumentException("dep: not a number: " + text);
    }
}
""",
    "1.3.0": """package org.depot;

import java.util.List;
import java.util.function.Consumer;

public class Dep {
    record Iterator(List<Integer> items) {
        void walk(Consumer<Integer> f) {
            step(0, f);
        }

        void step(int n, Consumer<Integer> f) {
            f.accept(items.get(n));
        }
    }

    record Parser(String text) {
        int number() {
            throw new IllegalArgumentException("dep: not a number: " + text);
        }
    }

    public static void each(List<Integer> items, Consumer<Integer> f) {
        new Iterator(items).walk(f);
    }

    public static int parse(String text) {
        return new Parser(text).number();
    }
}
""",
}

PAID = "owner pay charge last chained"
RENAMED = "owner charge last chained"
MAIN, CHECKOUT, BILLING = "src/com/acme/shop/Main.java", "src/com/acme/shop/Checkout.java", "src/com/acme/shop/billing/Billing.java"
RETRY = """
    static void retry(Runnable work) {
        for (int n = 0; n < 3; n++) {
            work.run();
        }
    }
"""

CHANGES = {
    "move": (PAID, [(BILLING, None), (BILLING.replace("Billing.java", "Payments.java"), BASE[BILLING].replace("class Billing", "class Payments")),
                    (CHECKOUT, "billing.Billing", "billing.Payments"), (CHECKOUT, "Billing billing = new Billing", "Payments billing = new Payments")]),
    "package": (PAID, [(BILLING, None), (BILLING.replace("billing/", "payments/cards/"), BASE[BILLING].replace("shop.billing", "shop.payments.cards")),
                       ("src/com/acme/shop/billing/Declined.java", None), ("src/com/acme/shop/payments/cards/Declined.java", BASE["src/com/acme/shop/billing/Declined.java"].replace("shop.billing", "shop.payments.cards")),
                       (CHECKOUT, "shop.billing", "shop.payments.cards")]),
    "wrapper": (PAID, [(MAIN, "default -> Checkout.checkout(store, bug);\n        }\n    }\n", "default -> audited(store, bug);\n        }\n    }\n\n    static void audited(Store store, String bug) {\n        Checkout.checkout(store, bug);\n    }\n")]),
    "retry": (PAID, [(CHECKOUT, "-> billing.ownerLength(order)", "-> retry(() -> billing.ownerLength(order))"), (CHECKOUT, "-> billing.pay(order)", "-> retry(() -> billing.pay(order))"), (CHECKOUT, "-> billing.charge(order)", "-> retry(() -> billing.charge(order))"),
                     (CHECKOUT, "-> billing.lastLine(order)", "-> retry(() -> billing.lastLine(order))"), (CHECKOUT, "                    billing.charge(order);", "                    retry(() -> billing.charge(order));"),
                     (CHECKOUT, "    static void checkout", RETRY[1:] + "\n    static void checkout")]),
    "dependency": ("each parse", [("pom.xml", "<version>1.2.0", "<version>1.3.0")]),
    "rename": (RENAMED, [(BILLING, "ownerLength", "lengthOfOwner"), (BILLING, "charge(", "debit("), (BILLING, "lastLine", "finalLine"),
                      (CHECKOUT, "ownerLength", "lengthOfOwner"), (CHECKOUT, "charge(", "debit("), (CHECKOUT, "lastLine", "finalLine")]),
    "caller": (PAID, [(MAIN, "Checkout.checkout", "Checkout.complete"), (CHECKOUT, "void checkout", "void complete")]),
    "hop": (PAID, [(MAIN, "default -> Checkout.checkout(store, bug);", "default -> {\n                Thread worker = new Thread(() -> Checkout.checkout(store, bug));\n                worker.start();\n                worker.join();\n            }")]),
    "executor": (PAID, [(MAIN, "default -> Checkout.checkout(store, bug);", "default -> java.util.concurrent.CompletableFuture.runAsync(() -> Checkout.checkout(store, bug)).get();")]),
    "closure": ("closure each", [(MAIN, "        Store store = new Store();\n", "        Store store = new Store();\n        Runnable first = () -> { };\n        first.run();\n"),
                                 ("src/com/acme/shop/store/Store.java", "        org.depot.Dep.each(", "        org.depot.Dep.each(List.of(0), line -> { });\n        org.depot.Dep.each(")]),
    "named": ("closure", [(MAIN, "store.visit(order -> order.owner.length())", "store.visit(Store::showOwner)"),
                          ("src/com/acme/shop/store/Store.java", "    public int skuOf", "    public static void showOwner(Order order) {\n        order.owner.length();\n    }\n\n    public int skuOf")]),
}
