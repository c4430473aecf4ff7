# One controller of Rails, called twice as a request would; Rails writes its log to standard output.
require "logger"
require "action_controller/railtie"

class Shop < Rails::Application
  config.eager_load = false
  config.secret_key_base = "x"
  config.consider_all_requests_local = false
  config.logger = Logger.new($stdout)
  config.hosts.clear
  routes.append { get "/orders/:id" => "orders#show" }
end

class OrdersController < ActionController::Base
  def show
    render plain: owner_name(params[:id].to_i)
  end

  private

  def owner_name(id)
    { 1 => nil }[id].name
  end
end

Rails.logger = Shop.config.logger
Shop.initialize!
Rack::MockRequest.new(Shop).get("/orders/1")
