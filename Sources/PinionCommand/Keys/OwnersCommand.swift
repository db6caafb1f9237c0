import ArgumentParser
import PinionLedger
import PinionStore

/// `pinion owners`: whose the keys are, such as teams, with limits that all keys of an owner share.
struct OwnersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owners", abstract: "Make, list and change owners of keys, whose limits their keys share.",
        subcommands: [
            Create.self, List.self, Show.self, Update.self, IncreaseLimits.self, Remove.self,
        ], defaultSubcommand: List.self)

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an owner.", discussion: LimitDiscussion.new)

        @Argument(help: "What to call it.") var name: String
        @OptionGroup var limits: LimitOptions<NewValues>
        @OptionGroup var metadata: MetadataOptions<NewValues>
        @OptionGroup var data: DataOptions

        func run() throws {
            let owner = try data.openStore().owners.create(name, limits: limits.values(), metadata: metadata.values())
            Console.line("made owner \"\(owner.name)\"")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the owners.")

        @Flag(help: "Print a JSON array.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let owners = try data.openStore().owners.list()
            if json { return try PrintedJSON.list(owners.map { PrintedJSON($0) }).print() }
            guard !owners.isEmpty else {
                let create = Invocation.command("owners create NAME", in: data.directory)
                return Console.notice("no owners yet; `\(create)` makes one")
            }
            let rows = owners.map {
                [$0.name, "\($0.keys)", TimeArgument.text($0.created), LimitRows.line($0.limits)]
            }
            Table(header: ["NAME", "KEYS", "CREATED", "LIMITS"], rows: rows).print()
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an owner.")

        @Argument(help: "The owner's name.") var name: String
        @Flag(help: "Print a JSON object.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let store = try data.openStore()
            let owner = try store.owners.show(store.knownOwner(name))
            if json { return try PrintedJSON(owner).print() }
            var rows = [["keys", "\(owner.keys)"], ["created", TimeArgument.text(owner.created)]]
            rows += Limit.allCases.compactMap { limit in
                owner.limits[limit].map {
                    [limit.word, limit.text(of: $0) + LimitRows.raises(owner.increases, limit)]
                }
            }
            rows += owner.metadata.sorted { $0.key < $1.key }.map { ["metadata", "\($0.key)=\($0.value)"] }
            Table(header: ["OWNER", owner.name], rows: rows).print()
        }
    }

    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change an owner.",
            discussion: LimitDiscussion.changed)

        @Argument(help: "The owner's name.") var name: String
        @OptionGroup var limits: LimitOptions<ChangedValues>
        @OptionGroup var metadata: MetadataOptions<ChangedValues>
        @OptionGroup var data: DataOptions

        func run() throws {
            let store = try data.openStore()
            let owner = try store.owners.update(
                store.knownOwner(name), limits: limits.changes(), metadata: metadata.changes())
            Console.line("updated owner \"\(owner.name)\"")
        }
    }

    struct IncreaseLimits: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "increase", abstract: "Raise limits of an owner until a time.",
            discussion: "Amounts are added to limits that the owner has: --daily-tokens +5000.")

        @Argument(help: "The owner's name.") var name: String
        @OptionGroup var limits: LimitOptions<ChangedValues>
        @Option(help: ArgumentHelp("When it ends: a date, or a time from now such as 12h.", valueName: "time"))
        var until: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let end = try TimeArgument.date(until, option: "--until")
            let store = try data.openStore()
            let owner = try store.owners.increase(store.knownOwner(name), limits.increases(), until: end)
            Console.line("raised limits of owner \"\(owner.name)\" until \(TimeArgument.text(end))")
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an owner that has no keys.")

        @Argument(help: "The owner's name.") var name: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let store = try data.openStore()
            try store.owners.remove(store.knownOwner(name))
            Console.line("removed owner \"\(name)\"")
        }
    }
}

extension PrintedJSON {
    init(_ owner: OwnerRecord) {
        self = .members([
            "name": .text(owner.name), "keys": .number(owner.keys), "limits": PrintedJSON(owner.limits),
            "increases": PrintedJSON(owner.increases), "metadata": PrintedJSON(owner.metadata),
            "created": PrintedJSON(owner.created),
        ])
    }
}
