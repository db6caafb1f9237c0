import ArgumentParser
import Foundation

/// `pinion`: the command whose subcommands are all others.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pinion",
        abstract: "Serves open-weights language models over the OpenAI API, on this machine's CPU.",
        version: PinionProgram.version,
        subcommands: [
            ServeCommand.self, RunCommand.self, ChatCommand.self, ModelsCommand.self, KeysCommand.self,
            OwnersCommand.self, UsageCommand.self,
            StoreCommand.self, SchemaCommand.self, BenchCommand.self,
        ])

    /// Runs the command; a failure is one line on standard error and exit code 1.
    ///
    /// ArgumentParser keeps what it does itself: help, version, and usage errors, which exit with 64.
    static func main() async {
        do {
            if let failure = ArgumentText.failure(in: CommandLine.arguments) {
                Console.failure(failure)
                throw ExitCode.failure
            }
            var command = try parseAsRoot()
            do {
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            } catch let error where exitCode(for: error) == .failure && !(error is ExitCode) {
                Console.failure(error)
                throw ExitCode.failure
            }
        } catch {
            exit(withError: error)
        }
    }
}
