# frozen_string_literal: true

require "yaml"

module Platform
  # A machine as the inventory names it. `tier` and `kind` are names of Ansible groups, as in `machine_learning`.
  Machine = Struct.new(:name, :kind, :tier, :applications, keyword_init: true) do
    def roles
      [kind, tier].uniq.map(&:to_sym)
    end

    def to_s
      name
    end
  end

  # The inventory of a stack, as `bin/inventory` writes it for Ansible. Pure.
  class Inventory
    attr_reader :environment, :machines, :health

    # @param unknown what of the environment is not in it, as machines that are just being made: `missing` of
    #   `bin/inventory --json`.
    def self.read(path, unknown = [])
      new(File.read(path), path, unknown)
    rescue Errno::ENOENT
      raise Wrong, "there is no inventory #{path}; `bin/inventory` writes it"
    rescue Psych::SyntaxError => error
      raise Wrong, "#{path}: #{error.message}; `bin/inventory` writes it anew"
    end

    def initialize(text, path = "the inventory", unknown = [])
      @unknown = unknown
      groups = (YAML.safe_load(text) || {}).dig("all", "children") || {}
      all = variables_of(groups, "platform_environment").first or
        raise Wrong, "#{path} names no environment; allowed is what `bin/inventory` writes"
      @environment = all["platform_environment"]
      @health = all.fetch("platform_health", {})
      @tiers = all.fetch("platform_tiers", {}).transform_keys { |name| group_name(name) }
      @groups = variables_of(groups, "platform_kind")
      @machines = groups.values.flat_map { |group| machines_of(group) }.sort_by(&:name)
    end

    # Those that run an application; none while all of them are being made.
    def with(application)
      groups_with(application)
      machines.select { |machine| machine.applications.include?(application) }
    end

    # As few machines as the tier of a machine may have: Azure may name fewer while it replaces one.
    def least(machine)
      @tiers.dig(machine.tier, "least_instances") || 1
    end

    # Why machines that should run an application are not there: one line for each.
    def unknown_with(application)
      groups = groups_with(application).map { |vars| vars.values_at("platform_kind", "platform_tier") }
      @unknown.select { |one| groups.include?(one.values_at("kind", "tier")) }.map { |one| one["why"] }
    end

    private

    def groups_with(application)
      found = @groups.select { |vars| applications_in(vars).include?(application) }
      return found unless found.empty?

      known = @groups.flat_map { |vars| applications_in(vars) }.uniq.sort
      raise Wrong, "application: given #{application}, allowed are those of #{environment}: #{known.join(", ")}"
    end

    def applications_in(vars)
      (vars["platform_applications"] || []).map { |application| application["name"] }
    end

    def group_name(name)
      name.to_s.tr("-", "_")
    end

    def variables_of(groups, name)
      groups.values.filter_map { |group| group["vars"] }.select { |vars| vars.key?(name) }
    end

    def machines_of(group)
      vars = group["vars"] || {}
      return [] unless vars.key?("platform_kind")

      kind, tier = vars.values_at("platform_kind", "platform_tier").map { |name| group_name(name) }
      (group["hosts"] || {}).keys.map do |name|
        Machine.new(name: name, kind: kind, tier: tier, applications: applications_in(vars))
      end
    end
  end
end
