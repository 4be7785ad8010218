# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/capistrano/platform/outcomes"
require_relative "../lib/capistrano/platform/store"

# Commands that hold a lock, and what is known of it by what they say.
class LockTest < Minitest::Test
  def lock(script, **seconds)
    input, output, @process = Open3.popen2("sh", "-c", script)
    Platform::Store::Lock.new(input, output, @process, **seconds)
  end

  def test_a_lock_is_held_while_its_command_renews_it
    held = lock("for turn in 1 2 3 4 5 6; do echo held; sleep 0.2; done; cat", fresh_seconds: 0.6, renewal_seconds: 0.1)
    sleep 1
    assert held.held?
    held.release
    refute @process.alive?
    refute held.held?
  end

  def test_a_lock_that_was_not_renewed_in_time_is_not_held_though_its_command_lives
    held = lock("exec cat", fresh_seconds: 0.3, renewal_seconds: 0.1)
    sleep 0.5
    refute held.held?
    held.release
  end

  def test_a_command_that_slept_too_has_a_moment_to_renew_it
    held = lock("sleep 1; echo held; exec cat", fresh_seconds: 0.5, renewal_seconds: 3)
    sleep 0.7
    assert held.held?
    held.release
  end
end
