# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/capistrano/platform/outcomes"
require_relative "../lib/capistrano/platform/store"

# Commands that hold a lock, and what is known of it by what they answer.
class LockTest < Minitest::Test
  RENEWS = 'while read -r number; do echo "held $number"; done'

  def lock(script, **seconds)
    input, output, @process = Open3.popen2("sh", "-c", script)
    Platform::Store::Lock.new(input, output, @process, **seconds)
  end

  def test_a_lock_is_held_while_its_command_renews_it_on_demand
    held = lock(RENEWS)
    2.times { assert held.held? }
    held.release
    refute @process.alive?
    refute held.held?
  end

  def test_a_lock_that_is_not_renewed_now_is_not_held_though_its_command_lives_and_renewed_it_before
    held = lock("echo held 0; read -r number; echo held $number; exec cat >/dev/null", seconds: 0.3)
    assert held.held?
    refute held.held?
    held.release
  end

  def test_an_answer_that_came_too_late_is_none_to_the_next_question
    held = lock("read -r one; read -r two; echo held $one; exec cat >/dev/null", seconds: 0.3)
    2.times { refute held.held? }
    held.release
  end

  def test_a_command_that_ends_when_it_is_asked_has_lost_it
    refute lock("read -r number; exit 1").held?
  end
end
