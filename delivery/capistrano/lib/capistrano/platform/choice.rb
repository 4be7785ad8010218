# frozen_string_literal: true

require_relative "outcomes"

module Platform
  # The release that a deployment brings, by what was given, by the one that is deployed, and by the records, newest first.
  # Pure.
  module Choice
    UNFINISHED = %w[started interrupted incomplete].freeze

    module_function

    def release(kind, given, deployed, records)
      case kind
      when "rollback" then given || release_before(deployed, records)
      when "complete" then deployed || raise(Wrong, "nothing is deployed yet; deploy a release")
      else given
      end
    end

    # The release in whose place the one that is deployed came; so a second rollback goes one further back. A rollback that
    # did not come to its end is completed: it goes no further.
    def release_before(deployed, records)
      last = records.first
      return last["release"] if last && last["kind"] == "rollback" && UNFINISHED.include?(last["outcome"])

      of_it = records.select { |one| one["release"] == deployed }
      came = of_it.find { |one| one["kind"] == "deploy" && one["outcome"] != "rolled back" && ![nil, deployed].include?(one["before"]) }
      return came["before"] if came

      # Deployed by no deployment, as by `bin/artifact move`.
      done = records.find { |one| one["outcome"] == "done" } if of_it.empty?
      done&.fetch("release") or raise Wrong, "no release before #{deployed || "the first one"} is known; name it: RELEASE=..."
    end
  end
end
