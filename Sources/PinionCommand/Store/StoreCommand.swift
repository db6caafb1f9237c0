import ArgumentParser
import PinionCatalog
import PinionLedger
import PinionStore
import PinionTerminal

/// `pinion store`: copies and checks of the databases and keys of a data directory.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Back up, restore and check keys and usage.",
        subcommands: [Backup.self, Restore.self, Check.self])

    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copy keys and usage into a new directory, also while a server runs.",
            discussion: """
                The copy is as secret as the original: it has the key that seals reasoning, and tells who used what. Rows \
                that a running server has not moved from its journal into the database yet are not in it.
                """)

        @Argument(help: "The directory to make; it must not be there yet.", completion: .directory) var path: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let manifest = try StoreBackup.make(of: data.directory.path, at: path, version: PinionProgram.version)
            let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
            Console.line("backed up \(Count.of(manifest.files.count, "file")), \(ByteSize.text(bytes)), to \(path)")
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a backup in the place of keys and usage; no server may run on the directory.",
            discussion: "What was there is moved into a directory beside it, which the command names.")

        @Argument(help: "A directory that `pinion store backup` made.", completion: .directory) var path: String
        @OptionGroup var data: DataOptions

        func run() throws {
            let directory = data.directory
            try directory.create()
            let lock = try OwnerLock(directory: directory.path)
            defer { withExtendedLifetime(lock) {} }
            let (manifest, aside) = try StoreBackup.restore(path, to: directory.path)
            Console.line("restored \(Count.of(manifest.files.count, "file")) of \(TerminalText.line(manifest.created))")
            if let aside { Console.notice("what was there lies in \(aside); delete it once all is well") }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check databases, sums and modes of files; exits with 1 for what is wrong.")

        @Flag(help: "Compare indexes with their tables as well, which takes longer.") var thorough = false
        @OptionGroup var data: DataOptions

        func run() throws {
            let check = try StoreCheck(of: data.directory.path, thorough: thorough)
            for finding in check.findings { Console.line(TerminalText.line("\(finding.file): \(finding.text)")) }
            guard check.findings.isEmpty else {
                throw CommandFailure("\(Count.of(check.findings.count, "finding")) in \(data.directory.path)")
            }
            let rows = check.verification.map { ", with \(Count.of($0.rows, "row")) of usage" } ?? ""
            Console.line("\(check.files.joined(separator: ", ")): whole\(rows)")
        }
    }
}
