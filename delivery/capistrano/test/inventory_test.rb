# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/capistrano/platform/outcomes"
require_relative "../lib/capistrano/platform/inventory"

# The inventory as the program writes it.
class InventoryTest < Minitest::Test
  TEXT = <<~YAML
    all:
      children:
        balancer:
          children: {back_balancer_development: {}}
        back_balancer_development:
          hosts: {back-balancer1.dev: {}}
          vars: {platform_applications: [], platform_kind: balancer, platform_tier: back}
        development:
          hosts: {web1.dev: {ansible_host: 10.20.1.4}, back-balancer1.dev: {ansible_host: 10.20.250.4}}
          vars: {platform_environment: development, platform_health: {path: /health, port: 8999}}
        front:
          children: {front_development: {}}
        front_development:
          children: {web_development: {}}
        machine_learning_development:
          hosts: {}
          vars: {platform_applications: [{name: model}], platform_kind: machine-learning, platform_tier: machine-learning}
        web_development:
          hosts: {web1.dev: {}}
          vars: {platform_applications: [{name: web}, {name: api}], platform_kind: front, platform_tier: web}
  YAML

  def inventory(unknown = [])
    Platform::Inventory.new(TEXT, "dev.yml", unknown)
  end

  def test_roles_are_the_kind_and_the_tier
    assert_equal({ "back-balancer1.dev" => %i[balancer back], "web1.dev" => %i[front web] },
                 inventory.machines.to_h { |machine| [machine.name, machine.roles] })
    assert_equal({ "path" => "/health", "port" => 8999 }, inventory.health)
  end

  def test_an_application_is_on_the_machines_of_its_tier
    assert_equal ["web1.dev"], inventory.with("api").map(&:name)
    assert_empty inventory.with("model")
    error = assert_raises(Platform::Wrong) { inventory.with("other") }
    assert_equal "application: given other, allowed are those of development: api, model, web", error.message
  end

  def test_only_what_is_unknown_of_the_applications_machines_is_waited_for
    missing = [%w[front web web2.dev], %w[front web-2 web-21.dev], %w[balancer web web-balancer1.dev],
               %w[machine-learning machine-learning web]].map do |kind, tier, name|
      { "kind" => kind, "tier" => tier, "why" => "left out: #{name}, as back of web" }
    end
    assert_equal ["left out: web2.dev, as back of web"], inventory(missing).unknown_with("web")
    assert_equal ["left out: web, as back of web"], inventory(missing).unknown_with("model")
  end

  def test_a_file_that_is_no_inventory_is_refused
    assert_raises(Platform::Wrong) { Platform::Inventory.new("{}") }
    assert_raises(Platform::Wrong) { Platform::Inventory.read("/nowhere.yml") }
  end
end
