import ArgumentParser

/// `pinion schema`: shows what becomes of the schemas that requests hold replies to.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Try JSON Schemas that replies are held to.",
        subcommands: [Check.self])
}
