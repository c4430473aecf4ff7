<?php
namespace Shop;

class NotReady extends \RuntimeException {}

class Store {
    public function find(int $id): ?array { return [1 => ['owner' => null]][$id] ?? null; }
    public function ownerName(int $id): string { return $this->find($id)['owner']->name(); }
    public function visit(): void { array_map(function ($id) { return $this->ownerName($id); }, [1]); }
    public static function open(string $path): void { throw new \InvalidArgumentException("cannot open $path in /srv/data"); }
}

function checkout(Store $store): void {
    try {
        $store->ownerName(1);
    } catch (\Error $failure) {
        throw new NotReady('order ' . getmypid() . ' is not ready', 7, $failure);
    }
}

function depth(int $n): int {
    if ($n == 0) {
        throw new \LogicException("no end\nin two lines");
    }
    return depth($n - 1);
}

function logged(Store $store): void {
    try {
        checkout($store);
    } catch (NotReady $failure) {
        error_log((string) $failure);
    }
}

$store = new Store();
match ($argv[1]) {
    'owner' => $store->ownerName(1),
    'closure' => $store->visit(),
    'static' => Store::open('x'),
    'chained' => checkout($store),
    'recursion' => depth(5),
    'logged' => logged($store),
    'type' => $store->find('x'),
    'fatal' => nothing_like_it(),
};
