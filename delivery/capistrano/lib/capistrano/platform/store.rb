# frozen_string_literal: true

require "English"
require "json"
require "open3"

module Platform
  # What is deployed, who deploys it at the moment, and who deployed what: kept beside the artifacts, and reached by the
  # project's own commands.
  class Store
    # Held while this process lives: its end, however it comes, closes the input of the command that holds the lock. That
    # command says `held` whenever the lock has its whole minute again. A computer that slept for longer has lost it, though
    # the command does not know it yet.
    class Lock
      # Less than a lease, and more than the pause between two renewals.
      FRESH_SECONDS = 45
      # In which a command that slept as well renews the lock, or ends.
      RENEWAL_SECONDS = 20

      def initialize(input, output, process, fresh_seconds: FRESH_SECONDS, renewal_seconds: RENEWAL_SECONDS)
        @input = input
        @process = process
        @fresh_seconds = fresh_seconds
        @renewal_seconds = renewal_seconds
        @said = now
        @reader = Thread.new { output.each_line { @said = now } }
      end

      def held?
        ends = now + @renewal_seconds
        sleep 0.1 until fresh? || !@process.alive? || now > ends
        @process.alive? && fresh?
      end

      def release
        @input.close unless @input.closed?
        @process.join(30)
      end

      private

      def fresh?
        now - @said < @fresh_seconds
      end

      # Goes on while the computer sleeps.
      def now
        Process.clock_gettime(defined?(Process::CLOCK_BOOTTIME) ? Process::CLOCK_BOOTTIME : Process::CLOCK_REALTIME)
      end
    end

    # @param commands words by name: `:artifact` and `:deployment`.
    # @param project folder of the stack files.
    def initialize(stack, application, project:, **commands)
      @of = ["--stack", stack, "--name", application]
      @project = project
      @commands = commands
    end

    # What the pointer says: nil where nothing was deployed yet.
    def deployed
      parsed(run(:artifact, "deployed"))
    end

    # @param from what was deployed until now: nil where nothing was. Refused where it is another by now.
    def move(release, from:, by:, pipeline: nil)
      more = pipeline ? ["--pipeline", pipeline] : []
      run(:artifact, "move", "--release", release, "--from", from || "none", "--by", by, *more)
    end

    # @raise Locked with the owner and the time, where another deployment is under way.
    def lock(owner)
      words = words_of(:deployment, "lock") + ["--owner", JSON.generate(owner)]
      input, output, errors, process = Open3.popen3(*words, pgroup: true, chdir: @project)
      # Other children must not keep it open.
      input.close_on_exec = true
      said = Thread.new { errors.read }
      return Lock.new(input, output, process) if output.gets&.strip == "held"

      status = process.value.exitstatus
      text = said.value.strip
      [input, output, errors].each(&:close)
      raise (status == Locked::EXIT_STATUS ? Locked : Failed), text
    end

    # The owner of the lock: nil where there is none.
    def owner
      parsed(run(:deployment, "owner"))
    end

    # Takes the lock from its owner, who is returned: nil where there is none.
    def unlock
      parsed(run(:deployment, "unlock"))
    end

    # Writes one record; the same `at` replaces it.
    def record(entry)
      run(:deployment, "record", input: JSON.generate(entry))
    end

    # The latest records, newest first.
    def records(count = 10)
      parsed(run(:deployment, "records", "--last", count.to_s)) || []
    end

    private

    def words_of(name, verb)
      [*@commands.fetch(name), verb, *@of]
    end

    def run(name, verb, *arguments, input: "")
      words = words_of(name, verb) + arguments
      text, errors, status = Open3.capture3(*words, stdin_data: input, pgroup: true, chdir: @project)
      return text if status.success?

      raise Failed, "`#{words_of(name, verb).join(" ")}` ended with #{status.exitstatus || status.termsig}: #{errors.strip}"
    end

    def parsed(text)
      text.strip.empty? ? nil : JSON.parse(text)
    end
  end
end
