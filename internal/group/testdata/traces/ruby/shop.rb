require "logger"

class NotReady < StandardError; end

class Store
  def find(id)
    { 1 => { lines: [], owner: nil } }[id]
  end

  def owner_name(id)
    find(id)[:owner].name
  end

  def visit
    [1, 2].each { |id| find(id + 5).fetch(:owner) }
  end

  def self.open(path)
    File.read(path)
  end
end

def checkout(store)
  store.owner_name(1)
rescue NoMethodError
  raise NotReady, "order #{Process.pid} is not ready"
end

def depth(n)
  raise ArgumentError, "no end in #{Process.pid}" if n.zero?
  depth(n - 1)
end

def logged(store)
  store.owner_name(1)
rescue NoMethodError => e
  log = Logger.new($stderr)
  log.error(e)
end

def full(store)
  checkout(store)
rescue NotReady => e
  warn e.full_message(highlight: false, order: :top)
end

store = Store.new
case ARGV[0]
when "owner" then store.owner_name(1)
when "block" then store.visit
when "chained" then checkout(store)
when "open" then Store.open("/srv/none")
when "recursion" then depth(20)
when "logged" then logged(store)
when "full" then full(store)
when "thread"
  worker = Thread.new { store.owner_name(1) }
  worker.report_on_exception = true
  worker.join rescue nil
end
