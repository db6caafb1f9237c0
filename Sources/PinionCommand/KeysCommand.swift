import ArgumentParser
import Foundation
import PinionStore

/// `pinion keys`: makes, lists and revokes API keys; a running server sees the change at its next request.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and revoke API keys.",
        subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key and show it, this once.")

        @Option(help: "What to call it.") var name = "unnamed"
        @OptionGroup var data: DataOptions

        func run() throws {
            let issued = try data.openStore().create(name: name)
            Console.line(issued.secret)
            Console.notice("made key \(issued.record.id) \"\(issued.record.name)\"; its secret is not stored")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, revoked ones included.")

        @Flag(help: "Print a JSON array.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let keys = try data.openStore().list()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                encoder.dateEncodingStrategy = .iso8601
                Console.line(String(decoding: try encoder.encode(keys.map(ListedKey.init)), as: UTF8.self))
                return
            }
            guard !keys.isEmpty else {
                let create = Invocation.command("keys create", in: data.directory)
                Console.notice("no keys yet; `\(create)` makes one")
                return
            }
            let rows = keys.map { key in
                [
                    key.id, key.prefix + "…", key.name, Self.day(key.created), key.lastUsed.map(Self.day) ?? "never",
                    key.revoked.map { "revoked " + Self.day($0) } ?? "active",
                ]
            }
            Table(header: ["ID", "KEY", "NAME", "CREATED", "LAST USED", "STATE"], rows: rows).print()
        }

        private static func day(_ date: Date) -> String {
            date.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key; running servers refuse it from their next request on.")

        @Argument(
            help: "The key's ID as `pinion keys list` shows it, an unambiguous beginning of it, or the key itself.")
        var key: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let record = try data.openStore().revoke(key)
            Console.line("revoked \(record.id) \"\(record.name)\"")
        }
    }
}

/// A key as `pinion keys list --json` prints it.
private struct ListedKey: Encodable {
    let id: String
    let name: String
    let prefix: String
    let created: Date
    let lastUsed: Date?
    let revoked: Date?

    init(_ record: KeyRecord) {
        id = record.id
        name = record.name
        prefix = record.prefix
        created = record.created
        lastUsed = record.lastUsed
        revoked = record.revoked
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, prefix, created, revoked
        case lastUsed = "last_used"
    }

    /// Written out so that absent times are `null` rather than missing.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(prefix, forKey: .prefix)
        try container.encode(created, forKey: .created)
        try container.encode(lastUsed, forKey: .lastUsed)
        try container.encode(revoked, forKey: .revoked)
    }
}
