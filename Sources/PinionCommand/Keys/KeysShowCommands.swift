import ArgumentParser
import Foundation
import PinionLedger
import PinionStore

extension KeysCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, revoked ones included.")

        @Flag(help: "Print a JSON array.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let keys = try data.openStore().list()
            if json { return try PrintedJSON.list(keys.map { PrintedJSON($0) }).print() }
            guard !keys.isEmpty else {
                let create = Invocation.command("keys create", in: data.directory)
                Console.notice("no keys yet; `\(create)` makes one")
                return
            }
            let rows = keys.map { key in
                [
                    key.id, key.prefix + "…", key.name, key.owner ?? "-", key.policy ?? "-",
                    TimeArgument.text(key.created), key.lastUsed.map(TimeArgument.text) ?? "never", key.state,
                ]
            }
            Table(
                header: ["ID", "KEY", "NAME", "OWNER", "POLICY", "CREATED", "LAST USED", "STATE"], rows: rows
            ).print()
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a key, with what it may do and where that is set.")

        @Argument(help: KeysCommand.referenceHelp) var key: String
        @Flag(help: "Print a JSON object.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let key = try data.openStore().show(key)
            if json { return try PrintedJSON(key).print() }
            let (record, now) = (key.record, Date())
            let policy = key.policy.map { record.policy == nil ? "\($0) (the default)" : $0 }
            var rows = [
                ["id", record.id], ["name", record.name], ["owner", record.owner ?? "-"], ["policy", policy ?? "-"],
                ["state", record.state], ["created", TimeArgument.text(record.created)],
                ["last used", record.lastUsed.map(TimeArgument.text) ?? "never"],
                ["models", key.account.models.map { $0.map(\.text).joined(separator: ", ") } ?? "all"],
            ]
            for secret in key.secrets {
                let end = secret.expires.map { ($0 > now ? "good until " : "ended ") + TimeArgument.text($0) }
                rows.append([
                    "secret",
                    "\(secret.prefix)…, made \(TimeArgument.text(secret.created))"
                        + (end.map { ", \($0)" } ?? ""),
                ])
            }
            rows += key.metadata.sorted { $0.key < $1.key }.map { ["metadata", "\($0.key)=\($0.value)"] }
            Table(header: ["KEY", record.prefix + "…"], rows: rows).print()
            let limits = LimitRows.rows(of: key)
            Console.line()
            if limits.isEmpty { return Console.line("no limits") }
            Table(header: ["LIMIT", "NOW", "SET BY"], rows: limits).print()
        }
    }

    /// `pinion keys audit`: who changed what.
    struct Audit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show who changed keys, owners, policies and models, and when.")

        @Option(help: ArgumentHelp("How many of the latest changes.", valueName: "n")) var last = 100
        @Flag(help: "Print a JSON array.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            guard last > 0 else { throw CommandFailure("--last: expected 1 or more, found \(last)") }
            let entries = try data.openStore().audit(last: last)
            if json { return try PrintedJSON.list(entries.map { PrintedJSON($0) }).print() }
            guard !entries.isEmpty else { return Console.notice("no changes yet") }
            let rows = entries.map { [TimeArgument.text($0.time), $0.actor, $0.action, $0.subject, $0.detail] }
            Table(header: ["TIME", "WHO", "CHANGE", "OF", "DETAIL"], rows: rows).print()
        }
    }
}

extension KeyRecord {
    /// Whether the key is good, in a few words.
    fileprivate var state: String {
        if let revoked { return "revoked " + TimeArgument.text(revoked) }
        guard let expires else { return "active" }
        return (hasExpired(at: Date()) ? "expired " : "until ") + TimeArgument.text(expires)
    }
}

extension PrintedJSON {
    init(_ key: KeyRecord) {
        self = .members([
            "id": .text(key.id), "name": .text(key.name), "prefix": .text(key.prefix),
            "created": PrintedJSON(key.created), "last_used": PrintedJSON(key.lastUsed),
            "revoked": PrintedJSON(key.revoked), "owner": PrintedJSON(key.owner), "policy": PrintedJSON(key.policy),
            "expires": PrintedJSON(key.expires),
        ])
    }

    fileprivate init(_ key: KeyDetails) {
        let secrets = key.secrets.map { secret in
            PrintedJSON.members([
                "prefix": .text(secret.prefix), "created": PrintedJSON(secret.created),
                "expires": PrintedJSON(secret.expires),
            ])
        }
        let effective = PrintedJSON.members([
            "policy": PrintedJSON(key.policy), "limits": PrintedJSON(key.account.limits),
            "owner_limits": PrintedJSON(key.account.ownerLimits), "models": PrintedJSON(key.account.models),
        ])
        self = PrintedJSON(key.record).with([
            "limits": PrintedJSON(key.limits), "models": PrintedJSON(key.models),
            "metadata": PrintedJSON(key.metadata), "increases": PrintedJSON(key.increases), "secrets": .list(secrets),
            "effective": effective,
        ])
    }

    fileprivate init(_ entry: AuditEntry) {
        let detail = try? JSONDecoder().decode(PrintedJSON.self, from: Data(entry.detail.utf8))
        self = .members([
            "id": .number(Int(entry.id)), "time": PrintedJSON(entry.time), "who": .text(entry.actor),
            "action": .text(entry.action), "subject": .text(entry.subject), "detail": detail ?? .text(entry.detail),
        ])
    }
}
