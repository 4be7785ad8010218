# frozen_string_literal: true

require "digest"
require_relative "world"

# The real `cap` against machines that are files: what is deployed, in which order, and what comes of what goes wrong.
class DeploymentTest < Minitest::Test
  parallelize_me!

  OLD = "20261101000000-aaaaaaaaaaaa"
  NEW = "20261129000000-bbbbbbbbbbbb"
  NEXT = "20261130000000-cccccccccccc"

  def world(**options)
    @world = World.new(deployed: OLD, **options)
  end

  def teardown
    @world&.remove
  end

  # What a `cap` says that ends with this status.
  def cap(status, task, **variables)
    result = (@world || world).cap("development", task, **variables)
    assert_equal status, result.status, result.output
    result.output
  end

  # Waits for the end of a `cap` that was started: its exit status, or the signal by which it died.
  def assert_ends(status, pid)
    _, ended = Process.wait2(pid)
    assert_equal status, ended.exitstatus || ended.termsig, @world.read("output")
  end

  # A deployment with a file of the world in its way, until the block is over.
  def deploy_against(file, status: 0)
    @world ||= world
    @world.write(file)
    running = @world.start("development", "deploy", RELEASE: NEW)
    yield running
    @world.delete(file)
    assert_ends status, running
  end

  # One whose activation on a machine goes on until the block is over.
  def deploy_held_on(machine, status: 0)
    deploy_against("hosts/#{machine}/holds", status: status) do |running|
      @world.wait_for("#{machine} activate #{NEW}")
      yield running
    end
  end

  def everywhere(release)
    @world.serving.keys.to_h { |name| [name, release] }
  end

  def test_a_release_is_fetched_everywhere_then_activated_machine_by_machine_then_deployed
    cap(0, "deploy", RELEASE: NEW)
    assert_equal everywhere(NEW), @world.serving
    fetches, rest = @world.log.partition { |line| line.include?(" fetch ") }
    assert_equal ["front1.dev fetch #{NEW}", "front2.dev fetch #{NEW}"], fetches.sort
    assert_equal ["front1.dev activate #{NEW}", "front1.dev serves #{NEW}", "front2.dev activate #{NEW}",
                  "front2.dev serves #{NEW}", "deployed #{NEW}"], rest.first(5)
    assert_equal ["front1.dev prune", "front2.dev prune"], rest.drop(5).sort
    assert_equal fetches, @world.log.first(2)
    record = @world.records.fetch(0)
    assert_equal ["deploy", NEW, OLD, "anna", "done", "development"],
                 record.values_at("kind", "release", "before", "by", "outcome", "environment")
    assert_nil @world.read("owner")
    assert_equal OLD, File.read("#{@world.folder}/hosts/back1.dev/current")
  end

  def test_host_keys_are_verified_by_the_generated_file_and_no_agent_goes_along
    world.cap("development", "deploy", RELEASE: NEW)
    options = @world.read("log").lines.grep(/ options: /)
    assert_equal 2, options.size
    options.each do |line|
      assert_includes line, "-F #{@world.folder}/inventories/dev.ssh_config"
      ["StrictHostKeyChecking=yes", "BatchMode=yes", "ForwardAgent=no", "-l deploy"].each { |text| assert_includes line, text }
    end
  end

  def test_a_release_that_the_first_machine_does_not_serve_touches_no_other
    world.write("hosts/front1.dev/refuses", NEW)
    output = cap(1, "deploy", RELEASE: NEW)
    assert_includes output, "front1.dev does not serve #{NEW}: back to #{OLD}: /health answered 500"
    assert_equal everywhere(OLD), @world.serving
    assert_equal OLD, @world.deployed
    refute_includes @world.log, "front2.dev activate #{NEW}"
    assert_equal "rolled back", @world.records.last["outcome"]
    assert_includes @world.records.last["error"], "/health answered 500"
    assert_nil @world.read("owner")
  end

  def test_a_release_that_the_second_machine_does_not_serve_goes_from_the_first
    world.write("hosts/front2.dev/refuses", NEW)
    cap(1, "deploy", RELEASE: NEW)
    assert_equal everywhere(OLD), @world.serving
    assert_equal OLD, @world.deployed
    assert_equal ["front1.dev activate #{NEW}", "front1.dev serves #{NEW}", "front2.dev activate #{NEW}", "front2.dev went back",
                  "front1.dev fetch #{OLD}", "front1.dev activate #{OLD}", "front1.dev serves #{OLD}"], @world.log.drop(2)
  end

  def test_nothing_was_deployed_yet_so_machines_go_back_to_what_they_had
    @world = World.new
    @world.write("hosts/front2.dev/refuses", NEW)
    cap(1, "deploy", RELEASE: NEW)
    assert_equal everywhere("20260101000000"), @world.serving
    assert_nil @world.deployed
  end

  def test_a_release_that_a_machine_cannot_get_is_activated_nowhere
    world.write("hosts/front2.dev/no-store")
    output = cap(1, "deploy", RELEASE: NEW)
    assert_includes output, "front2.dev does not get #{NEW}: the store does not answer"
    assert_empty @world.log.grep(/activate/)
  end

  def test_a_second_deployment_at_the_same_time_is_refused_with_the_name_of_the_first
    deploy_held_on("front1.dev") do
      assert_match(/front is being deployed by anna since 20\d\d-/, cap(3, "deploy", RELEASE: NEXT, BY: "bert"))
      # The same machines have the application admin.
      assert_match(/^lock +front by anna since 20/, @world.cap("development", "deploy:status", APPLICATION: "admin").output)
    end
    assert_equal everywhere(NEW), @world.serving
    assert_equal 1, @world.records.size
  end

  def test_a_deployment_that_may_wait_comes_after_the_one_before
    second = nil
    deploy_held_on("front1.dev") do
      second = @world.start("development", "deploy", output: "#{@world.folder}/second", RELEASE: NEXT, BY: "bert",
                                                     PLATFORM_LOCK_PATIENCE: "60")
      @world.eventually("told") { @world.read("second").to_s.include?("is being deployed by anna since") }
    end
    assert_ends 0, second
    assert_equal everywhere(NEXT), @world.serving
    assert_equal [NEW, NEXT], @world.log.grep(/^deployed/).map { |line| line.split.last }
  end

  # Before it has activated the release on the second machine.
  def kill_deployment
    deploy_held_on("front2.dev", status: 9) do |running|
      Process.kill("KILL", running)
      assert_equal({ "front1.dev" => NEW, "front2.dev" => OLD }, @world.serving)
    end
  end

  def test_a_deployment_that_was_killed_is_told_and_completed_by_the_next
    kill_deployment
    output = cap(0, "deploy", RELEASE: NEW, BY: "bert")
    assert_match(/the deploy of #{NEW} by anna at \S+ was interrupted/, output)
    assert_includes output, "front1.dev has #{NEW}, not what is deployed"
    assert_equal everywhere(NEW), @world.serving
    assert_equal %w[interrupted done], @world.records.map { |one| one["outcome"] }
  end

  def test_a_deployment_that_was_killed_is_taken_back_by_complete
    kill_deployment
    cap(0, "deploy:complete")
    assert_equal everywhere(OLD), @world.serving
    # Nobody knows how far it was there.
    assert_includes @world.log.drop_while { |line| line != "front2.dev activate #{NEW}" }, "front2.dev activate #{OLD}"
  end

  def test_what_a_killed_deployment_left_goes_also_where_the_next_one_fails
    world.machine("front1.dev", current: NEW)
    @world.write("hosts/front1.dev/releases/#{OLD}")
    @world.write("hosts/front2.dev/no-store")
    cap(1, "deploy", RELEASE: NEXT)
    assert_equal everywhere(OLD), @world.serving
  end

  def test_a_signal_ends_it_after_the_machine_that_is_under_way_and_all_go_back
    deploy_held_on("front1.dev", status: 1) do |running|
      Process.kill("TERM", running)
      @world.wait_for_output("ending after")
    end
    assert_equal everywhere(OLD), @world.serving
    assert_includes @world.log, "front1.dev serves #{NEW}"
    refute_includes @world.log, "front2.dev activate #{NEW}"
    assert_equal "rolled back", @world.records.last["outcome"]
  end

  def test_a_second_signal_ends_it_at_once_and_leaves_no_lock
    deploy_held_on("front1.dev", status: 15) do |running|
      Process.kill("TERM", running)
      @world.wait_for_output("ending after")
      Process.kill("TERM", running)
    end
    assert_equal "started", @world.records.last["outcome"]
    cap(0, "deploy", RELEASE: NEXT)
  end

  def test_machines_that_are_born_meanwhile_get_what_is_deployed
    world.write("hosts/front2.dev/holds")
    running = @world.start("development", "deploy", RELEASE: NEW)
    @world.wait_for("front2.dev activate #{NEW}")
    @world.machine("front3.dev", current: OLD)
    @world.machine("front4.dev", current: OLD)
    @world.write("hosts/front4.dev/unborn")
    @world.delete("hosts/front2.dev/holds")
    @world.wait_for("front3.dev serves #{NEW}")
    sleep 0.5
    @world.delete("hosts/front4.dev/unborn")
    assert_ends 0, running
    assert_equal everywhere(NEW), @world.serving
    assert_includes @world.read("output"), "left out, since it has no host keys yet: front4.dev"
  end

  def test_a_machine_that_is_lost_in_it_is_waited_for_and_the_other_one_serves_until_then
    world.write("hosts/front1.dev/lost-in", NEW)
    running = @world.start("development", "deploy", RELEASE: NEW)
    @world.wait_for_output("front2.dev stays in rotation: 0 of the other 1 of front serve, 1 must")
    refute_includes @world.log, "front2.dev activate #{NEW}"
    @world.write("hosts/front1.dev/gone")
    @world.wait_for_output("front2.dev stays in rotation: 0 of the other 1 of front serve, 1 must")
    @world.machine("front3.dev", current: OLD)
    assert_ends 0, running
    assert_equal({ "front1.dev" => OLD, "front2.dev" => NEW, "front3.dev" => NEW }, @world.serving)
    assert_equal ["front2.dev activate #{NEW}", "front2.dev serves #{NEW}", "deployed #{NEW}"],
                 @world.log.drop_while { |line| !line.start_with?("front2.dev activate") }.first(3)
  end

  def test_a_machine_that_reboots_in_its_activation_is_waited_for_and_takes_the_release_at_last
    world.write("hosts/front1.dev/lost-in", NEW)
    running = @world.start("development", "deploy", RELEASE: NEW)
    @world.wait_for_output("front2.dev stays in rotation: 0 of the other 1 of front serve, 1 must")
    # It serves what it had: `platform-release boot`.
    %w[lost-in lost].each { |file| @world.delete("hosts/front1.dev/#{file}") }
    assert_ends 0, running
    assert_equal everywhere(NEW), @world.serving
    assert_equal ["front1.dev activate #{NEW}", "front2.dev activate #{NEW}", "front1.dev activate #{NEW}"],
                 @world.log.grep(/activate/)
  end

  def test_a_machine_stays_in_rotation_while_another_one_is_out_of_it
    deploy_against("hosts/front2.dev/drained") do
      @world.wait_for_output("front1.dev stays in rotation: 0 of the other 1 of front serve, 1 must")
      assert_includes @world.read("output"), "front2.dev is out of rotation already"
      assert_empty @world.log.grep(/activate/)
    end
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_machine_that_can_never_leave_its_rotation_is_told_in_the_end
    world.write("hosts/front2.dev/drained")
    output = cap(1, "deploy", RELEASE: NEW, PLATFORM_PATIENCE: "1")
    assert_includes output, "front1.dev stays in rotation: 0 of the other 1 of front serve, 1 must; front2.dev is out"
    assert_includes output, "waited for 1 s"
    assert_empty @world.log.grep(/activate/)
  end

  def test_one_that_is_ill_takes_the_release_first_since_the_other_one_could_not_leave
    world.write("hosts/front2.dev/unwell-until", NEW)
    cap(0, "deploy", RELEASE: NEW)
    assert_equal ["front2.dev activate #{NEW}", "front1.dev activate #{NEW}"], @world.log.grep(/activate/)
  end

  def test_where_nobody_serves_nothing_is_waited_for
    world
    %w[front1.dev front2.dev].each { |name| @world.write("hosts/#{name}/unwell-until", NEW) }
    @world.set("platform_boot_seconds, 6")
    output = cap(0, "deploy", RELEASE: NEW)
    assert_match(/^00:0[0-3] front1.dev: serves/, output)
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_machine_in_its_first_boot_is_waited_for_and_takes_nothing_before_it_says_something
    deploy_against("hosts/front2.dev/silent") do
      @world.wait_for_output("front2.dev does not serve yet")
      sleep 3
      assert_empty @world.log.grep(/activate/)
    end
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_newborn_machine_that_is_not_ready_keeps_nobody_from_the_release
    world.machine("front3.dev", current: OLD)
    deploy_against("hosts/front3.dev/boots") do
      @world.wait_for("deployed #{NEW}")
      refute_includes @world.log, "front3.dev activate #{NEW}"
    end
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_machine_that_was_lost_before_it_keeps_nobody_from_the_release
    world(machines: %w[front1.dev front2.dev front3.dev])
    deploy_against("hosts/front2.dev/lost") { @world.wait_for("deployed #{NEW}") }
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_release_in_which_two_machines_are_lost_goes_no_further
    world(machines: %w[front1.dev front2.dev front3.dev])
    %w[front1.dev front2.dev].each { |name| @world.write("hosts/#{name}/lost-in", NEW) }
    output = cap(4, "deploy", RELEASE: NEW, PLATFORM_PATIENCE: "2")
    assert_includes output, "front1.dev and front2.dev were lost while they took #{NEW}"
    assert_equal OLD, @world.deployed
    refute_includes @world.log, "front3.dev activate #{NEW}"
  end

  def test_a_machine_that_does_not_become_well_is_told_and_the_release_stays_deployed
    world(machines: %w[front1.dev front2.dev front3.dev]).write("hosts/front2.dev/unwell")
    @world.set("platform_boot_seconds, 600")
    output = cap(4, "deploy", RELEASE: NEW, PLATFORM_PATIENCE: "2")
    assert_includes output, "front2.dev does not serve yet"
    assert_equal NEW, @world.deployed
    assert_equal "incomplete", @world.records.last["outcome"]
    @world.delete("hosts/front2.dev/unwell")
    cap(0, "deploy:complete")
  end

  def test_a_lock_that_is_taken_away_ends_the_deployment_where_it_is
    deploy_held_on("front1.dev", status: 4) do
      assert_match(/taken from front by anna since 20/, cap(0, "deploy:unlock"))
    end
    assert_includes @world.read("output"), "the lock was taken away"
    assert_equal({ "front1.dev" => NEW, "front2.dev" => OLD }, @world.serving)
    assert_equal OLD, @world.deployed
  end

  def test_a_lock_that_is_taken_away_in_the_last_machine_moves_no_pointer
    deploy_held_on("front2.dev", status: 4) { cap(0, "deploy:unlock") }
    assert_equal OLD, @world.deployed
  end

  def test_an_artifact_that_was_replaced_since_its_release_was_deployed_is_activated_nowhere
    cap(0, "deploy", RELEASE: NEW)
    assert_equal Digest::SHA256.hexdigest(NEW), @world.records.last["sha256"]
    cap(0, "deploy", RELEASE: NEXT)
    @world.write("replaced", NEW)
    %w[front1.dev front2.dev].each { |name| @world.delete("hosts/#{name}/releases/#{NEW}") }
    output = cap(1, "deploy:rollback")
    assert_includes output, "has another SHA-256, not #{Digest::SHA256.hexdigest(NEW)}"
    assert_equal everywhere(NEXT), @world.serving
  end

  def test_an_artifact_that_is_replaced_while_it_is_deployed_is_not_what_is_deployed
    deploy_held_on("front2.dev", status: 1) { @world.write("replaced", NEW) }
    assert_equal [OLD, everywhere(OLD)], [@world.deployed, @world.serving]
  end

  def test_the_artifact_that_a_pipeline_published_is_the_one_that_is_deployed
    world.write("replaced", NEW)
    cap(1, "deploy", RELEASE: NEW, RELEASE_SHA256: Digest::SHA256.hexdigest(NEW))
    assert_equal everywhere(OLD), @world.serving
    # What failed so is no word on what the release is.
    cap(0, "deploy", RELEASE: NEW)
  end

  def test_an_activation_that_has_not_ended_serves_nothing_whatever_the_machine_answers
    world.machine("front1.dev", current: NEW)
    @world.write("hosts/front1.dev/trying")
    @world.write("deployed", JSON.generate(release: NEW, by: "bert", at: "now"))
    output = cap(4, "deploy:status")
    assert_match(/^front1.dev +#{NEW} +an activation of it has not ended$/, output)
    output = cap(0, "deploy:complete")
    assert_includes output, "front1.dev: an activation of #{NEW} has not ended"
    assert_includes @world.log, "front1.dev activate #{NEW}"
  end

  def test_a_machine_whose_processes_are_of_another_release_serves_neither
    world.write("hosts/front2.dev/running", NEXT)
    output = cap(4, "deploy:status")
    assert_match(/^front2.dev +#{OLD} +processes of #{NEXT} run$/, output)
    cap(0, "deploy:complete")
    assert_equal ["front2.dev activate #{OLD}"], @world.log.grep(/activate/)
  end

  def test_an_activation_that_was_killed_is_made_good_also_where_the_next_deployment_fails
    world.write("hosts/front1.dev/trying")
    @world.write("hosts/front2.dev/no-store")
    cap(1, "deploy", RELEASE: NEW)
    assert_equal ["front1.dev activate #{OLD}"], @world.log.grep(/activate/)
  end

  def test_a_machine_that_is_busy_takes_the_release_later
    deploy_against("hosts/front1.dev/busy") { @world.wait_for("front1.dev is busy") }
    assert_equal everywhere(NEW), @world.serving
  end

  def test_a_machine_that_stays_busy_is_told_and_all_go_back
    world.write("hosts/front2.dev/busy")
    output = cap(1, "deploy", RELEASE: NEW, PLATFORM_PATIENCE: "1")
    assert_includes output, "front2.dev does not serve #{NEW}: somebody else has the drain's lock"
    assert_equal everywhere(OLD), @world.serving
  end

  def test_what_is_wrong_keeps_the_memory_of_an_interruption
    [["started", { RELEASE: "main" }], ["interrupted", {}]].each do |outcome, given|
      world.write("records/2026-01-01T00:00:00.000Z.json",
                  JSON.generate(kind: "deploy", release: NEW, by: "bert", at: "2026-01-01T00:00:00.000Z", outcome: outcome))
      cap(2, "deploy", **given)
      assert_equal [outcome], @world.records.map { |one| one["outcome"] }
      cap(0, "deploy:complete")
      # Nobody knows what they run.
      assert_equal ["front1.dev activate #{OLD}", "front2.dev activate #{OLD}"], @world.log.grep(/activate/)
      assert_equal %w[interrupted done], @world.records.map { |one| one["outcome"] }
      @world.remove
    end
  end

  def test_a_store_that_is_away_when_the_pointer_should_move_takes_everything_back
    world.write("store-away")
    cap(1, "deploy", RELEASE: NEW)
    assert_equal everywhere(OLD), @world.serving
  end

  def test_a_store_that_is_away_for_the_last_record_is_told_and_leaves_no_lock
    world.write("no-records")
    output = cap(4, "deploy", RELEASE: NEW)
    assert_includes output, "its record still says `started`"
    assert_equal [NEW, everywhere(NEW)], [@world.deployed, @world.serving]
    @world.delete("no-records")
    cap(0, "deploy:complete")
    assert_equal %w[interrupted done], @world.records.map { |one| one["outcome"] }
  end

  def test_a_record_of_a_clock_that_is_ahead_stays_before_those_that_come_after_it
    ahead = "2099-01-01T00:00:00.000Z"
    world.write("records/#{ahead}.json", JSON.generate(kind: "deploy", release: NEW, by: "bert", at: ahead, outcome: "started"))
    cap(0, "deploy", RELEASE: NEXT)
    assert_equal [["interrupted", ahead], ["done", "2099-01-01T00:00:00.001Z"]], @world.records.map { |one| one.values_at("outcome", "at") }
  end

  def test_rollback_goes_to_the_named_release_or_to_the_one_before
    cap(0, "deploy", RELEASE: NEW)
    cap(0, "deploy", RELEASE: NEXT)
    cap(0, "deploy:rollback")
    assert_equal [NEW, everywhere(NEW)], [@world.deployed, @world.serving]
    cap(0, "deploy:rollback", RELEASE: "")
    assert_equal [OLD, everywhere(OLD)], [@world.deployed, @world.serving]
    cap(0, "deploy", RELEASE: NEXT)
    cap(0, "deploy:rollback", ROLLBACK_RELEASE: OLD)
    assert_equal [OLD, everywhere(OLD)], [@world.deployed, @world.serving]
    assert_equal %w[deploy deploy rollback rollback deploy rollback], @world.records.map { |one| one["kind"] }
  end

  def test_what_is_given_wrongly_is_told_and_nothing_is_done
    world.write("unpublished", NEXT)
    { { ROLLBACK_RELEASE: NEW } => "release: given nil", { RELEASE: "20261129000000" } => "RELEASE=2026",
      { RELEASE: NEW, PLATFORM_SSH_CONFIG: "/nowhere" } => "PLATFORM_SSH_CONFIG: given /nowhere",
      { RELEASE: NEW, APPLICATION: "gone" } => "allowed are those of development: admin, back, front",
      { RELEASE: NEW, APPLICATION: nil } => "APPLICATION=front",
      { RELEASE: NEW, PLATFORM_PATIENCE: "long" } => "PLATFORM_PATIENCE: given \"long\"",
      { RELEASE: NEW, RELEASE_SHA256: "x" } => "RELEASE_SHA256: given \"x\"",
      { RELEASE: NEXT } => "#{NEXT}, which is not in the store" }.each do |variables, text|
      assert_includes cap(2, "deploy", **variables), text
    end
    assert_equal 2, @world.cap("--dry-run", "development", "deploy", RELEASE: NEW).status
    assert_empty @world.log
    assert_empty @world.records
  end

  def test_a_line_of_a_repository_that_restarts_by_itself_is_told_before_anything_is_done
    world.add("# pm2 is not used\nafter 'deploy:published', :restart do\n  on(roles(:front)) { execute :pm2, 'startOrReload' }\nend")
    @world.add('after("deploy:updated", :mine) { on(roles(:front)) { execute "cd #{release_path} && pm2 reload all" } }')
    %w[deploy deploy:check deploy:complete].each do |task|
      output = cap(2, task, RELEASE: NEW)
      assert_match(%r{config/deploy.rb:\d+: on\(roles\(:front\)\) \{ execute :pm2, 'startOrReload' \}$}, output)
      assert_match(%r{config/deploy.rb:\d+: after.*pm2 reload all}, output)
      refute_includes output, "pm2 is not used"
    end
    assert_empty @world.log
    assert_empty @world.records
  end

  def test_an_inventory_that_cannot_be_read_is_told_by_its_name
    { "{}" => "names no environment", "all: [" => "did not find expected" }.each do |text, why|
      world.write("inventories/dev.yml", text)
      output = cap(2, "deploy:status")
      assert_match(%r{inventories/dev.yml.*#{why}}, output)
      @world.remove
    end
  end

  def test_check_asks_the_store_and_every_machine_and_changes_nothing
    cap(0, "deploy:check")
    @world.write("hosts/front2.dev/lost")
    output = cap(4, "deploy:check")
    assert_match(/^front2.dev +does not answer/, output)
    assert_empty @world.log
    assert_empty @world.records
  end

  def test_output_that_nobody_reads_keeps_no_machine_from_going_back
    world.write("hosts/front2.dev/refuses", NEW)
    reader, writer = IO.pipe
    reader.close
    running = @world.start("development", "deploy", RELEASE: NEW, output: writer)
    Process.wait(running)
    assert_equal everywhere(OLD), @world.serving
    assert_equal "rolled back", @world.records.last["outcome"]
  end

  def test_a_pointer_that_moved_after_all_is_what_machines_go_to
    deploy_held_on("front2.dev", status: 1) do
      # By a command of a deployment that was killed.
      @world.machine("front1.dev", current: NEXT)
      @world.machine("front2.dev", current: NEXT)
      @world.write("deployed", JSON.generate(release: NEXT, by: "bert", at: "now"))
    end
    assert_equal everywhere(NEXT), @world.serving
  end

  def test_status_tells_what_each_machine_serves
    world.machine("front2.dev", current: NEW)
    @world.machine("front3.dev", current: OLD)
    @world.write("hosts/front3.dev/lost")
    output = cap(4, "deploy:status")
    assert_match(/^deployed +#{OLD} by somebody/, output)
    assert_match(/^front1.dev +#{OLD}$/, output)
    assert_match(/^front2.dev +#{NEW} +not what is deployed$/, output)
    assert_match(/^front3.dev +does not answer$/, output)
    assert_match(/^lock +free$/, output)
  end

  def test_roles_are_kinds_of_machines
    world.add("after 'deploy:finished', :mine do\n" \
              "  puts \"front: \#{roles(:front).map(&:hostname).join(' ')}\"\nend\n")
    @world.cap("development", "deploy:status")
    assert_includes cap(0, "deploy", RELEASE: NEW), "front: front1.dev front2.dev"
  end
end
