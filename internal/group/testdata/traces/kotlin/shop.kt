package com.acme.shop

class NotReady(message: String, cause: Throwable) : RuntimeException(message, cause)

class Order(val lines: List<Int>, val owner: String?)

class Store {
    companion object {
        fun open(path: String): Store = throw IllegalStateException("cannot open $path")
    }

    private val orders = mapOf(1 to Order(listOf(), null))
    fun find(id: Int) = orders[id]
    fun ownerLength(id: Int) = find(id)!!.owner!!.length
    fun visit(f: (Order) -> Unit) = f(find(1)!!)
}

fun Store.charge(id: Int) { throw IllegalArgumentException("the card of order $id was declined") }

inline fun <T> retry(work: () -> T): T = work()

fun checkout(store: Store) {
    try {
        retry { store.ownerLength(1) }
    } catch (e: NullPointerException) {
        throw NotReady("order ${ProcessHandle.current().pid()} is not ready", e)
    }
}

fun main(args: Array<String>) {
    val store = Store()
    when (args[0]) {
        "owner" -> store.ownerLength(1)
        "extension" -> store.charge(4711)
        "companion" -> Store.open("x")
        "lambda" -> store.visit { it.owner!!.length }
        "chained" -> checkout(store)
        "lazy" -> println(lazy { store.ownerLength(1) }.value)
    }
}
