import ArgumentParser
import PinionLedger
import PinionStore

extension KeysCommand {
    /// `pinion keys policy`: limits and models under a name, for any number of keys.
    struct PolicyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "policy", abstract: "Make, list and change policies: limits and models for many keys.",
            subcommands: [Create.self, List.self, Show.self, Update.self, Remove.self, Default.self],
            defaultSubcommand: List.self)

        struct Create: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Make a policy.", discussion: LimitDiscussion.new)

            @Argument(help: "What to call it.") var name: String
            @OptionGroup var models: ModelPatternOptions<NewValues>
            @OptionGroup var limits: LimitOptions<NewValues>
            @OptionGroup var data: DataOptions

            func run() throws {
                let policy = try data.openStore().policies.create(
                    name, limits: limits.values(), models: models.patterns())
                Console.line("made policy \"\(policy.name)\"")
            }
        }

        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "List the policies.")

            @Flag(help: "Print a JSON array.") var json = false
            @OptionGroup var data: DataOptions

            func run() throws {
                let policies = try data.openStore().policies.list()
                if json { return try PrintedJSON.list(policies.map { PrintedJSON($0) }).print() }
                guard !policies.isEmpty else {
                    let create = Invocation.command("keys policy create NAME", in: data.directory)
                    return Console.notice("no policies yet; `\(create)` makes one")
                }
                policies.printTable()
            }
        }

        struct Show: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Show a policy.")

            @Argument(help: "The policy's name.") var name: String
            @Flag(help: "Print a JSON object.") var json = false
            @OptionGroup var data: DataOptions

            func run() throws {
                let store = try data.openStore()
                let policy = try store.policies.show(store.knownPolicy(name))
                if json { return try PrintedJSON(policy).print() }
                [policy].printTable()
            }
        }

        struct Update: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Change a policy, for all keys that have it.",
                discussion: LimitDiscussion.changed)

            @Argument(help: "The policy's name.") var name: String
            @OptionGroup var models: ModelPatternOptions<ChangedValues>
            @OptionGroup var limits: LimitOptions<ChangedValues>
            @OptionGroup var data: DataOptions

            func run() throws {
                let store = try data.openStore()
                let policy = try store.policies.update(
                    store.knownPolicy(name), limits: limits.changes(), models: models.change())
                Console.line("updated policy \"\(policy.name)\"")
            }
        }

        struct Remove: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Remove a policy that no key has.")

            @Argument(help: "The policy's name.") var name: String
            @OptionGroup var data: DataOptions

            func run() throws {
                let store = try data.openStore()
                try store.policies.remove(store.knownPolicy(name))
                Console.line("removed policy \"\(name)\"")
            }
        }

        struct Default: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Name the policy of all keys that have none of their own.")

            @Argument(help: "The policy's name, or `none`.") var name: String
            @OptionGroup var data: DataOptions

            func run() throws {
                let store = try data.openStore()
                let policy = try store.policy(name).value
                try store.policies.makeDefault(policy)
                Console.line(policy.map { "\"\($0)\" is the default policy" } ?? "there is no default policy")
            }
        }
    }
}

extension [PolicyRecord] {
    fileprivate func printTable() {
        let rows = map { policy in
            [
                policy.name, policy.isDefault ? "yes" : "-", "\(policy.keys)",
                policy.models.map { $0.map(\.text).joined(separator: ", ") } ?? "all", LimitRows.line(policy.limits),
            ]
        }
        Table(header: ["NAME", "DEFAULT", "KEYS", "MODELS", "LIMITS"], rows: rows).print()
    }
}

extension PrintedJSON {
    fileprivate init(_ policy: PolicyRecord) {
        self = .members([
            "name": .text(policy.name), "default": .bool(policy.isDefault), "keys": .number(policy.keys),
            "limits": PrintedJSON(policy.limits), "models": PrintedJSON(policy.models),
            "created": PrintedJSON(policy.created),
        ])
    }
}
