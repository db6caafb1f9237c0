import Foundation
import PinionJSON

/// Standard input as lines of JSON, each answered by a line on standard output before the next is read.
enum JSONLines {
    static let limits = JSONLimits(depth: 128, values: 4_000_000)

    /// Answers every line that is not empty.
    ///
    /// - Throws: ``CommandFailure`` naming the line that `answer` refused, or that is too long.
    static func forEach(_ answer: ([UInt8]) throws -> String) throws {
        var line: [UInt8] = []
        var number = 1
        func finish() throws {
            defer { line.removeAll(keepingCapacity: true) }
            let isBlank = line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }
            guard !isBlank else { return }
            do {
                Console.line(try answer(line))
            } catch { throw CommandFailure("line \(number) of standard input: \(error)") }
        }
        try StandardInput.forEachPiece { piece in
            var rest = piece[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                line.append(contentsOf: rest[..<end])
                try finish()
                number += 1
                rest = rest[(end + 1)...]
            }
            line.append(contentsOf: rest)
            guard line.count <= StandardInput.maximumBytes else {
                throw CommandFailure(
                    "line \(number) of standard input is longer than \(ByteSize.text(StandardInput.maximumBytes))")
            }
        }
        try finish()
    }
}
