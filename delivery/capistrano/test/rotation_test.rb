# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/capistrano/platform/fleet"
require_relative "../lib/capistrano/platform/inventory"
require_relative "../lib/capistrano/platform/rotation"

# Which machine may leave its rotation, by what the machines of its tier say of their health.
class RotationTest < Minitest::Test
  Clock = Struct.new(:now)
  View = Struct.new(:fleet, :machines, :least)

  # A fleet that says of each machine what a test says: health by name, nil for one that does not answer.
  Fleet = Struct.new(:health) do
    def each_at_once(machines)
      machines.to_h { |machine| [machine, yield(machine)] }
    end

    def look(machine)
      Platform::Fleet::Sight.new(release: "r", health: health.fetch(machine.name))
    end
  end

  def setup
    @clock = Clock.new(Time.at(1000))
    @rotation = Platform::Rotation.new(@clock, notice_seconds: 15, boot_seconds: 90)
  end

  def machine(name)
    Platform::Machine.new(name: name, kind: "front", tier: name[/\D+/], applications: ["front"])
  end

  def look(least: 1, **health)
    health = health.transform_keys(&:to_s)
    @rotation.look(View.new(Fleet.new(health), health.keys.map { |name| machine(name) }, ->(_) { least }))
  end

  def stays(name)
    @rotation.stays(machine(name))
  end

  def test_half_of_the_others_must_serve
    look(front1: 200, front2: 200, front3: 503, front4: 503)
    assert_equal "front1 stays in rotation: 1 of the other 3 of front serve, 2 must", stays("front1")
    look(front1: 200, front2: 200, front3: 503)
    assert_nil stays("front1")
  end

  def test_machines_of_another_tier_do_not_serve_for_it
    look(front1: 200, front2: 503, back1: 200, back2: 200)
    assert_match(/\Afront1 stays in rotation: 0 of the other 1/, stays("front1"))
    assert_nil stays("back1")
  end

  def test_a_machine_that_azure_does_not_name_yet_counts_where_the_tier_has_more
    look(front1: 200, least: 2)
    assert_equal "front1 stays in rotation: 0 of the other 1 of front serve, 1 must", stays("front1")
    look(front1: 200, least: 1)
    assert_nil stays("front1")
  end

  def test_one_that_came_back_counts_once_load_balancers_have_noticed
    look(front1: 200, front2: 404)
    assert_equal "front2 is out of rotation already, for something else", stays("front2")
    @clock.now += 60
    look(front1: 200, front2: 200)
    refute_nil stays("front1")
    @clock.now += 15
    look(front1: 200, front2: 200)
    assert_nil stays("front1")
  end

  def test_one_that_is_ill_is_left_alone_while_it_may_just_boot_and_one_that_says_nothing_always
    look(front1: 200, front2: 503, front3: nil)
    assert_equal "front2 does not serve yet", stays("front2")
    @clock.now += 90
    look(front1: 200, front2: 503, front3: nil)
    assert_nil stays("front2")
    assert_equal "front3 does not serve yet", stays("front3")
  end

  def test_where_nobody_serves_there_is_nothing_to_lose
    look(front1: 503, front2: nil, back1: 200)
    assert @rotation.nobody_serves?(machine("front1"))
    refute @rotation.nobody_serves?(machine("front2"))
    look(front1: 503, front2: 404)
    refute @rotation.nobody_serves?(machine("front1"))
  end
end
