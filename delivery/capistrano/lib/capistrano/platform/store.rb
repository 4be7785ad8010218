# frozen_string_literal: true

require "English"
require "json"
require "open3"

module Platform
  # What is deployed, who deploys it at the moment, and who deployed what: kept beside the artifacts, and reached by the
  # project's own commands.
  class Store
    # Held while this process lives: its end, however it comes, closes the input of the command that holds the lock. That
    # command renews the lock by itself, and for each line of its input: what it said before tells nothing of a lock that was
    # just taken away, or that ended while this computer slept.
    class Lock
      # In which a store answers that is not away.
      ANSWER_SECONDS = 20

      def initialize(input, output, process, seconds: ANSWER_SECONDS)
        @input = input
        @process = process
        @seconds = seconds
        @asked = @answered = 0
        @reader = Thread.new { output.each_line { |line| @answered = line[/\d+/].to_i } }
      end

      # Has it renewed now.
      def held?
        @input.puts(@asked += 1)
        ends = now + @seconds
        sleep 0.01 until @answered == @asked || !@process.alive? || now > ends
        @answered == @asked
      rescue IOError, SystemCallError
        # It was released, or the command has ended.
        false
      end

      def release
        @input.close unless @input.closed?
        @process.join(30)
      end

      private

      def now
        Process.clock_gettime(Process::CLOCK_MONOTONIC)
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

    # The SHA-256 of a release's artifact, as its publisher noted it: nil where it is not there.
    def sha256(release)
      parsed(run(:artifact, "find", "--release", release))&.fetch("sha256")&.slice(/\A\h{64}\z/)
    end

    # @param from what was deployed until now: nil where nothing was. Refused where it is another by now, or the artifact
    #   another one.
    def move(release, from:, sha256:, by:, pipeline: nil)
      more = pipeline ? ["--pipeline", pipeline] : []
      run(:artifact, "move", "--release", release, "--from", from || "none", "--sha256", sha256, "--by", by, *more)
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
