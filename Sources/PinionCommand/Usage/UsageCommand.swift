import ArgumentParser
import PinionCatalog
import PinionLedger
import PinionStore
import PinionTerminal

/// `pinion usage`: what the ledger says was used, beside a running server or without one.
struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage", abstract: "Report what was used and what it cost.",
        subcommands: [Report.self, Show.self, Verify.self, Prune.self], defaultSubcommand: Report.self)

    struct Report: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sum up requests, tokens and money.",
            discussion: """
                Days are those of the ledger, by the time of the admission; hours are in UTC. Costs are in units of the \
                ledger's currency (`serve --currency`).
                """)

        @Option(
            name: .customLong("by"),
            help: ArgumentHelp("What to sum up by; may be repeated (default: day).", valueName: "property"))
        var groups: [UsageReport.Group] = []
        @Option(help: ArgumentHelp("The first day, or such as 7d for the last seven with today.", valueName: "day"))
        var since: DayBound?
        @Option(help: ArgumentHelp("The last day, such as 2026-11-27.", valueName: "day"))
        var until: DayArgument?
        @Option(help: ArgumentHelp("Only requests with this key, by its ID.", valueName: "id")) var key: String?
        @Option(help: ArgumentHelp("Only requests of this owner's keys.", valueName: "name")) var owner: String?
        @Option(help: ArgumentHelp("Only requests of this model, by its ID.", valueName: "id")) var model: String?
        @Option(help: ArgumentHelp("Only requests whose user is this.", valueName: "text")) var user: String?
        @Option(help: "How to print it.") var format = UsageFormat.table
        @OptionGroup var data: DataOptions

        func validate() throws {
            for (index, group) in groups.enumerated() where groups[..<index].contains(group) {
                throw ValidationError("--by: '\(group.rawValue)' is given twice")
            }
        }

        func run() throws {
            let reader = try data.openUsage()
            let today = try reader.today()
            let report = try reader.report(
                UsageReport.Query(
                    groups: groups.isEmpty ? [.day] : groups, since: since?.date(today: today), until: until?.date,
                    key: key, owner: owner, model: model, user: user))
            if let first = report.rowsSince {
                Console.notice("hours and users are known from \(first.text) on; older rows were pruned")
            }
            UsageOutput(report: report).print(format)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is kept of one request.")

        @Argument(help: "The request's ID, which replies carry as x-request-id.") var request: String
        @Flag(help: "Print a JSON object.") var json = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let reader = try data.openUsage()
            guard let row = try reader.row(ofRequest: request) else {
                throw CommandFailure(
                    "no row of the request '\(TerminalText.line(request))': it was refused, still runs, was pruned, or is "
                        + "not of this server")
            }
            RequestOutput(row: row, currency: try reader.currency()).print(json: json)
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every sum of the ledger anew and compare; exits with 1 where one differs.")

        @OptionGroup var data: DataOptions

        func run() throws {
            let found = try data.openUsage().verify()
            for difference in found.shown { Console.line(TerminalText.line(difference)) }
            guard found.differences == 0 else {
                throw CommandFailure("\(Count.of(found.differences, "difference")) in the ledger")
            }
            let since = found.wholeFrom.map { ", rows from \($0.text) on" } ?? ""
            Console.line("\(Count.of(found.rows, "row")) and \(Count.of(found.sums, "daily sum")) agree\(since)")
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget the rows of old days, and the users with them; their sums stay.",
            discussion:
                "Days are counted back from the ledger's latest one. No server may run on the directory meanwhile.")

        @Option(help: ArgumentHelp("How many days keep their rows, such as 90d.", valueName: "days")) var keep: DayCount
        @OptionGroup var data: DataOptions

        func run() throws {
            let directory = data.directory
            // Without it a server may start meanwhile, and two connections would write.
            let lock = try OwnerLock(directory: directory.path)
            defer { withExtendedLifetime(lock) {} }
            _ = try UsageReader(path: directory.usagePath)
            let store = try UsageStore(path: directory.usagePath)
            let pruning = try store.prune(keepingDays: keep.days)
            try store.close()
            let since = pruning.firstDay.map { "; rows are kept from \($0.text) on" } ?? ""
            Console.line("pruned \(Count.of(pruning.rows, "row")) and \(Count.of(pruning.clients, "user"))\(since)")
        }
    }
}

extension UsageReader {
    /// The last day of reports: a time zone ahead of UTC has begun its day already.
    func today() throws -> CalendarDate {
        let latest = try latestDay().map { CalendarDate($0.day) } ?? .today
        return latest.day > CalendarDate.today.day ? latest : .today
    }
}

extension UsageReport.Group: ExpressibleByArgument {}

extension DataOptions {
    /// - Throws: Where there is no ledger; nothing is made.
    func openUsage() throws -> UsageReader { try UsageReader(path: directory.usagePath) }
}
