# frozen_string_literal: true

# Deployments of applications onto the machines of the platform. To be required in the Capfile.
require "English"
require "etc"
require "shellwords"
require "socket"
require_relative "platform/choice"
require_relative "platform/deployment"
require_relative "platform/fleet"
require_relative "platform/inventory"
require_relative "platform/open_ssh"
require_relative "platform/store"

module Platform
  # The project's folder, whose commands are used.
  ROOT = File.expand_path("../../../..", __dir__)

  # What stage files say.
  module Stage
    # The stage deploys onto the machines of a Pulumi stack. Roles are kinds of machines, as in `roles(:front)`; they are
    # those of the last inventory, until a deployment has written it anew.
    def platform_stack(name)
      set :platform_stack, name
      file = Platform.file(name, "yml")
      return unless File.exist?(file)

      Inventory.read(file).machines.each { |machine| server machine.name, roles: machine.roles, user: fetch(:platform_user) }
    end
  end

  module_function

  # A file of a stack that `bin/inventory` writes.
  def file(stack, ending)
    File.join(ENV.fetch("PLATFORM_INVENTORIES") { File.join(ROOT, "ansible", "inventory") }, "#{stack}.#{ending}")
  end

  # A command of the project as words; the lab has its own.
  def command(name)
    given = ENV.fetch("PLATFORM_#{name.upcase}", nil)
    given ? given.shellsplit : [File.join(ROOT, "bin", name)]
  end
end

extend Platform::Stage
# Output that nobody reads any more (a terminal or a pipeline's runner that is gone) must keep no machine from going back.
[$stdout, $stderr].each do |io|
  io.sync = true
  io.singleton_class.prepend(Module.new do
    def write(*texts)
      super
    rescue SystemCallError
      texts.sum { |text| text.to_s.bytesize }
    end
  end)
end
# An outcome is told without Rake's words about it. That of a deployment Capistrano tells itself, and invokes `deploy:failed`.
Rake.application.singleton_class.prepend(Module.new do
  def display_error_message(error)
    super unless error.is_a?(Platform::Outcome)
  end

  def exit_because_of_exception(error)
    return super if deploying? || !error.is_a?(Platform::Outcome)

    warn error.message
    exit error.exit_status
  end
end)
load File.expand_path("tasks/platform.rake", __dir__)
