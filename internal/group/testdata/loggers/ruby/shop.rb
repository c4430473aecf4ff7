# Writes the same events with the logger named on the command line.
require "logger"
require "json"

ODD = 'client said level=error "gone" to order für 注文'.freeze # information, whatever it reads like
TWO_LINES = "first line\nsecond line".freeze

def owner(order)
  order.fetch("owner")
end

def load_order
  owner({})
rescue KeyError
  raise "cannot load order 7"
end

def via(log)
  log.info("order taken")
  log.warn("slow order")
  log.info(ODD)
  log.info(TWO_LINES)
  log.error("order lost: no owner")
  begin
    load_order
  rescue StandardError => e
    log.error(e)
    log.fatal("giving up")
  end
end

def lograge
  require "lograge"
  request = { method: "GET", path: "/orders/7", format: :html, controller: "OrdersController", action: "show", duration: 12.5, view: 3.1, db: 4.2 }
  [Lograge::Formatters::KeyValue.new, Lograge::Formatters::Json.new].each do |formatter|
    puts formatter.call(request.merge(status: 200))
    puts formatter.call(request.merge(status: 500, error: "KeyError: key not found: \"owner\""))
  end
end

case ARGV[0]
when "logger" then via(Logger.new($stdout, progname: "shop"))
when "lograge" then lograge
when "warn"
  warn("shop.rb: slow order")
  load_order
end
