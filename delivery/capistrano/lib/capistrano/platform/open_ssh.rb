# frozen_string_literal: true

require "English"
require "open3"
require "sshkit"

module Platform
  # SSHKit's commands by OpenSSH's own client, with the file that `bin/inventory` writes: the same way, and the same
  # verified host keys, as Ansible and people have.
  #
  # SSHKit's own way (net-ssh) reads a part of such a file only. It keeps known_hosts as it was at its first look, so that
  # a machine which came since is unknown; it forwards the agent to the machines; and a command whose connection was
  # lost counts as one that went well.
  class OpenSsh < SSHKit::Backend::Abstract
    # What ssh says where it is no command's own status, ssh(1).
    LOST = 255
    OPTIONS = {
      "BatchMode" => "yes",
      "StrictHostKeyChecking" => "yes",
      "ForwardAgent" => "no",
      # A connection that is shared would outlive the deployment, and keep the output of its first command open.
      "ControlMaster" => "no",
      "ControlPath" => "none",
      "ConnectTimeout" => "10",
      "ServerAliveInterval" => "5",
      "ServerAliveCountMax" => "3",
    }.freeze

    # Runs a command whatever its status, and returns it.
    #
    # @param seconds after so long it counts as lost.
    def attempt(*words, seconds:)
      options = { raise_on_non_zero_exit: false, verbosity: Logger::DEBUG }
      command(words, options).tap { |made| execute_command(made, seconds) }
    end

    def self.words(host, command)
      options = OPTIONS.flat_map { |name, value| ["-o", "#{name}=#{value}"] }
      user = host.user ? ["-l", host.user] : []
      [*(config.program || ["ssh"]), "-F", config.file, *options, *user, "--", host.hostname, command]
    end

    private

    # A group of its own: Ctrl-C ends the deployment after what is under way, and not that.
    def execute_command(cmd, seconds = 3600)
      output.log_command_start(cmd.with_redaction)
      cmd.started = true
      status = Open3.popen3(*self.class.words(host, cmd.to_command), pgroup: true) do |input, out, err, process|
        input.close
        readers = [reader(cmd, :stdout, out), reader(cmd, :stderr, err)]
        ended = process.join(seconds) || Process.kill("KILL", -process.pid)
        cmd.on_stderr(nil, "not done within #{seconds} s") if ended.is_a?(Integer)
        readers.each(&:join)
        process.value.exitstatus || LOST
      end
      cmd.exit_status = status
      output.log_command_exit(cmd)
    end

    def reader(cmd, stream, io)
      Thread.new do
        while (line = io.gets)
          cmd.public_send("on_#{stream}", nil, line)
          output.log_command_data(cmd, stream, line)
        end
      end
    end
  end
end
