import Foundation
import PinionCommand
import Testing

@Suite("Help")
struct HelpTests {
    private static let columns = 80

    private static func file(_ command: [String]) -> String { (["pinion"] + command).joined(separator: "-") + ".txt" }

    @Test("The help of every command is what its file shows", arguments: PinionProgram.commands)
    func snapshots(_ command: [String]) throws {
        try Snapshot.expect(
            PinionProgram.help(of: command, columns: Self.columns), in: "Tests/Fixtures/help/\(Self.file(command))")
    }

    @Test("Every file of help is that of a command")
    func noStrayFiles() throws {
        let files = try FileManager.default.contentsOfDirectory(
            atPath: Snapshot.url("Tests/Fixtures/help").path(percentEncoded: false))
        #expect(Set(files) == Set(PinionProgram.commands.map(Self.file)))
    }

    @Test("No line of help but that of the usage is wider than the terminal, and a wide terminal is used")
    func width() {
        for command in PinionProgram.commands {
            let lines = PinionProgram.help(of: command, columns: Self.columns).split(separator: "\n")
            // The parser does not wrap the usage: it is for reading, and for copying.
            let wide = lines.filter { $0.count > Self.columns && !$0.hasPrefix("USAGE: ") }
            #expect(wide.isEmpty, "\(command)")
        }
        let wide = PinionProgram.help(of: ["serve"], columns: 200).split(separator: "\n")
        #expect(wide.contains { $0.count > Self.columns })
    }
}
