using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Shop {
    class NotReady : Exception {
        public NotReady(string message, Exception cause) : base(message, cause) { }
    }

    class Order { public List<int> Lines = new List<int>(); public string Owner; }

    class Store {
        Dictionary<int, Order> orders = new Dictionary<int, Order> { { 1, new Order() } };
        public Order Find(int id) { return orders[id]; }
        public int OwnerLength(int id) { return Find(id).Owner.Length; }
        public int LastLine(int id) { return Find(id).Lines[3]; }
        public T Pick<T>(IList<T> items, int n) { return items[n]; }
        public async Task<int> PayAsync(int id) { await Task.Delay(5); return OwnerLength(id); }
        public async Task CheckoutAsync() {
            try { await PayAsync(1); }
            catch (NullReferenceException e) { throw new NotReady("order " + Environment.TickCount + " is not ready", e); }
        }
        public void Chained() {
            try { OwnerLength(1); }
            catch (NullReferenceException e) { throw new NotReady("order " + Environment.TickCount + " is not ready", e); }
        }
        public void Visit() { new List<int> { 4, 5 }.ForEach(id => { Find(id + 3); }); }
    }

    class Program {
        static void Main(string[] args) {
            var store = new Store();
            switch (args[0]) {
                case "owner": store.OwnerLength(1); break;
                case "key": store.Find(9); break;
                case "generic": store.Pick(new List<int>(), 2); break;
                case "chained": store.Chained(); break;
                case "lambda": store.Visit(); break;
                case "async": store.CheckoutAsync().GetAwaiter().GetResult(); break;
                case "aggregate": store.PayAsync(1).Wait(); break;
                case "logged":
                    try { store.Chained(); } catch (Exception e) { Console.WriteLine("ERROR cannot show the order: " + e); }
                    break;
            }
        }
    }
}
