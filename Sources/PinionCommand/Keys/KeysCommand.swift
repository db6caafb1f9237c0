import ArgumentParser
import Foundation
import PinionStore

/// `pinion keys`: who may use the server, and how much; a running server sees a change at its next request.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and change API keys, and what stands behind them.",
        subcommands: [
            Create.self, List.self, Show.self, Update.self, Rotate.self, Revoke.self, IncreaseLimits.self,
            PolicyCommand.self, ModelCommand.self, Audit.self,
        ], defaultSubcommand: List.self)

    static let referenceHelp: ArgumentHelp =
        "The key's ID as `pinion keys list` shows it, an unambiguous beginning of it, or the key itself."

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and show it, this once.", discussion: LimitDiscussion.new)

        @Option(help: "What to call it.") var name = "unnamed"
        @Option(help: "Whose it is, such as a team; `pinion owners create` makes one (default: none).")
        var owner: String?
        @Option(help: "Limits and models to have (default: those of the default policy, if there is one).")
        var policy: String?
        @OptionGroup var models: ModelPatternOptions<NewValues>
        @Option(
            help: ArgumentHelp(
                "When it ends: a date, or a time from now such as 90d (default: never).", valueName: "time"))
        var expires: String?
        @OptionGroup var limits: LimitOptions<NewValues>
        @OptionGroup var metadata: MetadataOptions<NewValues>
        @OptionGroup var data: DataOptions

        func run() throws {
            let store = try data.openStore()
            let terms = KeyTerms(
                owner: try store.owner(owner).value, policy: try store.policy(policy).value,
                limits: try limits.values(), models: try models.patterns(),
                expires: try expires.map { try TimeArgument.date($0, option: "--expires") },
                metadata: try metadata.values())
            let issued = try store.create(name: name, terms)
            Console.line(issued.secret)
            Console.notice("made key \(issued.record.id) \"\(issued.record.name)\"; its secret is not stored")
        }
    }

    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what is set for a key.",
            discussion: LimitDiscussion.changed)

        @Argument(help: KeysCommand.referenceHelp) var key: String
        @Option(help: "What to call it.") var name: String?
        @Option(help: "Whose it is.")
        var owner: String?
        @Option(help: "Limits and models to have; without one, those of the default policy.")
        var policy: String?
        @OptionGroup var models: ModelPatternOptions<ChangedValues>
        @Option(help: ArgumentHelp("When it ends: a date, or a time from now such as 90d.", valueName: "time"))
        var expires: String?
        @OptionGroup var limits: LimitOptions<ChangedValues>
        @OptionGroup var metadata: MetadataOptions<ChangedValues>
        @OptionGroup var data: DataOptions

        func run() throws {
            let store = try data.openStore()
            var update = KeyUpdate()
            update.name = name
            update.owner = try store.owner(owner)
            update.policy = try store.policy(policy)
            update.models = try models.change()
            if let expires {
                update.expires =
                    expires == "none" ? .unset : .set(try TimeArgument.date(expires, option: "--expires"))
            }
            update.limits = try limits.changes()
            update.metadata = try metadata.changes()
            let updated = try store.update(key, update)
            Console.line("updated \(updated.record.id) \"\(updated.record.name)\"")
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a key a new secret and show it, this once.",
            discussion: "The secrets before it go on being accepted until the grace ends.")

        @Argument(help: KeysCommand.referenceHelp) var key: String
        @Option(help: ArgumentHelp("How long the old secrets stay good, such as 24h.", valueName: "time"))
        var grace = "0"
        @OptionGroup var data: DataOptions

        func run() throws {
            let grace = try TimeArgument.duration(grace, option: "--grace")
            let issued = try data.openStore().rotate(key, grace: grace)
            Console.line(issued.secret)
            let end = Date() + TimeInterval(grace.components.seconds)
            let old = grace == .zero ? "no longer good" : "good until \(TimeArgument.text(end))"
            Console.notice(
                "key \(issued.record.id) \"\(issued.record.name)\" has a new secret, which is not stored; the old ones "
                    + "are \(old)")
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key; running servers refuse it from their next request on.")

        @Argument(help: KeysCommand.referenceHelp) var key: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let record = try data.openStore().revoke(key)
            Console.line("revoked \(record.id) \"\(record.name)\"")
        }
    }

    struct IncreaseLimits: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "increase", abstract: "Raise limits of a key until a time.",
            discussion: "Amounts are added to limits that the key or its policy has: --daily-tokens +5000.")

        @Argument(help: KeysCommand.referenceHelp) var key: String
        @OptionGroup var limits: LimitOptions<ChangedValues>
        @Option(help: ArgumentHelp("When it ends: a date, or a time from now such as 12h.", valueName: "time"))
        var until: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let end = try TimeArgument.date(until, option: "--until")
            let raised = try data.openStore().increase(key, limits.increases(), until: end)
            Console.line(
                "raised limits of \(raised.record.id) \"\(raised.record.name)\" until \(TimeArgument.text(end))")
        }
    }
}
