# frozen_string_literal: true

require "minitest/autorun"
require_relative "../lib/capistrano/platform/choice"

# Which release a deployment brings.
class ChoiceTest < Minitest::Test
  # Oldest first, as they came: `deploy b<a` brought b in place of a, and was done where nothing else is said.
  def records(*lines)
    lines.reverse.map do |line|
      kind, what, *outcome = line.split
      release, before = what.split("<")
      { "kind" => kind, "release" => release, "before" => before, "outcome" => outcome.empty? ? "done" : outcome.join(" ") }
    end
  end

  def rollback(deployed, *lines)
    Platform::Choice.release("rollback", nil, deployed, records(*lines))
  end

  def test_a_rollback_goes_to_the_release_in_whose_place_this_one_came_and_a_second_one_further
    assert_equal "b", rollback("c", "deploy b<a", "deploy c<b")
    assert_equal "a", rollback("b", "deploy b<a", "deploy c<b", "rollback b<c")
  end

  def test_the_first_release_has_none_before_it_also_where_others_came_and_went
    error = assert_raises(Platform::Wrong) { rollback("a", "deploy a", "deploy b<a", "rollback a<b") }
    assert_equal "no release before a is known; name it: RELEASE=...", error.message
    assert_raises(Platform::Wrong) { rollback(nil) }
  end

  def test_a_deployment_that_was_taken_back_put_its_release_in_nobodys_place
    assert_equal "a", rollback("b", "deploy b<a", "deploy c<b", "deploy b<c rolled back", "rollback b<c")
  end

  def test_a_release_that_was_deployed_once_more_came_in_place_of_another_one
    assert_equal "a", rollback("b", "deploy b<a", "deploy b<b")
  end

  def test_a_rollback_that_did_not_end_is_completed_wherever_the_pointer_is
    %w[started interrupted incomplete].each do |outcome|
      %w[b c].each { |deployed| assert_equal "b", rollback(deployed, "deploy b<a", "deploy c<b", "rollback b<c #{outcome}") }
    end
    assert_equal "b", rollback("c", "deploy b<a", "deploy c<b", "rollback a<c rolled back")
  end

  def test_what_was_deployed_by_no_deployment_came_in_place_of_the_last_one
    assert_equal "b", rollback("x", "deploy a", "deploy b<a", "deploy c<b rolled back")
  end

  def test_what_is_named_counts_but_where_all_is_completed_to_what_is_deployed
    assert_equal "x", Platform::Choice.release("rollback", "x", "b", records("deploy b<a"))
    assert_equal "x", Platform::Choice.release("deploy", "x", "b", [])
    assert_equal "b", Platform::Choice.release("complete", "x", "b", [])
    assert_raises(Platform::Wrong) { Platform::Choice.release("complete", "x", nil, []) }
  end
end
