import ArgumentParser

/// Everything that the program `pinion` does: the executable is a call of ``run()``.
package enum PinionProgram {
    package static let version = "0.1.0"

    /// Runs the command that this process's arguments name; a failure ends the process.
    package static func run() async {
        await RootCommand.main()
    }

    /// Every command with its subcommands, as it is typed after the program's name; the program itself is the first, and
    /// empty.
    package static var commands: [[String]] {
        paths(of: RootCommand.self).map { Array($0.dropFirst()) }
    }

    /// What `--help` prints of a command, its last line's end included.
    ///
    /// - Parameters:
    ///   - command: One of ``commands``.
    ///   - columns: Width of the terminal.
    package static func help(of command: [String], columns: Int) -> String {
        do {
            // The parser makes a command of the request for help, whose run is the failure that has the text.
            var request = try RootCommand.parseAsRoot(command + ["--help"])
            try request.run()
        } catch {
            return RootCommand.fullMessage(for: error, columns: columns) + "\n"
        }
        preconditionFailure("--help was taken for something else")
    }

    /// What `pinion serve` would be set up with.
    ///
    /// - Parameters:
    ///   - arguments: What follows `serve`.
    ///   - environment: Variables by name.
    /// - Throws: What `pinion serve` would say.
    package static func serveSettings(_ arguments: [String], environment: [String: String]) throws -> ServeSettings {
        try ServeCommand.parse(arguments).settings(environment)
    }

    private static func paths(of command: any ParsableCommand.Type) -> [[String]] {
        let name = command._commandName
        return [[name]] + command.configuration.subcommands.flatMap { paths(of: $0) }.map { [name] + $0 }
    }
}
